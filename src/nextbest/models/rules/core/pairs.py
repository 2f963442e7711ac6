"""How often two products are in one basket: fused sparse counting.

One product's baskets are scanned into one row of counters, which is emptied at once, so that only pairs worth keeping are
ever stored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextbest.models.rules.core.baskets import Baskets, Floats, Ints, Longs
from nextbest.models.rules.core.dense import dense_counts, dense_makers, fits
from nextbest.models.rules.core.kernel import grown, in_threads, kernel, threads_for


class TooManyError(ArithmeticError):
    """More pairs or sets reach the floor than were allowed."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of product numbers with their counts, in order of the numbers; ``first`` is the rarer product."""

    first: Ints
    second: Ints
    n_both: Longs
    n_customers: Longs
    """Known customers with such a basket."""
    n_makers: Longs
    """Known customers and guests' baskets with the pair."""

    def __len__(self) -> int:
        return len(self.first)

    def where(self, keep: NDArray[np.bool_]) -> Pairs:
        """Take some of the pairs."""
        return Pairs(
            self.first[keep],
            self.second[keep],
            self.n_both[keep],
            self.n_customers[keep],
            self.n_makers[keep],
        )

    @property
    def members(self) -> Ints:
        """Product numbers, shape (n_pairs, 2)."""
        return np.column_stack([self.first, self.second])


def count_pairs(
    baskets: Baskets,
    floor: int,
    *,
    sign: str = "+",
    customers: Ints | None = None,
    limit: int = 2**31,
    threads: int | None = None,
) -> Pairs:
    """Count the pairs that reach the floor.

    Parameters
    ----------
    baskets
        With ``customers``: numbered so that a customer's baskets stand together.
    floor
        Baskets with both (sign ``+``), or baskets that would hold both by chance, ``n_a n_b / n`` (sign ``-``: also pairs
        that were never bought together, if they are below chance).
    sign
        ``+``, ``-`` or ``both``.
    customers
        Customer of each basket, -1 for guests; shape (n_baskets,).
    limit
        Pairs at most.

    Raises
    ------
    TooManyError
        More than ``limit`` pairs reach the floor.

    Examples
    --------
    >>> from nextbest.models.rules.core.baskets import make_baskets
    >>> rows = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 1]], dtype=np.int32)
    >>> pairs = count_pairs(make_baskets(rows[:, 0].copy(), rows[:, 1].copy(), n_baskets=3, floor=1), floor=1)
    >>> pairs.first, pairs.second, pairs.n_both
    (array([0], dtype=int32), array([1], dtype=int32), array([2]))
    """
    if fits(len(baskets.codes), numbers=1 if customers is None else 4):
        found = _dense(baskets, floor, sign, customers)
    else:
        found = _sparse(baskets, floor, sign, customers=customers, limit=limit, threads=threads)
    if len(found) > limit:
        raise TooManyError(len(found))
    first, second, n_both = found[:, 0].astype(np.int32), found[:, 1].astype(np.int32), found[:, 2].copy()
    if customers is None:
        nobody = np.zeros(len(found), dtype=np.int64)
        return Pairs(first, second, n_both, nobody, nobody)
    return Pairs(first, second, n_both, found[:, 3].copy(), found[:, 3] + found[:, 4])


def _dense(baskets: Baskets, floor: int, sign: str, customers: Ints | None) -> Longs:
    cells = dense_counts(baskets) if customers is None else dense_makers(baskets, customers)
    both, counts = cells[:, :, 0], baskets.counts
    keep = np.zeros(both.shape, dtype=bool)
    if sign != "-":
        keep |= both >= floor
    if sign != "+":
        expected = counts[:, None] * (counts / baskets.n)
        keep |= (expected >= floor) & (both < expected)
    keep &= (counts >= floor)[:, None]
    first, second = np.nonzero(np.triu(keep, 1))
    return np.column_stack([first, second, cells[first, second, :3]])


def _sparse(
    baskets: Baskets, floor: int, sign: str, *, customers: Ints | None, limit: int, threads: int | None
) -> Longs:
    wants = (sign != "-", sign != "+")

    def work(first: int, stride: int) -> Longs:
        share = (first, stride, floor, *wants, limit)
        lists = (baskets.starts, baskets.products, baskets.product_starts, baskets.tids)
        if customers is None:
            return _count(share, lists, baskets.n)
        return _count_with_customers(share, lists, baskets.n, customers)

    parts = in_threads(work, threads or threads_for(len(baskets.products)))
    found = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return found[np.argsort(found[:, 0] * len(baskets.codes) + found[:, 1], kind="stable")]


