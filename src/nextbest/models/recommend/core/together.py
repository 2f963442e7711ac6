"""How often each two products are in the same row: a basket, or a customer's purchases."""

from __future__ import annotations

import numba
import numpy as np
import scipy.sparse as sp

from nextbest.models.recommend.core.orders import Floats, Ints

SHRINK = 5.0
"""Baskets that both counts are padded with: a pair seen twice says little."""


def together(rows: sp.csr_matrix) -> Floats:
    """Count the rows that hold both of two products; on the diagonal, those that hold the one.

    Parameters
    ----------
    rows
        Ones. Shape (rows, products).

    Examples
    --------
    >>> together(sp.csr_matrix([[1, 1, 0], [1, 1, 1]]))
    array([[2., 2., 1.],
           [2., 2., 1.],
           [1., 1., 1.]])
    """
    once = np.zeros((rows.shape[1], rows.shape[1]), dtype=np.int32)
    _count(rows.indptr, rows.indices, once)
    both: Floats = (once + once.T).astype(np.float64)
    np.fill_diagonal(both, np.diag(once))
    return both


def size_lifts(bought: sp.csr_matrix) -> tuple[Floats, Floats]:
    """Count pairs of products, and what the baskets' sizes alone would make of them.

    Large baskets hold every pair; so baskets are compared with baskets of about the same size (by powers of two). In n
    baskets of size s, two products are expected together in n_a n_b / n x (s - 1) / s.

    Parameters
    ----------
    bought
        1 where a basket holds a product. Shape (baskets, products).

    Returns
    -------
    Observed and expected counts, each of shape (products, products).

    Examples
    --------
    >>> observed, expected = size_lifts(sp.csr_matrix([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]]))
    >>> print(observed[0, 1], expected[0, 1].round(2))
    2.0 0.67
    """
    sizes = np.diff(bought.indptr)
    stratum = np.floor(np.log2(np.maximum(sizes, 1))).astype(int)
    observed = together(bought)
    expected = np.zeros_like(observed)
    for part in range(1, int(stratum.max(initial=0)) + 1):
        inside = stratum == part
        n = int(inside.sum())
        if n:
            counts = np.asarray(bought[inside].sum(axis=0)).ravel().astype(np.float64)
            size = sizes[inside].mean()
            expected += np.outer(counts, counts) / n * (size - 1) / size
    return observed, expected


@numba.njit(nogil=True, cache=True)
def _count(starts: Ints, columns: Ints, once: Ints) -> None:
    for row in range(len(starts) - 1):
        for first in range(starts[row], starts[row + 1]):
            for second in range(first, starts[row + 1]):
                once[columns[first], columns[second]] += 1
