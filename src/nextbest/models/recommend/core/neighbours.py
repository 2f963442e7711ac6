"""Neighbours: what the customers who bought the same things bought besides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from nextbest.models.recommend.core.orders import Ints

_MOST_REFERENCES = 2000
_LEAST_NEIGHBOURS = 5
_MOST_NEIGHBOURS = 200
_PER_NEIGHBOUR = 10


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Customers to compare with: all, or every n-th where they are many."""

    bought: sp.csr_matrix
    """What the references bought. Shape (references, products)."""
    directions: sp.csc_matrix
    """The same at unit length, turned: shape (products, references)."""
    customers: Ints
    """Codes of the references, ascending."""
    n_nearest: int
    """How many of them have a say."""

    def shares(self, bought: sp.csr_matrix, customers: Ints) -> NDArray[np.float32]:
        """Give the share of each customer's nearest who bought each product, weighted by cosine.

        A customer is not their own neighbour. Shape (customers, products).
        """
        near = (unit_rows(bought) @ self.directions).toarray()
        itself = np.searchsorted(self.customers, customers)
        inside = np.minimum(itself, len(self.customers) - 1)
        same = self.customers[inside] == customers if len(self.customers) else np.zeros(len(customers), bool)
        near[np.flatnonzero(same), inside[same]] = 0
        if near.shape[1] > self.n_nearest:
            last = np.partition(near, -self.n_nearest, axis=1)[:, -self.n_nearest]
            near[near < last[:, None]] = 0
        total = near.sum(axis=1, keepdims=True)
        shares = (sp.csr_matrix(near) @ self.bought).toarray() / np.where(total > 0, total, 1)
        return np.asarray(shares, dtype=np.float32)


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
    return Neighbours(references, unit_rows(references).T.tocsc(), chosen, n_nearest)


def unit_rows(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Scale each row of ones to length 1."""
    n = np.repeat(np.diff(matrix.indptr), np.diff(matrix.indptr))
    return sp.csr_matrix(
        (matrix.data / np.sqrt(n).astype(np.float32), matrix.indices, matrix.indptr), matrix.shape
    )
