"""How often two products would share a basket if only the size of baskets and their own frequency mattered.

The null is the conditional Bernoulli model: given that a basket holds ``s`` distinct products, every set of ``s`` products
comes with the product of its members' weights. Under it the size of the basket explains itself away: whatever made a basket
large, what is in it is chance [1]_. In 2 x 2 tables of baskets of one size, two products then have the odds ratio
``e[s-2] e[s] / e[s-1]^2`` (elementary symmetric functions of the other products' weights), in a wide assortment
``(s - 1) / s``: one product takes a place that the other cannot have.

References
----------
.. [1] Rasch (1960), Probabilistic Models for Some Intelligence and Attainment Tests; the total score is sufficient.
.. [2] Hajek (1964), Asymptotic theory of rejective sampling. Annals of Mathematical Statistics 35.
.. [3] Hoeffding (1956), On the distribution of the number of successes in independent trials. Annals of Mathematical
   Statistics 27, theorem 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from nextbest.models.rules.core.baskets import Baskets, Floats, Ints, Longs
from nextbest.models.rules.core.kernel import in_threads, kernel

_EXACT_UP_TO = 20
_WIDTH = 1.1
_ROOM = 2.5
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class SizeNull:
    """What baskets of one size hold by chance; the first axis is the product, the last the stratum."""

    n_baskets: Longs
    n_with: Ints
    """Baskets of the stratum with the product; shape (n_products, n_strata)."""
    repulsion: Floats
    """1 - odds ratio of two products within the stratum, 0-1."""
    has_room: NDArray[np.bool_]
    """Baskets of the stratum hold more than one product."""


@dataclass(frozen=True, slots=True)
class Chance:
    """Baskets with both products under the null, one entry per pair."""

    expected: Floats
    """Mean number of baskets."""
    most: Longs
    """Most baskets there could be: the sum of the rarer product's baskets over strata."""
    variance: Floats
    free: Floats
    """Variance if two products did not keep each other out; far above ``variance`` where size settles everything."""


def strata_of(sizes: Ints) -> Ints:
    """Put basket sizes into strata: one size each up to 20, then steps of a tenth.

    Within a stratum sizes differ by at most 10 %, which moves an expected count by less than 0.1 %.

    Examples
    --------
    >>> strata_of(np.array([1, 2, 20, 21, 23, 24, 100], dtype=np.int32))
    array([ 0,  1, 19, 20, 20, 21, 36], dtype=int32)
    """
    beyond = np.floor(np.log(np.maximum(sizes, _EXACT_UP_TO + 1) / (_EXACT_UP_TO + 1)) / np.log(_WIDTH))
    strata = np.where(sizes <= _EXACT_UP_TO, sizes - 1, _EXACT_UP_TO + beyond)
    return np.maximum(strata, 0).astype(np.int32)


def size_null(baskets: Baskets) -> SizeNull:
    """Fit the null to baskets: frequencies by size, and how much two products keep each other out."""
    strata = strata_of(baskets.sizes)
    n_strata = int(strata.max(initial=0)) + 1
    n_baskets = np.bincount(strata, minlength=n_strata).astype(np.int64)
    size = np.bincount(strata, weights=baskets.sizes, minlength=n_strata) / np.maximum(n_baskets, 1)
    n_with = count_by_group(baskets, strata, n_strata)
    return SizeNull(n_baskets, n_with, _repulsion(n_with, n_baskets, size), size > 1)


def count_by_group(baskets: Baskets, group: Ints, n_groups: int) -> Ints:
    """Count each product's baskets by a group of baskets; shape (n_products, n_groups)."""
    return _count_by_group(baskets.product_starts, baskets.tids, group, n_groups)


def chance(null: SizeNull, first: Ints, second: Ints, threads: int | None = None) -> Chance:
    """Say what the null expects of each pair.

    Examples
    --------
    Ten baskets of two products each, five products: by chance two of them meet in 0.2 x 0.5 x 10 baskets.

    >>> from nextbest.models.rules.core.baskets import make_baskets
    >>> pairs = np.array([(a, b) for a in range(5) for b in range(a + 1, 5)], dtype=np.int32)
    >>> basket = np.repeat(np.arange(10, dtype=np.int32), 2)
    >>> null = size_null(make_baskets(basket, pairs.ravel(), n_baskets=10, floor=1))
    >>> chance(null, np.array([0], np.int32), np.array([1], np.int32)).expected.round(12)
    array([1.])
    """
    out = np.zeros((len(first), 4))

    def work(start: int, stride: int) -> None:
        _chance(
            (start, stride),
            (first, second),
            null.n_baskets,
            null.n_with,
            (null.repulsion, null.has_room),
            out,
        )

    in_threads(work, threads)
    return Chance(out[:, 0], out[:, 1].astype(np.int64), out[:, 2], out[:, 3])


