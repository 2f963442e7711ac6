"""How often each two products are in the same row: a basket, or a customer's purchases."""

from __future__ import annotations

import numba
import numpy as np
import scipy.sparse as sp

from nextbest.models.recommend.core.orders import Floats, Ints


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


@numba.njit(nogil=True, cache=True)
def _count(starts: Ints, columns: Ints, once: Ints) -> None:
    for row in range(len(starts) - 1):
        for first in range(starts[row], starts[row + 1]):
            for second in range(first, starts[row + 1]):
                once[columns[first], columns[second]] += 1
