"""How good lists are: recall, nDCG and hit rate at k, over the customers who could be served."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from nextbest.models.recommend.core.orders import Floats, Ints


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of one kind of list at one length, over customers with something to find."""

    recall: float | None
    """Share of what came next that the list held, mean over customers, 0-1; ``None`` without customers."""
    recall_se: float | None
    """Standard error of the mean over customers."""
    ndcg: float | None
    """Normalised discounted gain; the ideal list has min(k, truth) hits."""
    hit_rate: float | None
    """Share of customers with at least one hit, 0-1."""
    n_customers: int


def quality(lists: Ints, truth: sp.csr_matrix, k: int) -> Quality:
    """Measure lists against what came next.

    Parameters
    ----------
    lists
        Products, best first, -1 where a list is shorter. Shape (customers, at least k).
    truth
        1 where the customer bought the product. Shape (customers, products).
    k
        Length that counts.

    Examples
    --------
    >>> truth = sp.csr_matrix([[0, 1, 1], [1, 0, 0]])
    >>> quality(np.array([[1, 0], [1, 2]]), truth, k=2)
    Quality(recall=0.25, recall_se=0.25, ndcg=0.30..., hit_rate=0.5, n_customers=2)
    """
    n_truth = np.diff(truth.indptr)
    some = n_truth > 0
    if not some.any():
        return Quality(None, None, None, None, 0)
    hits = found(lists[:, :k], truth)[some]
    n_truth = n_truth[some]
    recall = hits.sum(axis=1) / n_truth
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(n_truth, k) - 1]
    ndcg = hits @ discount[: hits.shape[1]] / ideal
    n = len(recall)
    spread = float(recall.std(ddof=1) / np.sqrt(n)) if n > 1 else None
    return Quality(float(recall.mean()), spread, float(ndcg.mean()), float(hits.any(axis=1).mean()), n)


def found(lists: Ints, truth: sp.csr_matrix) -> Floats:
    """Mark with 1 the products of each list that came next. Shape of ``lists``."""
    rows = np.arange(len(lists), dtype=np.int64)[:, None]
    n_products = np.int64(truth.shape[1])
    wanted = np.repeat(rows.ravel(), np.diff(truth.indptr)) * n_products + truth.indices
    return (np.isin(rows * n_products + lists, wanted) & (lists >= 0)).astype(np.float64)
