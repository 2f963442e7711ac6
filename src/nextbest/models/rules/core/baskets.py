"""Baskets as sparse rows: which frequent products each basket holds, and which baskets hold each product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextbest.models.rules.core.kernel import kernel

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Baskets:
    """Frequent products of every basket, both ways round.

    Products are numbered by ascending frequency, so that a scan from a rare product meets only commoner ones.
    """

    n: int
    """Baskets in all, also those without a frequent product."""
    starts: Longs
    """Basket ``t`` holds ``products[starts[t]:starts[t + 1]]``; shape (n + 1,)."""
    products: Ints
    """Product numbers, ascending within a basket."""
    product_starts: Longs
    """Product ``a`` is in the baskets ``tids[product_starts[a]:product_starts[a + 1]]``."""
    tids: Ints
    """Basket numbers, ascending within a product."""
    codes: Ints
    """The caller's code of each product number."""
    sizes: Ints
    """Distinct products per basket, rare ones included; shape (n,)."""

    @property
    def counts(self) -> Longs:
        """Baskets per product number, ascending."""
        return np.diff(self.product_starts)

    def n_frequent(self, floor: int) -> int:
        """Count the products in at least ``floor`` baskets."""
        return int((self.counts >= floor).sum())


def make_baskets(
    basket: Ints, product: Ints, *, n_baskets: int, floor: int, also: Sequence[int] = ()
) -> Baskets:
    """Arrange rows (basket, product) for counting.

    Parameters
    ----------
    basket, product
        Codes from 0, one row per product in a basket, in any order, each row once.
    n_baskets
        Baskets in all.
    floor
        Products in fewer baskets are left out (they still count in ``sizes``).
    also
        Codes of products to keep all the same.

    Examples
    --------
    >>> rows = np.array([[0, 7], [0, 8], [1, 8], [2, 8], [2, 7]], dtype=np.int32)
    >>> baskets = make_baskets(rows[:, 0].copy(), rows[:, 1].copy(), n_baskets=3, floor=2)
    >>> baskets.codes, baskets.counts, baskets.products
    (array([7, 8], dtype=int32), array([2, 3]), array([0, 1, 1, 0, 1], dtype=int32))
    """
    counts = _tally(product, int(product.max(initial=-1)) + 1)
    kept = counts >= floor
    kept[[code for code in also if code < len(counts)]] = True
    found = np.flatnonzero(kept)
    codes: Ints = found[np.argsort(counts[found], kind="stable")].astype(np.int32)
    number = np.full(len(counts), -1, dtype=np.int32)
    number[codes] = np.arange(len(codes), dtype=np.int32)
    product_starts = _starts(counts[codes])
    tids = _by_product(basket, product, number, product_starts)
    starts = _starts(_tally(tids, n_baskets))
    products, in_order = _by_basket(product_starts, tids, starts)
    if not in_order:
        tids = _by_product_again(starts, products, product_starts)
    if _has_twins(starts, products):
        raise ValueError("a row (basket, product) comes twice")
    sizes: Ints = _tally(basket, n_baskets).astype(np.int32)
    return Baskets(n_baskets, starts, products, product_starts, tids, codes, sizes)


def _starts(counts: Longs) -> Longs:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)])


@kernel
def _tally(values: Ints, n: int) -> Longs:
    counts = np.zeros(n, dtype=np.int64)
    for value in values:
        counts[value] += 1
    return counts


@kernel
def _by_product(basket: Ints, product: Ints, number: Ints, product_starts: Longs) -> Ints:
    tids = np.empty(product_starts[-1], dtype=np.int32)
    at = product_starts[:-1].copy()
    for row in range(len(basket)):
        a = number[product[row]]
        if a >= 0:
            tids[at[a]] = basket[row]
            at[a] += 1
    return tids


@kernel
def _by_basket(product_starts: Longs, tids: Ints, starts: Longs) -> tuple[Ints, bool]:
    products = np.empty(len(tids), dtype=np.int32)
    at = starts[:-1].copy()
    in_order = True
    for a in range(len(product_starts) - 1):
        last = -1
        for k in range(product_starts[a], product_starts[a + 1]):
            t = tids[k]
            in_order &= t > last
            last = t
            products[at[t]] = a
            at[t] += 1
    return products, in_order


@kernel
def _by_product_again(starts: Longs, products: Ints, product_starts: Longs) -> Ints:
    tids = np.empty(len(products), dtype=np.int32)
    at = product_starts[:-1].copy()
    for t in range(len(starts) - 1):
        for k in range(starts[t], starts[t + 1]):
            tids[at[products[k]]] = t
            at[products[k]] += 1
    return tids


@kernel
def _has_twins(starts: Longs, products: Ints) -> bool:
    for t in range(len(starts) - 1):
        for k in range(starts[t] + 1, starts[t + 1]):
            if products[k] == products[k - 1]:
                return True
    return False
