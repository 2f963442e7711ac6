import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.models.ladders.core import chance_of_up, judge_steps


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=20))
def test_shares_lie_within_their_intervals(counts):
    n = np.array([max(pair) for pair in counts])
    hits = np.array([min(pair) for pair in counts])
    steps = judge_steps(n, hits, hits / 2, np.ones(len(n)))
    known = n > 0
    assert (np.isnan(steps.share) == ~known).all()
    assert (steps.ci_low[known] <= steps.share[known] + 1e-12).all()
    assert (steps.share[known] <= steps.ci_high[known] + 1e-12).all()
    assert ((steps.ci_low[known] > -1e-12) & (steps.ci_high[known] < 1 + 1e-12)).all()


def test_wilsons_interval_is_the_published_one():
    """Newcombe (1998), table I: 81 of 263 gives 0.2553 to 0.3662."""
    steps = judge_steps([263], [81], [40.0], [20.0])
    assert steps.ci_low.round(4).tolist() == [0.2553]
    assert steps.ci_high.round(4).tolist() == [0.3662]


def test_where_nobody_bought_both_there_is_no_test():
    assert np.isnan(judge_steps([10], [0], [0.0], [0.0]).q_value).all()


def test_an_order_of_purchases_that_means_nothing_is_seldom_called_a_step():
    rng = np.random.default_rng(1)
    stepped = rng.binomial(400, 0.5, size=2000)
    steps = judge_steps(np.full(2000, 1000), stepped, np.full(2000, 200.0), np.full(2000, 100.0))
    assert (steps.q_value < 0.05).sum() == 0


DAYS = st.lists(st.integers(0, 300), min_size=1, max_size=30)


@given(DAYS, DAYS, st.randoms())
def test_the_chance_of_a_move_up_is_no_less_than_a_coins_and_knows_no_order(low, high, random):
    chance = chance_of_up(low, low, high, high)
    assert 0.5 <= chance < 1
    random.shuffle(low)
    assert chance_of_up(low, low, high, high) == pytest.approx(chance, rel=1e-12)


@given(DAYS, st.integers(0, 300))
def test_the_later_the_better_version_came_the_likelier_is_a_move_by_itself(low, later):
    high = [day + later for day in low]
    much_later = [day + later + 1 for day in low]
    assert chance_of_up(low, low, high, high) <= chance_of_up(low, low, much_later, much_later)


def test_where_nobody_bought_only_one_of_them_a_coin_decides():
    assert chance_of_up([], [], [3], [4]) == 0.5
