"""Neighbours: what the customers who bought the same things bought besides."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from nextbest.models.recommend.core.orders import Ints

_MOST_REFERENCES = 2000
_LEAST_NEIGHBOURS = 5
_MOST_NEIGHBOURS = 200
_PER_NEIGHBOUR = 10
_NOBODY = -1


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Customers to compare with: all, or every n-th where they are many."""

    bought: sp.csr_matrix
    """What the references bought. Shape (references, products)."""
    buyers: sp.csr_matrix
    """The same, turned: shape (products, references)."""
    customers: Ints
    """Codes of the references, ascending."""
    n_nearest: int
    """How many of them have a say."""

    def shares(self, bought: sp.csr_matrix, customers: Ints) -> NDArray[np.float32]:
        """Give the share of each customer's nearest who bought each product, weighted by cosine.

        A customer is not their own neighbour. Shape (customers, products).
        """
        shares = np.zeros(bought.shape, dtype=np.float32)
        if len(self.customers):
            place = np.minimum(np.searchsorted(self.customers, customers), len(self.customers) - 1)
            itself = np.where(self.customers[place] == customers, place, _NOBODY)
            theirs, buyers = self.bought, self.buyers
            _shares(
                (bought.indptr, bought.indices),
                (buyers.indptr, buyers.indices),
                (theirs.indptr, theirs.indices),
                itself,
                self.n_nearest,
                shares,
            )
        return shares


@numba.njit(nogil=True, cache=True)
def _shares(
    asked: tuple[Ints, Ints],
    buyers: tuple[Ints, Ints],
    bought: tuple[Ints, Ints],
    itself: Ints,
    n_nearest: int,
    shares: NDArray[np.float32],
) -> None:
    """Fill in the shares; rows of ones are given as where each begins and which columns it holds."""
    length = 1 / np.sqrt(np.diff(bought[0]))
    n_common = np.empty(len(length), dtype=np.int32)
    said = np.empty(shares.shape[1], dtype=np.float64)
    for row in range(len(itself)):
        n_common[:] = 0
        for product in asked[1][asked[0][row] : asked[0][row + 1]]:
            for other in buyers[1][buyers[0][product] : buyers[0][product + 1]]:
                n_common[other] += 1
        if itself[row] >= 0:
            n_common[itself[row]] = 0
        near = n_common * length
        least = 0.0
        if len(near) > n_nearest:
            least = np.partition(near, len(near) - n_nearest)[len(near) - n_nearest]
        said[:] = 0
        total = 0.0
        for other in range(len(near)):
            if n_common[other] and near[other] >= least:
                total += near[other]
                for product in bought[1][bought[0][other] : bought[0][other + 1]]:
                    said[product] += near[other]
        if total:
            shares[row] = said / total


def neighbours(bought: sp.csr_matrix) -> Neighbours:
    """Choose the references among the customers who bought two products or more.

    Examples
    --------
    >>> bought = sp.csr_matrix(np.array([[1, 1, 0], [1, 1, 1], [0, 0, 1]], np.float32))
    >>> neighbours(bought).shares(bought, np.array([0, 1, 2])).round(2)
    array([[1., 1., 1.],
           [1., 1., 0.],
           [1., 1., 1.]], dtype=float32)
    """
    candidates = np.flatnonzero(np.diff(bought.indptr) > 1).astype(np.int32)
    n = min(len(candidates), _MOST_REFERENCES)
    chosen = candidates[np.arange(n) * len(candidates) // max(n, 1)]
    references = bought[chosen]
    n_nearest = min(max(n // _PER_NEIGHBOUR, _LEAST_NEIGHBOURS), _MOST_NEIGHBOURS)
    return Neighbours(references, references.T.tocsr(), chosen, n_nearest)
