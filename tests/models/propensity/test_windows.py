"""Windows: no answer is seen before its day, no two answers overlap, and a short history is said to be one."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.base.errors import DataError
from nextbest.models.propensity.core.windows import calendar
from nextbest.models.propensity.spec import PropensitySettings

FIRST = date(2024, 1, 1)


def cut(days, **settings):
    return calendar(FIRST, FIRST + timedelta(days=days), PropensitySettings(**settings))


@given(
    days=st.integers(3, 1500),
    outcome_days=st.integers(1, 120),
    gap_days=st.integers(0, 60),
    origins=st.integers(2, 24),
)
def test_every_window_keeps_its_order_and_outcomes_never_overlap(days, outcome_days, gap_days, origins):
    settings = {"outcome_days": outcome_days, "gap_days": gap_days, "origins": origins}
    if days < 3 * outcome_days + gap_days:
        with pytest.raises(DataError, match=f"got {days}"):
            cut(days, **settings)
        return
    found = cut(days, **settings)
    assert 2 <= len(found.known) <= origins
    for window in found.windows:
        assert (window.outcome_from - window.origin_on).days == gap_days
        assert (window.outcome_until - window.outcome_from).days == outcome_days - 1
        assert window.origin_on - timedelta(days=found.look_back_days) >= FIRST
    for earlier, later in zip(found.known, found.known[1:], strict=False):
        assert earlier.outcome_until < later.outcome_from
    assert found.known[-1].outcome_until < found.application.origin_on
    assert found.look_back_days >= outcome_days


def test_the_newest_window_whose_answer_is_known_is_the_test():
    assert [window.part for window in cut(364).windows] == ["training"] * 3 + ["test", "application"]


def test_random_sampling_has_no_test_window_of_its_own():
    assert [window.part for window in cut(364, sampling="random").windows] == ["training"] * 4 + [
        "application"
    ]


def test_a_long_history_leaves_a_window_before_the_next_one_is_over():
    found = cut(700, outcome_days=28, gap_days=14, origins=3)
    assert found.known[0].outcome_until < found.known[1].origin_on


def test_a_short_history_has_fewer_windows():
    assert len(cut(120, outcome_days=28, origins=6).known) == 3


def test_profit_is_judged_on_whole_months():
    found = calendar(FIRST, date(2024, 12, 20), PropensitySettings(label="profit_rose"))
    assert found.known[-1].outcome_until == date(2024, 11, 30)
    assert found.application.origin_on == date(2024, 12, 20)
