"""The way in: pairs from two arrays of codes, and all rules of a source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextbest.models.rules.core.baskets import Floats, Ints, Longs, make_baskets
from nextbest.models.rules.core.later import mine_later
from nextbest.models.rules.core.measures import strength
from nextbest.models.rules.core.pair_tests import judge_pairs
from nextbest.models.rules.core.pairs import count_pairs
from nextbest.models.rules.core.source import Plan, Source
from nextbest.models.rules.core.strata import size_null
from nextbest.models.rules.core.together import mine_together

__all__ = ["MinedPairs", "Plan", "Source", "mine_later", "mine_pairs", "mine_together"]


@dataclass(frozen=True, slots=True)
class MinedPairs:
    """Pairs of product codes with all their statistics, one entry per pair; ``first`` is the rarer product."""

    first: Ints
    second: Ints
    n_both: Longs
    n_first: Longs
    n_second: Longs
    support: Floats
    confidence: Floats
    """Of first => second."""
    confidence_back: Floats
    """Of second => first."""
    rule_lift: Floats
    leverage: Floats
    conviction: Floats
    p_value: Floats
    q_value: Floats
    size_lift: Floats
    size_p_value: Floats
    size_q_value: Floats


def mine_pairs(
    basket: NDArray[np.int32],
    product: NDArray[np.int32],
    *,
    floor: int,
    n_baskets: int | None = None,
    threads: int | None = None,
) -> MinedPairs:
    """Count all pairs in at least ``floor`` baskets, and test them.

    Parameters
    ----------
    basket, product
        Codes from 0, one row per product in a basket, in any order, each row once.
    floor
        Baskets that hold both, at least.
    n_baskets
        Baskets in all; by default up to the largest code.

    Examples
    --------
    >>> rows = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 1], [3, 2]], dtype=np.int32)
    >>> pairs = mine_pairs(rows[:, 0].copy(), rows[:, 1].copy(), floor=2)
    >>> pairs.first, pairs.second, pairs.n_both, pairs.rule_lift.round(2)
    (array([0], dtype=int32), array([1], dtype=int32), array([2]), array([1.33]))
    """
    n = int(basket.max(initial=-1)) + 1 if n_baskets is None else n_baskets
    baskets = make_baskets(basket, product, n_baskets=n, floor=floor)
    pairs = count_pairs(baskets, floor, threads=threads)
    tests = judge_pairs(baskets, size_null(baskets), pairs, floor=floor, sign="+", threads=threads)
    n_first, n_second = baskets.counts[pairs.first], baskets.counts[pairs.second]
    there, back = (
        strength(pairs.n_both, n_first, n_second, n),
        strength(pairs.n_both, n_second, n_first, n),
    )
    return MinedPairs(
        baskets.codes[pairs.first],
        baskets.codes[pairs.second],
        pairs.n_both,
        n_first,
        n_second,
        there.support,
        there.confidence,
        back.confidence,
        there.rule_lift,
        there.leverage,
        there.conviction,
        tests.p_value,
        tests.q_value,
        tests.size_lift,
        tests.size_p_value,
        tests.size_q_value,
    )
