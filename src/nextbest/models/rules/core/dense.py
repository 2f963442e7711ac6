"""Counting pairs of few products: every basket adds to a table of all pairs, in one pass."""

from __future__ import annotations

import numpy as np

from nextbest.models.rules.core.baskets import Baskets, Ints, Longs
from nextbest.models.rules.core.kernel import kernel

_CELLS = 2**20
"""What a table may hold to stay in the processor's cache."""


def fits(n_products: int, *, numbers: int = 1) -> bool:
    """Tell whether a table of all pairs, with some numbers each, is small enough to count in."""
    return n_products * n_products * numbers <= _CELLS


def dense_counts(baskets: Baskets) -> Ints:
    """Count the baskets of every pair, the lower number first; shape (n_products, n_products, 1)."""
    n = len(baskets.codes)
    cells = np.zeros((n, n, 1), dtype=np.int32)
    _add(baskets.starts, baskets.products, np.zeros(0, dtype=np.int32), cells)
    return cells


def dense_makers(baskets: Baskets, customers: Ints) -> Ints:
    """Count baskets, known customers and guests' baskets; shape (n_products, n_products, 4), the last is scratch."""
    n = len(baskets.codes)
    cells = np.zeros((n, n, 4), dtype=np.int32)
    _add_with_customers(baskets.starts, baskets.products, customers, cells)
    return cells


def dense_by_group(baskets: Baskets, group: Ints, n_groups: int) -> Ints:
    """Count the baskets of every pair by group, -1: left out; shape (n_products, n_products, n_groups)."""
    n = len(baskets.codes)
    cells = np.zeros((n, n, n_groups), dtype=np.int32)
    _add(baskets.starts, baskets.products, group, cells)
    return cells


@kernel
def _add(starts: Longs, products: Ints, group: Ints, cells: Ints) -> None:
    for t in range(len(starts) - 1):
        g = group[t] if len(group) else 0
        if g < 0:
            continue
        for i in range(starts[t], starts[t + 1]):
            a = products[i]
            for j in range(i + 1, starts[t + 1]):
                cells[a, products[j], g] += 1


@kernel
def _add_with_customers(starts: Longs, products: Ints, customers: Ints, cells: Ints) -> None:
    for t in range(len(starts) - 1):
        customer = customers[t] + 1
        for i in range(starts[t], starts[t + 1]):
            a = products[i]
            for j in range(i + 1, starts[t + 1]):
                b = products[j]
                cells[a, b, 0] += 1
                if customer == 0:
                    cells[a, b, 2] += 1
                elif cells[a, b, 3] != customer:
                    cells[a, b, 3] = customer
                    cells[a, b, 1] += 1
