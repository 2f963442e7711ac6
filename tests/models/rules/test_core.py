"""Counting and judging: every number against a count by hand or by brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nextbest.models.rules.core.baskets import make_baskets
from nextbest.models.rules.core.dense import dense_by_group
from nextbest.models.rules.core.lists import basket_lists, group_lists, holders_of_all, makers_of_all
from nextbest.models.rules.core.measures import (
    choose_floor,
    fisher,
    lift_beyond_both,
    margin_at_stake,
    q_values,
    strength,
)
from nextbest.models.rules.core.pairs import TooManyError, _dense, _sparse, count_pairs
from nextbest.models.rules.core.sets import frequent_sets, long_rules
from nextbest.models.rules.core.source import Plan, Source, Written
from nextbest.models.rules.core.together import mine_together

SMALL = settings(max_examples=40, deadline=None)


def rows_of(table):
    """Turn a table baskets x products of 0 and 1 into rows of codes."""
    basket, product = np.nonzero(table)
    return basket.astype(np.int32), product.astype(np.int32)


def baskets_of(table, floor):
    basket, product = rows_of(table)
    return make_baskets(basket, product, n_baskets=len(table), floor=floor)


@st.composite
def tables(draw):
    n, width = draw(st.integers(1, 40)), draw(st.integers(2, 7))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    return rng.random((n, width)) < rng.uniform(0.05, 0.8, width)


@SMALL
@given(tables(), st.integers(1, 4), st.integers(1, 3))
def test_pairs_are_counted_as_by_hand(table, floor, threads):
    baskets = baskets_of(table, floor)
    pairs = count_pairs(baskets, floor, threads=threads)
    got = {
        frozenset(baskets.codes[[a, b]].tolist()): n
        for a, b, n in zip(pairs.first, pairs.second, pairs.n_both.tolist(), strict=True)
    }
    want = {
        frozenset(pair): int(table[:, list(pair)].all(axis=1).sum())
        for pair in itertools.combinations(range(table.shape[1]), 2)
    }
    assert got == {pair: n for pair, n in want.items() if n >= floor}


@SMALL
@given(tables(), st.integers(1, 4), st.sampled_from(["+", "-", "both"]), st.integers(1, 3))
def test_few_products_are_counted_as_many_are(table, floor, sign, threads):
    """A table of all pairs, or one product after the other: the same counts, customers and guests."""
    baskets = baskets_of(table, max(1, floor - 1))
    owners = np.sort(np.arange(len(table)) % 5 - 1).astype(np.int32)
    customers = np.concatenate([owners[owners >= 0], owners[owners < 0]])
    for known, width in ((None, 3), (customers, 5)):
        many = _sparse(baskets, floor, sign, customers=known, limit=10**6, threads=threads)
        np.testing.assert_array_equal(_dense(baskets, floor, sign, known), many[:, :width])


@SMALL
@given(tables(), st.integers(2, 4))
def test_quarters_of_few_products_are_counted_as_many_are(table, n_groups):
    baskets = baskets_of(table, 1)
    members = np.array(list(itertools.combinations(range(len(baskets.codes)), 2)), dtype=np.int32).reshape(
        -1, 2
    )
    group = (np.arange(len(table)) % (n_groups + 1) - 1).astype(np.int32)
    many = holders_of_all(basket_lists(baskets), members, group=group, n_groups=n_groups)
    few = dense_by_group(baskets, group, n_groups)[members[:, 0], members[:, 1]]
    np.testing.assert_array_equal(few, many)


@SMALL
@given(tables(), st.integers(1, 4))
def test_negative_pairs_are_those_expected_often_and_met_less(table, floor):
    baskets = baskets_of(table, floor)
    pairs = count_pairs(baskets, floor, sign="-")
    got = {frozenset(baskets.codes[[a, b]].tolist()) for a, b in zip(pairs.first, pairs.second, strict=True)}
    want = set()
    for a, b in itertools.combinations(range(table.shape[1]), 2):
        n_a, n_b = sorted((int(table[:, a].sum()), int(table[:, b].sum())))
        expected = n_a * (n_b / len(table))
        if expected >= floor and (table[:, a] & table[:, b]).sum() < expected:
            want.add(frozenset((a, b)))
    assert got == want


@SMALL
@given(tables(), st.integers(1, 3), st.integers(1, 3))
def test_sets_of_all_lengths_are_counted_as_by_hand(table, floor, threads):
    baskets = baskets_of(table, floor)
    pairs = count_pairs(baskets, floor)
    levels = frequent_sets(baskets, pairs, floor, max_length=7, limit=10**6, threads=threads)
    for length in range(1, 8):
        want = {}
        for chosen in itertools.combinations(range(table.shape[1]), length):
            n = int(table[:, list(chosen)].all(axis=1).sum())
            if n >= floor:
                want[frozenset(chosen)] = n
        level = levels[length - 1] if length <= len(levels) else None
        got = (
            {
                frozenset(baskets.codes[row].tolist()): n
                for row, n in zip(level.members, level.n_both.tolist(), strict=True)
            }
            if level
            else {}
        )
        assert got == want


@SMALL
@given(tables())
def test_a_long_rule_is_redundant_if_a_shorter_body_is_as_confident(table):
    baskets = baskets_of(table, 1)
    levels = frequent_sets(baskets, count_pairs(baskets, 1), 1, max_length=7, limit=10**6)
    for rules in long_rules(levels, len(table)):
        for row, head, redundant in zip(rules.bodies, rules.heads, rules.is_redundant, strict=True):
            body, target = baskets.codes[row], table[:, baskets.codes[head]]
            own = share(table[:, body].all(axis=1), target)
            shorter = [
                share(table[:, list(part)].all(axis=1), target)
                for size in range(len(body))
                for part in itertools.combinations(body, size)
            ]
            assert redundant == any(confidence >= own for confidence in shorter)


def share(body, target):
    """Count the head's share of the body's baskets."""
    return (body & target).sum() / body.sum()


@SMALL
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_threads_do_not_matter(table, random):
    basket, product = rows_of(table)
    order = list(range(len(basket)))
    random.shuffle(order)
    plan = Plan(1, sign="both", max_length=4)
    days = np.arange(len(table), dtype=np.int32) * 30
    customers = (np.arange(len(table)) // 3).astype(np.int32)
    found = mine_together(Source(basket, product, len(table), customers, days), plan)
    shuffled = Source(basket[order], product[order], len(table), customers, days)
    again = mine_together(shuffled, Plan(1, sign="both", max_length=4, threads=3))
    np.testing.assert_array_equal(found.bodies, again.bodies)
    np.testing.assert_array_equal(found.heads, again.heads)
    for name, column in found.columns.items():
        np.testing.assert_array_equal(column, again.columns[name], err_msg=name)


def test_customers_behind_a_pair_are_counted_once_and_guests_by_basket():
    table = np.ones((6, 2), dtype=bool)
    customers = np.array([0, 0, 0, 1, -1, -1], dtype=np.int32)
    baskets = baskets_of(table, 1)
    pairs = count_pairs(baskets, 1, customers=customers)
    assert (pairs.n_both.tolist(), pairs.n_customers.tolist(), pairs.n_makers.tolist()) == ([6], [2], [4])
    n_customers, n_makers = makers_of_all(basket_lists(baskets), pairs.members, customers)
    assert (n_customers.tolist(), n_makers.tolist()) == ([2], [4])


@SMALL
@given(tables(), st.integers(2, 4))
def test_holders_by_group_add_up_to_all_holders(table, n_groups):
    baskets = baskets_of(table, 1)
    if len(baskets.codes) < 2:
        return
    members = np.array(list(itertools.combinations(range(len(baskets.codes)), 2)), dtype=np.int32)
    group = (np.arange(len(table)) % n_groups).astype(np.int32)
    lists = basket_lists(baskets)
    by_group = holders_of_all(lists, members, group=group, n_groups=n_groups)
    np.testing.assert_array_equal(by_group.sum(axis=1), holders_of_all(lists, members)[:, 0])


def test_a_customer_holds_what_any_of_its_baskets_holds():
    table = np.array([[1, 0], [0, 1], [1, 0], [1, 1]], dtype=bool)
    customers = np.array([0, 0, 1, -1], dtype=np.int32)
    baskets = baskets_of(table, 1)
    buyers = group_lists(basket_lists(baskets), customers)
    assert holders_of_all(buyers, np.array([[0, 1]], dtype=np.int32)).tolist() == [[1]]


def test_too_many_pairs_are_refused_whatever_the_threads():
    table = np.ones((3, 5), dtype=bool)
    for threads in (1, 2, 4):
        with pytest.raises(TooManyError):
            count_pairs(baskets_of(table, 1), 1, limit=9, threads=threads)
    assert len(count_pairs(baskets_of(table, 1), 1, limit=10)) == 10


def test_visa_gold_and_mortgage():
    one = strength(np.array([8_500]), np.array([29_825]), np.array([26_636]), 1_000_000)
    assert one.support[0] == pytest.approx(0.0085)
    assert one.confidence[0] == pytest.approx(0.285, abs=5e-4)
    assert one.rule_lift[0] == pytest.approx(10.7, abs=0.05)


@SMALL
@given(st.integers(1, 60), st.data())
def test_fisher_is_scipys(n, data):
    n_body, n_head = data.draw(st.integers(1, n)), data.draw(st.integers(1, n))
    n_both = data.draw(st.integers(max(0, n_body + n_head - n), min(n_body, n_head)))
    table = [[n_both, n_body - n_both], [n_head - n_both, n - n_body - n_head + n_both]]
    for sign, alternative in (("+", "greater"), ("-", "less")):
        p = fisher(np.array([n_both]), np.array([n_body]), np.array([n_head]), n, sign)
        assert p[0] == pytest.approx(stats.fisher_exact(table, alternative).pvalue, abs=1e-9)


@SMALL
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 50))
def test_q_values_are_those_of_all_tests_with_the_missing_at_one(p_values, n_missing):
    p = np.array(p_values)
    everything = np.concatenate([p, np.ones(n_missing)])
    want = stats.false_discovery_control(everything)[: len(p)]
    np.testing.assert_allclose(q_values(p, len(everything)), want, rtol=1e-12)


def test_the_floor_grows_with_the_data():
    floors = [choose_floor(n) for n in (1, 100, 10_000, 100_000, 10_000_000)]
    assert floors == sorted(floors)
    assert floors[0] == 5


def test_nothing_is_at_stake_below_chance():
    stake = margin_at_stake(np.array([10.0, 10.0]), np.array([0.5, 0.5]), np.array([0.5, np.nan]), np.ones(2))
    assert stake[0] == 0
    assert np.isnan(stake[1])


def test_a_rule_must_beat_chance_and_chance_in_baskets_of_its_size_to_be_worth_money():
    """Petrol and cigarettes meet 52.7 times as often as in other small baskets, but only 1.38 times as often as in all."""
    lift = lift_beyond_both(np.array([1.38, 4.0, 0.9, 2.0]), np.array([52.7, 2.0, 3.0, np.nan]))
    stake = margin_at_stake(np.full(4, 100.0), np.full(4, 0.2), lift, np.full(4, 3.0))
    np.testing.assert_allclose(stake, [60 * (1 - 1 / 1.38), 30, 0, 30])


def test_a_written_rule_is_measured_below_the_floor():
    table = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=bool)
    basket, product = rows_of(table)
    plan = Plan(3, written=(Written((0,), 1), Written((0, 1), 2)))
    found = mine_together(Source(basket, product, 4), plan)
    assert found.bodies.tolist() == [[0, -1], [0, 1]]
    assert found.columns["n_both"].tolist() == [1, 0]
    assert found.columns["confidence"].tolist() == [0.5, 0.0]


def test_negative_rules_of_one_family_are_substitutes_if_customers_buy_both_at_other_times():
    ann_and_others = np.tile(np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=bool), (20, 1))
    basket, product = rows_of(ann_and_others)
    customers = (np.arange(60) // 3).astype(np.int32)
    source = Source(basket, product, 60, customers, None, np.array([0, 0, 1], dtype=np.int32))
    found = mine_together(source, Plan(5, sign="-"))
    relation = {
        frozenset((body, head)): name
        for (body,), head, name in zip(
            found.bodies.tolist(), found.heads.tolist(), found.columns["relation"], strict=True
        )
    }
    assert relation == {
        frozenset((0, 1)): "substitutes",
        frozenset((0, 2)): "different_customers",
        frozenset((1, 2)): "different_customers",
    }


def test_quarters_in_which_a_rule_holds_are_counted():
    table = np.array([[1, 1], [0, 0], [1, 0], [0, 1]], dtype=bool)
    basket, product = rows_of(table)
    days = np.array([0, 1, 100, 101], dtype=np.int32)
    found = mine_together(Source(basket, product, 4, None, days), Plan(1))
    assert found.columns["n_periods"].tolist() == [2, 2]
    assert found.columns["n_periods_held"].tolist() == [1, 1]
    assert found.quarters.n_orders.tolist() == [2, 2]


def test_a_quarter_of_a_few_days_is_no_quarter():
    """20 baskets in the first quarter, 1 in the second: it would be one in which the rule does not hold."""
    table = np.array([[1, 1], [0, 0]] * 10 + [[1, 0], [0, 1]], dtype=bool)
    basket, product = rows_of(table)
    days = np.array([0] * 20 + [100, 100], dtype=np.int32)
    found = mine_together(Source(basket, product, 22, None, days), Plan(1))
    assert found.columns["n_periods"].tolist() == [1, 1]
    assert found.columns["n_periods_held"].tolist() == [1, 1]
    assert found.quarters.n_orders.tolist() == [20, 2]


def test_a_small_quarter_counts_where_chance_alone_would_make_five():
    table = np.array([[1, 1], [0, 0]] * 100 + [[1, 1], [0, 0]] * 10, dtype=bool)
    basket, product = rows_of(table)
    days = np.array([0] * 200 + [100] * 20, dtype=np.int32)
    found = mine_together(Source(basket, product, 220, None, days), Plan(1))
    assert found.columns["n_periods"].tolist() == [2, 2]


def test_products_of_one_family_that_are_sometimes_bought_at_once_are_no_substitutes():
    """At half of what chance would make they are on different errands, though the same customers buy both."""
    table = np.tile(np.array([[1, 1]] + [[1, 0], [0, 1]] * 3 + [[0, 0]], dtype=bool), (10, 1))
    basket, product = rows_of(table)
    customers = (np.arange(80) // 8).astype(np.int32)
    source = Source(basket, product, 80, customers, None, np.zeros(2, dtype=np.int32))
    found = mine_together(source, Plan(5, sign="-"))
    assert found.columns["rule_lift"].tolist() == [0.5, 0.5]
    assert found.columns["relation"].tolist() == ["different_customers"] * 2


def test_rows_that_come_twice_are_refused():
    twice = np.zeros(2, dtype=np.int32)
    with pytest.raises(ValueError, match="twice"):
        make_baskets(twice, twice, n_baskets=1, floor=1)