def expected_by_chance(baskets: Baskets, pairs: Pairs) -> Floats:
    """Say how many baskets would hold both by chance: ``n_a n_b / n``."""
    counts = baskets.counts
    expected: Floats = counts[pairs.first] * (counts[pairs.second] / baskets.n)
    return expected


@kernel
def _common_from(a: int, product_starts: Longs, floor: int, n: int) -> int:
    """Find the first product commoner than ``a`` with which ``floor`` baskets are expected."""
    low, high = a + 1, len(product_starts) - 1
    n_a = product_starts[a + 1] - product_starts[a]
    while low < high:
        b = (low + high) // 2
        if n_a * ((product_starts[b + 1] - product_starts[b]) / n) >= floor:
            high = b
        else:
            low = b + 1
    return low


@kernel
def _count(  # noqa: C901 - one scan, its counters in local arrays
    share: tuple[int, int, int, bool, bool, int], lists: tuple[Longs, Ints, Longs, Ints], n: int
) -> Longs:
    first, stride, floor, plus, minus, limit = share
    starts, products, product_starts, tids = lists
    n_products = len(product_starts) - 1
    both = np.zeros(n_products, dtype=np.int32)
    met = np.empty(n_products, dtype=np.int32)
    found = np.empty((1024, 3), dtype=np.int64)
    n_found = 0
    for a in range(first, n_products, stride):
        n_a = product_starts[a + 1] - product_starts[a]
        if n_a < floor or n_found > limit:
            continue
        n_met = 0
        for k in range(product_starts[a], product_starts[a + 1]):
            j = starts[tids[k] + 1] - 1
            while products[j] > a:
                b = products[j]
                if both[b] == 0:
                    met[n_met] = b
                    n_met += 1
                both[b] += 1
                j -= 1
        common = _common_from(a, product_starts, floor, n) if minus else n_products
        for b in range(common, n_products):
            expected = n_a * ((product_starts[b + 1] - product_starts[b]) / n)
            if both[b] < expected and not (plus and both[b] >= floor):
                if n_found == len(found):
                    found = grown(found)
                found[n_found, 0], found[n_found, 1], found[n_found, 2] = a, b, both[b]
                n_found += 1
        for m in range(n_met):
            b = met[m]
            if plus and both[b] >= floor:
                if n_found == len(found):
                    found = grown(found)
                found[n_found, 0], found[n_found, 1], found[n_found, 2] = a, b, both[b]
                n_found += 1
            both[b] = 0
    return found[:n_found]


@kernel
def _count_with_customers(  # noqa: C901, PLR0912 - one scan, its counters in local arrays
    share: tuple[int, int, int, bool, bool, int],
    lists: tuple[Longs, Ints, Longs, Ints],
    n: int,
    customers: Ints,
) -> Longs:
    """Count as ``_count`` does; cells hold baskets, known customers, guests' baskets and the last customer seen."""
    first, stride, floor, plus, minus, limit = share
    starts, products, product_starts, tids = lists
    n_products = len(product_starts) - 1
    cells = np.zeros((n_products, 4), dtype=np.int32)
    met = np.empty(n_products, dtype=np.int32)
    found = np.empty((1024, 5), dtype=np.int64)
    n_found = 0
    for a in range(first, n_products, stride):
        n_a = product_starts[a + 1] - product_starts[a]
        if n_a < floor or n_found > limit:
            continue
        n_met = 0
        for k in range(product_starts[a], product_starts[a + 1]):
            t = tids[k]
            customer = customers[t] + 1
            j = starts[t + 1] - 1
            while products[j] > a:
                b = products[j]
                if cells[b, 0] == 0:
                    met[n_met] = b
                    n_met += 1
                cells[b, 0] += 1
                if customer == 0:
                    cells[b, 2] += 1
                elif cells[b, 3] != customer:
                    cells[b, 3] = customer
                    cells[b, 1] += 1
                j -= 1
        common = _common_from(a, product_starts, floor, n) if minus else n_products
        for b in range(common, n_products):
            expected = n_a * ((product_starts[b + 1] - product_starts[b]) / n)
            if cells[b, 0] < expected and not (plus and cells[b, 0] >= floor):
                if n_found == len(found):
                    found = grown(found)
                found[n_found, 0], found[n_found, 1] = a, b
                for at in range(3):
                    found[n_found, 2 + at] = cells[b, at]
                n_found += 1
        for m in range(n_met):
            b = met[m]
            if plus and cells[b, 0] >= floor:
                if n_found == len(found):
                    found = grown(found)
                found[n_found, 0], found[n_found, 1] = a, b
                for at in range(3):
                    found[n_found, 2 + at] = cells[b, at]
                n_found += 1
            for at in range(4):
                cells[b, at] = 0
    return found[:n_found]