def tail(n_both: Longs, under: Chance, sign: str = "+") -> Floats:
    """Give the probability of as many (``+``) or as few (``-``) baskets under the null.

    Within a stratum the count is a (non-central) hypergeometric variable, hence a sum of independent yes-no variables, as many
    as the rarer product has baskets; so is the sum over strata. Its tail is taken from the binomial distribution with the same
    mean and variance. Where the count is large beside the trials of that binomial, it is given more trials, at most as many as
    there are: there Hoeffding's theorem makes its tail an upper bound [3]_. The normal tail of Cochran, Mantel and Haenszel is
    far too short for small counts.

    Examples
    --------
    >>> one = Chance(np.array([2.0]), np.array([10]), np.array([1.6]), np.array([1.6]))
    >>> tail(np.array([6]), one).round(4), tail(np.array([0]), one, "-").round(4)
    (array([0.0064]), array([0.1074]))
    """
    x, mean = n_both.astype(float), under.expected
    most = np.maximum(under.most, x)
    matched = np.divide(
        mean**2, mean - under.variance, out=most.copy(), where=mean - under.variance > _TINY * mean
    )
    trials = np.maximum(np.maximum(np.minimum(matched, most), np.minimum(most, _ROOM * x)), 1.0)
    share = np.minimum(mean / trials, 1.0)
    if sign == "-":
        few: Floats = special.betainc(np.maximum(trials - x, _TINY), x + 1, 1 - share)
        return np.where(x >= trials, 1.0, few)
    many: Floats = special.betainc(np.maximum(x, _TINY), trials - x + 1, share)
    return np.where(x == 0, 1.0, many)


def _repulsion(n_with: Ints, n_baskets: Longs, size: Floats) -> Floats:
    """Estimate 1 - odds ratio per stratum from the products' frequencies.

    ``(1 - sum(v^2) / sum(v)^2) / sum(v)``, ``v = p (1 - p)``: exact where all products are equally frequent, and to first order
    Hajek's joint probability of two units. Products too rare to be listed have ``v = p``.
    """
    n = np.maximum(n_baskets, 1)
    spread, squares, listed = np.zeros(len(n)), np.zeros(len(n)), np.zeros(len(n))
    for block in np.array_split(n_with, max(1, len(n_with) // 4096)):
        share = block / n
        listed += share.sum(axis=0)
        variance = share * (1 - share)
        spread += variance.sum(axis=0)
        squares += (variance**2).sum(axis=0)
    spread += np.maximum(size - listed, 0)
    known = spread > _TINY
    repulsion = np.ones(len(n))
    repulsion[known] = (1 - squares[known] / spread[known] ** 2) / spread[known]
    repulsion[(size <= 1)] = 1
    return repulsion.clip(0, 1)


@kernel
def _count_by_group(product_starts: Longs, tids: Ints, group: Ints, n_groups: int) -> Ints:
    counts = np.zeros((len(product_starts) - 1, n_groups), dtype=np.int32)
    for a in range(len(product_starts) - 1):
        for k in range(product_starts[a], product_starts[a + 1]):
            if group[tids[k]] >= 0:
                counts[a, group[tids[k]]] += 1
    return counts


@kernel
def _joint(p_a: float, p_b: float, repulsion: float) -> float:
    """Solve ``x (1 - p_a - p_b + x) = (1 - repulsion) (p_a - x) (p_b - x)`` for the joint probability x."""
    linear = 1 - repulsion * (p_a + p_b)
    constant = (1 - repulsion) * p_a * p_b
    root = np.sqrt(linear * linear + 4 * repulsion * constant)
    if linear < 0:
        joint: float = (root - linear) / (2 * repulsion)
    elif linear + root == 0:
        joint = 0.0
    else:
        joint = 2 * constant / (linear + root)
    return joint


@kernel
def _chance(
    share: tuple[int, int],
    pairs: tuple[Ints, Ints],
    n_baskets: Longs,
    n_with: Ints,
    odds: tuple[Floats, NDArray[np.bool_]],
    out: Floats,
) -> None:
    (start, stride), (first, second) = share, pairs
    repulsion, has_room = odds
    for i in range(start, len(first), stride):
        a, b = first[i], second[i]
        for s in range(len(n_baskets)):
            n_a, n_b, n = n_with[a, s], n_with[b, s], n_baskets[s]
            if n_a == 0 or n_b == 0 or not has_room[s]:
                continue
            both = n * _joint(n_a / n, n_b / n, repulsion[s])
            neither = n - n_a - n_b + both
            out[i, 0] += both
            out[i, 1] += min(n_a, n_b)
            out[i, 3] += (n_a / n) * (n_b / n) * (n - n_a) * ((n - n_b) / n)
            if both > _TINY and neither > _TINY and n_a - both > _TINY and n_b - both > _TINY:
                out[i, 2] += 1 / (1 / both + 1 / neither + 1 / (n_a - both) + 1 / (n_b - both))
