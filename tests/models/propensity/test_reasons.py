"""Reasons: the right factors, compared with others as a reader would, in both languages."""

import json

import numpy as np
import pytest

from nextbest.base.messages import codes
from nextbest.models.propensity.core.reasons import reasons_of
from nextbest.models.propensity.spec import SAYINGS, Reason
from nextbest.models.propensity.words.reasons import because, reason_json, reason_text

AGES = np.arange(20.0, 80.0)


def told(values, population=AGES, adds=1.0, days=()):
    """Name how one value of one factor reads."""
    column = {"age": np.array([values]) if isinstance(values, float) else np.array([values], dtype=object)}
    why = reasons_of(
        np.array([[adds]]),
        np.array([0]),
        shown=column,
        read=column,
        population={"age": population},
        days=days,
    )
    (rows,) = why
    return [one.saying for one in rows]


@pytest.mark.parametrize(
    ("age", "saying"),
    [(79.0, "highest"), (60.0, "higher"), (40.0, "lower"), (21.0, "lowest"), (np.nan, "missing")],
)
def test_numbers_are_compared_with_others(age, saying):
    assert told(age) == [saying]


def test_what_most_have_is_neither_high_nor_low():
    assert told(0.0, population=np.array([0.0] * 60 + list(range(1, 41)))) == ["is"]


def test_yes_and_no_written_as_numbers_are_only_named():
    assert told(1.0, population=np.array([0.0] * 95 + [1.0] * 5)) == ["is"]


def test_days_read_as_early_and_late():
    assert told(79.0, days=["age"]) == ["earliest"]
    assert told(21.0, days=["age"]) == ["latest"]


def test_texts_are_named_and_missing_ones_said():
    assert told("gold", population=np.array(["gold"], dtype=object)) == ["is"]
    assert told(None, population=np.array(["gold"], dtype=object)) == ["missing"]


def test_what_hardly_matters_is_left_out():
    assert told(79.0, adds=0.005) == []
    assert told(79.0, adds=-0.005) == []


def test_three_raise_and_one_lowers_the_strongest_first():
    adds = np.array([[0.1, -0.5, 0.4, 0.3, 0.2, -0.1]])
    names = list("abcdef")
    texts = {name: np.array(["x"], dtype=object) for name in names}
    (rows,) = reasons_of(adds, np.array([0]), shown=texts, read=texts, population=texts)
    assert [(one.factor, one.adds) for one in rows] == [("c", 0.4), ("d", 0.3), ("e", 0.2), ("b", -0.5)]


def test_no_factors_no_reasons():
    assert list(reasons_of(np.empty((2, 0)), np.arange(2), shown={}, read={}, population={})) == [[], []]


def test_a_sentence_in_both_languages():
    why = [Reason("monthly_charges", 89.5, "higher", 0.4), Reason("contract", "Two year", "is", -0.7)]
    assert (
        reason_text(why, codes("en"))
        == "monthly_charges 89.5 is higher than for most; but contract is Two year"
    )
    assert because(reason_json(why), "zh") == "monthly_charges 89.5 高于多数顾客；但 contract 为 Two year"
    assert reason_text([], codes("en")) == because("[]") == ""


def test_braces_in_the_data_stay_as_they_are():
    why = [Reason("{x}", "{0}", "is", 0.4), Reason("y", "{value}", "is", -0.4)]
    assert reason_text(why, codes("en")) == "{x} is {0}; but y is {value}"


def test_json_holds_what_json_can_hold():
    cell = reason_json(
        [Reason("a", float("nan"), "missing", 0.123456), Reason("b", float("inf"), "highest", 1.0)]
    )
    assert json.loads(cell) == [
        {"factor": "a", "value": None, "saying": "missing", "adds": 0.1235},
        {"factor": "b", "value": None, "saying": "highest", "adds": 1.0},
    ]
    assert because(cell, "en")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_saying_has_words(language):
    texts = codes(language)
    for saying in SAYINGS:
        assert "{factor}" in texts[f"propensity.reason.{saying}"]


def test_only_what_lowers_reads_as_a_sentence_of_its_own():
    from nextbest.base.messages import codes
    from nextbest.models.propensity.spec import Reason
    from nextbest.models.propensity.words.reasons import reason_text

    assert reason_text([Reason("fee", None, "missing", -0.2)], codes("en")) == (
        "less likely because fee is missing"
    )
