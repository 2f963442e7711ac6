from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.sources.values.core.cells import cleaned, half_width


@pytest.mark.parametrize(
    "word", ["", " ", "NA", "n/a", "NULL", "None", "nan", "-", "--", "\\N", "#N/A", "无", "　"]
)
def test_words_for_nothing_are_null(word):
    assert cleaned(pa.array([word])).to_pylist() == [None]


@given(st.from_regex(r"0{1,5}[1-9]\d{0,5}", fullmatch=True))
def test_leading_zeros_stay(digits):
    assert cleaned(pa.array([f" {digits}\t\u200b"])).to_pylist() == [digits]


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text):
    once = cleaned(pa.array([text]))

    assert cleaned(once) == once


def test_ids_of_full_width_become_plain_and_punctuation_stays():
    assert cleaned(pa.array(["Ａ－１２＿３", "毛衣（红，大）"])).to_pylist() == ["A-12_3", "毛衣（红，大）"]
    assert half_width(pa.array(["（１）", None])).to_pylist() == ["(1)", None]
