from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.base.contract import Kind
from nextbest.base.errors import SettingsError
from nextbest.sources import values

TYPES = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "money": pa.decimal128(18, 4),
}
CELLS = st.lists(
    st.none()
    | st.text(max_size=6)
    | st.sampled_from(["", "NA", "12", "1,5", "2024-01-31", "31/12/2023", "yes", "0000-00-00"])
)


@given(CELLS, st.sampled_from(get_args(Kind)))
def test_every_cell_is_read_empty_or_counted(cells, kind):
    parsed = values.parse(pa.array(cells, pa.string()), kind)

    assert parsed.values.type == TYPES[kind]
    assert len(parsed.values) == len(parsed.failed) == len(cells)
    assert parsed.failed.null_count == 0
    assert not any(
        value is not None and failed
        for value, failed in zip(*map(pa.Array.to_pylist, (parsed.values, parsed.failed)), strict=True)
    )
    empties = {None, "", "NA"}
    assert not any(f for cell, f in zip(cells, parsed.failed.to_pylist(), strict=True) if cell in empties)


@given(CELLS, st.sampled_from(get_args(Kind)), st.integers(0, 30))
def test_batches_in_one_style_read_like_the_whole(cells, kind, cut):
    column = pa.array(cells, pa.string())
    style = values.style_of(column, kind)
    whole = values.parse(column, kind, style)
    parts = [values.parse(part, kind, style) for part in (column[:cut], column[cut:])]

    assert pa.concat_arrays([part.values for part in parts]).to_pylist() == whole.values.to_pylist()
    assert pa.concat_arrays([part.failed for part in parts]).to_pylist() == whole.failed.to_pylist()


@given(CELLS, st.sampled_from(get_args(Kind)))
def test_repeating_rows_changes_nothing(cells, kind):
    column = pa.array(cells, pa.string())
    once, thrice = values.parse(column, kind), values.parse(pa.chunked_array([column] * 3, pa.string()), kind)

    assert thrice.values.to_pylist() == once.values.to_pylist() * 3
    assert thrice.style == once.style


@given(CELLS, st.sampled_from(["money", "timestamp", "float64", "date"]), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_change_the_style(cells, kind, random):
    shuffled = random.sample(cells, len(cells))

    assert values.style_of(pa.array(cells, pa.string()), kind) == values.style_of(
        pa.array(shuffled, pa.string()), kind
    )


def test_a_story_of_one_file():
    at = values.instants(pa.array(["12/1/2010 8:26", "12/13/2010 9:00", "soon", ""]), "Europe/London")
    price = values.money(pa.array(["£2.55", "(1,000.00)", "free", "-"]))

    assert at.values.to_pylist() == [
        datetime(2010, 12, 1, 8, 26, tzinfo=UTC),
        datetime(2010, 12, 13, 9, tzinfo=UTC),
        None,
        None,
    ]
    assert at.failed.to_pylist() == [False, False, True, False]
    assert price.values.to_pylist() == [Decimal("2.55"), Decimal(-1000), None, None]
    assert (price.n_failed, price.style.currency) == (1, "GBP")


def test_three_formats_and_an_impossible_day_in_one_column():
    parsed = values.days(pa.array(["2024-01-31", "31.12.2023", "12/25/2023", "2024-02-30"]))

    assert parsed.values.to_pylist() == [date(2024, 1, 31), date(2023, 12, 31), date(2023, 12, 25), None]
    assert parsed.failed.to_pylist() == [False, False, False, True]
    assert parsed.style.is_ambiguous


def test_an_instant_falls_on_the_day_it_has_in_the_shop():
    parsed = values.days(pa.array(["2024-01-31T20:00:00Z", "2024-01-31 20:00"]), "Asia/Shanghai")

    assert parsed.values.to_pylist() == [date(2024, 2, 1), date(2024, 1, 31)]


def test_no_date_and_no_end_are_empty():
    assert values.days(pa.array(["0000-00-00", "9999-12-31", "2024-01-01"])).n_failed == 0


def test_flags_in_two_languages():
    assert values.booleans(pa.array(["Yes", "f", "是", "否", "1", "0.0", "2"])).values.to_pylist() == [
        True, False, True, False, True, False, None,
    ]  # fmt: skip


def test_ids_are_not_days_for_guessing_though_they_could_be_read_as_such():
    assert values.share_readable(pa.array(["17850", "1706695200"]), "date") == 0
    assert values.days(pa.array(["45322"])).n_failed == 0
    assert values.share_readable(pa.array(["20240131", "x"]), "date") == 0.5
    assert values.share_readable(pa.array(["", None]), "money") == 0


def test_a_time_zone_that_is_none_is_named():
    with pytest.raises(SettingsError, match='no time zone "Mars/Olympus"'):
        values.days(pa.array(["2024-01-31"]), "Mars/Olympus")
