"""Neighbours: what the customers who bought the same things bought besides."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from nextbest.models.recommend.core.orders import Floats, Ints

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
                np.empty(self.n_nearest),
                shares,
            )
        return shares


@numba.njit(nogil=True, cache=True)
def _shares(
    asked: tuple[Ints, Ints],
    buyers: tuple[Ints, Ints],
    bought: tuple[Ints, Ints],
    itself: Ints,
    nearest: Floats,
    shares: NDArray[np.float32],
) -> None:
    """Fill in the shares; rows of ones are given as where each begins and which columns it holds."""
    near = np.empty(len(bought[0]) - 1, dtype=np.float64)
    said = np.empty(shares.shape[1], dtype=np.float64)
    for row in range(len(itself)):
        _cosines(asked[1][asked[0][row] : asked[0][row + 1]], buyers, bought[0], near)
        if itself[row] >= 0:
            near[itself[row]] = 0
        least = _least_of_nearest(near, nearest)
        said[:] = 0
        total = 0.0
        for other in range(len(near)):
            if near[other] > 0 and near[other] >= least:
                total += near[other]
                for product in bought[1][bought[0][other] : bought[0][other + 1]]:
                    said[product] += near[other]
        if total:
            for product in range(len(said)):
                shares[row, product] = said[product] / total


@numba.njit(nogil=True, cache=True)
def _cosines(products: Ints, buyers: tuple[Ints, Ints], starts: Ints, near: Floats) -> None:
    """Compare a customer with every reference, but for the customer's own length, which all have in common."""
    near[:] = 0
    for product in products:
        for other in buyers[1][buyers[0][product] : buyers[0][product + 1]]:
            near[other] += 1
    for other in range(len(near)):
        near[other] *= 1 / np.sqrt(starts[other + 1] - starts[other])


@numba.njit(nogil=True, cache=True)
def _least_of_nearest(near: Floats, nearest: Floats) -> float:
    """Find the n-th greatest number; ``nearest`` holds the n greatest so far. numpy's partition takes seconds to compile."""
    nearest[:] = 0
    for value in near:
        place = len(nearest) - 1
        if value <= nearest[place]:
            continue
        while place > 0 and nearest[place - 1] < value:
            nearest[place] = nearest[place - 1]
            place -= 1
        nearest[place] = value
    return float(nearest[-1])


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
