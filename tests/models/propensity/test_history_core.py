"""One product's own history: what counts as bought, what is seen, and what the simple rule says."""

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nextbest.models.propensity.core.history import (
    Days,
    Months,
    Spells,
    bought_before,
    bought_within,
    first_within,
    own_columns,
    profit_rose,
)
from nextbest.models.propensity.core.windows import Window

FAR = 99_999
JANUARY = Window(date(1970, 1, 11), date(1970, 1, 13), date(1970, 1, 20), "training")


def days(*bought, n=3):
    """Each purchase: customer, day, day on which it was cancelled."""
    rows = np.array(sorted((*one, FAR)[:3] for one in bought), dtype=np.int64).reshape(-1, 3)
    return Days(rows[:, 0], rows[:, 1], rows[:, 2], n)


def test_the_gap_does_not_count():
    assert bought_within(days((0, 10), (1, 11), (2, 12)), JANUARY).tolist() == [False, False, True]


def test_a_purchase_cancelled_within_the_outcome_is_none_and_one_cancelled_later_is():
    assert bought_within(days((0, 12, 19), (1, 12, 20)), JANUARY).tolist() == [False, True, False]


def test_a_purchase_that_was_cancelled_later_is_seen_until_then():
    bought = days((0, 5, 8), (1, 5, 30))
    assert bought.before(10).customer.tolist() == [1]
    assert bought.before(7).customer.tolist() == [0, 1]


def test_who_closed_it_does_not_hold_it_any_more():
    spells = Spells(np.array([0, 1, 2]), np.array([1, 1, 10]), np.array([FAR, 9, FAR]), 3)
    assert spells.on_eve(10).tolist() == [True, False, False]


def test_the_first_purchase_in_the_outcome_is_the_one_that_is_dated():
    assert first_within(days((0, 3), (0, 15), (0, 18), (1, 19)), JANUARY).tolist() == [15, 19, -1]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 200)), max_size=40), st.integers(50, 150))
def test_nothing_on_or_after_the_origin_changes_what_is_seen(bought, origin):
    past = [one for one in set(bought) if one[1] < origin]
    all_of_it = own_columns(days(*set(bought)), origin, look_back=40, outcome_days=10)
    only_past = own_columns(days(*past), origin, look_back=40, outcome_days=10)
    for name, values in all_of_it.items():
        np.testing.assert_array_equal(values, only_past[name])


@given(
    st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(1, 50))), min_size=1, max_size=30)
)
def test_who_bought_more_often_comes_first_then_who_bought_more_recently(customers):
    times = np.array([n for n, _ in customers], dtype=float)
    since = np.array([np.nan if age is None else age for _, age in customers])
    score = bought_before((times, since))
    keys = [(n, -np.inf if age is None else -age) for n, age in customers]
    for one, other in zip(range(len(keys)), range(1, len(keys)), strict=False):
        assert np.sign(score[one] - score[other]) == (keys[one] > keys[other]) - (keys[one] < keys[other])


def test_profit_is_compared_with_as_many_months_before_the_purchase():
    window = Window(date(1970, 3, 1), date(1970, 3, 1), date(1970, 4, 30), "training")
    months = Months(
        np.array([0, 0, 0, 0, 1, 1]), np.array([0, 1, 2, 3, 2, 3]), np.array([9.0, 1.0, 5.0, 5.0, 4.0, 5.0])
    )
    march, april = 60, 91
    assert profit_rose(np.array([march, april, -1]), window, months).tolist() == [False, True, False]
