"""Tests of pairs: against chance, and against chance in baskets of their size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextbest.models.rules.core.baskets import Baskets, Floats
from nextbest.models.rules.core.measures import fisher, q_values
from nextbest.models.rules.core.pairs import Pairs
from nextbest.models.rules.core.strata import SizeNull, chance, tail

_LEAST_INFORMATION = 0.05


@dataclass(frozen=True, slots=True)
class PairTests:
    """Tests of pairs, one entry per pair; NaN where a test does not apply."""

    p_value: Floats
    q_value: Floats
    size_lift: Floats
    size_p_value: Floats
    size_q_value: Floats


def judge_pairs(
    baskets: Baskets, null: SizeNull, pairs: Pairs, *, floor: int, sign: str, threads: int | None
) -> PairTests:
    """Test pairs in the direction of ``sign``; q-values count all pairs of products that reach the floor.

    ``size_lift`` is NaN where the size of a basket leaves nothing to chance: with very few products, it says which they are.
    """
    counts = baskets.counts
    n_a, n_b = counts[pairs.first], counts[pairs.second]
    n_frequent = baskets.n_frequent(floor)
    n_tests = n_frequent * (n_frequent - 1) / 2
    under = chance(null, pairs.first, pairs.second, threads)
    tells = (under.variance > _LEAST_INFORMATION * under.free) & (under.expected > 0)
    size_lift = np.divide(pairs.n_both, under.expected, out=np.full(len(pairs), np.nan), where=tells)
    size_p = np.where(tells, tail(pairs.n_both, under, sign), np.nan)
    p = fisher(pairs.n_both, n_a, n_b, baskets.n, sign)
    family = np.minimum(n_a, n_b) >= floor
    return PairTests(
        p, _adjust(p, family, n_tests), size_lift, size_p, _adjust(size_p, family & tells, n_tests)
    )


def _adjust(p: Floats, family: NDArray[np.bool_], n_tests: float) -> Floats:
    q = np.full(len(p), np.nan)
    q[family] = q_values(p[family], n_tests)
    return q
