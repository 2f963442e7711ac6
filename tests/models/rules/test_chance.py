"""What only basket size and frequency would make likely: exact small cases, shuffled baskets, real ones."""

import itertools

import numba
import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats

from nextbest.models.rules import mine_pairs
from nextbest.models.rules.core.baskets import make_baskets
from nextbest.models.rules.core.strata import Chance, chance, size_null, tail


def test_two_of_three_products_leave_nothing_to_chance():
    """With two of three products in every basket, a pair is a basket without the third: 50, 30 and 20 of 100."""
    counts = {(0, 1): 50, (0, 2): 30, (1, 2): 20}
    product = np.array([p for pair, n in counts.items() for _ in range(n) for p in pair], dtype=np.int32)
    basket = np.repeat(np.arange(100, dtype=np.int32), 2)
    baskets = make_baskets(basket, product, n_baskets=100, floor=1)
    first, second = (
        np.array(side, dtype=np.int32) for side in zip(*itertools.combinations(range(3), 2), strict=True)
    )
    expected = chance(size_null(baskets), first, second).expected
    want = [counts[tuple(sorted(baskets.codes[[a, b]]))] for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(expected, want, atol=1e-9)


@pytest.mark.parametrize(("width", "size"), [(6, 2), (6, 3), (8, 5), (10, 9)])
def test_equally_frequent_products_are_expected_exactly(width, size):
    """All baskets of one size: of C(width, size) baskets, C(width - 2, size - 2) hold a given pair."""
    baskets_all = list(itertools.combinations(range(width), size))
    product = np.array(baskets_all, dtype=np.int32).ravel()
    basket = np.repeat(np.arange(len(baskets_all), dtype=np.int32), size)
    baskets = make_baskets(basket, product, n_baskets=len(baskets_all), floor=1)
    pair = np.array([0], dtype=np.int32), np.array([1], dtype=np.int32)
    want = sum(1 for one in baskets_all if {0, 1} <= set(one))
    assert chance(size_null(baskets), *pair).expected[0] == pytest.approx(want, rel=1e-9)


def test_a_rare_pair_in_a_wide_assortment_is_expected_by_s_minus_1_over_s():
    rng = np.random.default_rng(1)
    table = np.argsort(rng.random((3000, 400)), axis=1)[:, :4].astype(np.int32)
    basket = np.repeat(np.arange(3000, dtype=np.int32), 4)
    baskets = make_baskets(basket, table.ravel(), n_baskets=3000, floor=1)
    pair = np.array([100], dtype=np.int32), np.array([200], dtype=np.int32)
    n_a, n_b = baskets.counts[[100, 200]]
    assert chance(size_null(baskets), *pair).expected[0] == pytest.approx(n_a * n_b / 3000 * 3 / 4, rel=0.01)


def test_the_tail_is_hardly_ever_shorter_than_the_exact_one():
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(400):
        n = int(10 ** rng.uniform(1.5, 5))
        n_a, n_b = (int(n ** rng.uniform(0.2, 1) * 0.9) + 1 for _ in range(2))
        exact = stats.hypergeom(n, n_a, n_b)
        x = int(exact.isf(10 ** rng.uniform(-12, -1.3))) + 1
        if exact.var() <= 0 or not exact.mean() + 1 <= x <= min(n_a, n_b) or exact.sf(x - 1) < 1e-14:
            continue
        one = Chance(*(np.array([v]) for v in (exact.mean(), min(n_a, n_b), exact.var(), exact.var())))
        ratios.append(tail(np.array([x]), one)[0] / exact.sf(x - 1))
    assert len(ratios) > 150
    assert min(ratios) > 0.75
    assert np.median(ratios) < 1.5


@pytest.fixture
def groceries(shared_data):
    rows = pq.read_table(shared_data("groceries_arules") / "baskets.parquet")
    product = rows["item"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int32)
    return rows["basket"].to_numpy().astype(np.int32), product


def test_invented_baskets_of_the_same_sizes_hold_no_related_pairs(groceries):
    """98 % of the invented pairs have lift > 1, and none is significant; of the real ones 3 to 4 % are."""
    basket, product = groceries
    real = mine_pairs(basket, product, floor=10)
    assert 0.03 < (real.size_q_value < 0.05).mean() < 0.05
    for seed in range(3):
        invented = mine_pairs(basket, swapped(basket, product, seed), floor=10)
        assert (invented.rule_lift > 1).mean() > 0.97
        assert (invented.size_q_value < 0.05).sum() <= 1
        assert (invented.size_p_value < 0.05).mean() < 0.075


def test_plain_tests_find_what_is_not_there(groceries):
    """Why size is held fixed: most of the invented pairs pass Fisher's test."""
    basket, product = groceries
    invented = mine_pairs(basket, swapped(basket, product, 0), floor=10)
    assert (invented.q_value < 0.05).mean() > 0.3


def test_planted_complements_are_found():
    rng = np.random.default_rng(5)
    table = rng.random((4000, 60)) < rng.uniform(0.01, 0.1, 60) * rng.uniform(0.3, 3, (4000, 1))
    table[:, 1] |= table[:, 0] & (rng.random(4000) < 0.5)
    basket, product = (side.astype(np.int32) for side in np.nonzero(table))
    found = mine_pairs(basket, product, floor=5, n_baskets=4000)
    sure = {
        frozenset(pair)
        for pair in zip(
            found.first[found.size_q_value < 0.05].tolist(),
            found.second[found.size_q_value < 0.05].tolist(),
            strict=True,
        )
    }
    assert sure == {frozenset((0, 1))}


@numba.njit(cache=True)
def _swap(basket, product, n_products, draws):
    held = np.zeros((basket.max() + 1, n_products), np.bool_)
    for row in range(len(basket)):
        held[basket[row], product[row]] = True
    for i, j in draws:
        s, t, a, b = basket[i], basket[j], product[i], product[j]
        if s != t and a != b and not held[s, b] and not held[t, a]:
            held[s, a], held[t, b], held[s, b], held[t, a] = False, False, True, True
            product[i], product[j] = b, a
    return product


def swapped(basket, product, seed):
    """Invent baskets with the same sizes and product frequencies: exchange two products of two baskets, often."""
    draws = np.random.default_rng(seed).integers(0, len(basket), (15 * len(basket), 2))
    return _swap(basket, product.copy(), product.max() + 1, draws)
