import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.models.profit import (
    Purchases,
    Terms,
    best_depth,
    break_even_share,
    contact_profit,
    earned,
    profit_curve,
)


def purchases(probability, worth=50.0, discount=0.0, cost=1.0):
    one = np.ones(len(probability))
    return Purchases(np.asarray(probability, float), worth * one, discount * one, cost * one)


def test_a_discount_is_paid_to_all_buyers_and_earned_back_by_the_caused_ones_only():
    assert contact_profit(0.1, 40.0, 2.0, 0.5, 0.1) == pytest.approx(0.1 * (0.1 * 40 - 2) - 0.5)


def test_returns_and_defaults_take_off_the_margin_and_cost_on_top():
    assert earned(100.0, Terms(0.1, 7.0, 0.02, 300.0)) == pytest.approx(100 * 0.88 - 0.7 - 6)


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=200), st.floats(0.01, 1))
def test_the_whole_list_is_the_sum_of_its_contacts(probability, share):
    own = purchases(sorted(probability, reverse=True), discount=1.5)
    last = profit_curve(own, share)[-1]
    worth = contact_profit(own.probability, own.earned, own.discount, own.cost, share).sum()
    assert last.n == len(probability)
    assert last.incremental_profit == pytest.approx(worth)
    assert last.ci_low <= last.incremental_profit <= last.ci_high
    assert last.expected_profit == pytest.approx(
        contact_profit(own.probability, own.earned, own.discount, 1.0).sum()
    )


def test_at_the_break_even_share_the_list_brings_nothing():
    own = purchases([0.3, 0.2, 0.1], discount=1.0)
    assert profit_curve(own, break_even_share(own))[-1].incremental_profit == pytest.approx(0, abs=1e-9)


def test_at_the_break_even_rate_contacts_pay():
    point = profit_curve(purchases([0.3, 0.2, 0.1]), 0.1)[-1]
    assert point.break_even_rate == pytest.approx(1 / (0.1 * 50))


def test_the_best_depth_is_where_the_last_contact_still_pays():
    own = purchases(np.linspace(0.5, 0.0, 101), worth=51.0)
    n = best_depth(own, 0.1)
    assert own.probability[n - 1] * 5.1 >= 1 > own.probability[n] * 5.1
    assert max(profit_curve(own, 0.1, n), key=lambda point: point.incremental_profit).n == n


def test_nothing_pays_where_every_contact_loses():
    assert best_depth(purchases([0.01]), 0.1) == 0
    assert profit_curve(purchases([]), 0.1) == []


def test_the_interval_holds_what_simulated_purchases_bring():
    rng = np.random.default_rng(7)
    own = purchases(np.sort(rng.beta(2, 8, 400))[::-1], discount=3.0)
    point = profit_curve(own, 0.2)[-1]
    buys = rng.random((4000, 400)) < own.probability
    caused = buys & (rng.random(buys.shape) < 0.2)
    brought = (caused * 50.0 - buys * 3.0).sum(axis=1) - 400
    inside = (point.ci_low <= brought) & (brought <= point.ci_high)
    assert inside.mean() == pytest.approx(0.95, abs=0.015)
