"""Weights of features by which a customer's next products stand out from the others on offer."""

from __future__ import annotations

import numpy as np

from nextbest.models.recommend.core.orders import Bools, Floats, Ints

_MOST_STEPS = 30
_CLOSE = 1e-6
_RIDGE = 1e-3


def conditional_logit(features: Floats, chosen: Bools, starts: Ints) -> Floats:
    """Fit the weights of a conditional logit by Newton's method [1]_.

    Each group (a customer) chooses among its own rows: only differences within the group count, so that customers
    who buy more weigh by the root of what they bought and shift nothing.

    Parameters
    ----------
    features
        Shape (rows, features).
    chosen
        Rows that were bought, shape (rows,).
    starts
        First row of each group, ascending, each group with at least one row.

    Returns
    -------
    Weights, shape (features,); zeros where nothing was chosen.

    Examples
    --------
    Of two products, one is dearer by 1; three customers of four take it, so its weight is log 3.

    >>> features = np.tile([[1.0], [0.0]], (4000, 1))
    >>> chosen = np.tile([True, False, True, False, True, False, False, True], 1000)
    >>> conditional_logit(features, chosen, np.arange(0, 8000, 2)).round(2)
    array([1.1])

    References
    ----------
    .. [1] McFadden (1974), Conditional logit analysis of qualitative choice behavior.
    """
    if not chosen.any():
        return np.zeros(features.shape[1])
    spread = features.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    scaled = (features - features.mean(axis=0)) / scale
    n_chosen = np.add.reduceat(chosen.astype(np.float64), starts)
    groups = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(features))))
    weight = np.sqrt(n_chosen)
    taken = np.where(chosen, 1 / np.sqrt(np.maximum(n_chosen, 1))[groups], 0.0) @ scaled
    weights = np.zeros(features.shape[1])
    value, gradient, curvature = _slopes(weights, scaled, taken, weight, groups, starts)
    for _ in range(_MOST_STEPS):
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while True:
            tried = weights + size * step
            new = _slopes(tried, scaled, taken, weight, groups, starts)
            if new[0] >= value or size < _CLOSE:
                break
            size /= 2
        gained = new[0] - value
        weights, (value, gradient, curvature) = tried, new
        if gained < _CLOSE * abs(value):
            break
    return weights / scale


def _slopes(
    weights: Floats, features: Floats, taken: Floats, weight: Floats, groups: Ints, starts: Ints
) -> tuple[float, Floats, Floats]:
    """Give the penalised log likelihood, its gradient and minus its second derivative."""
    score = features @ weights
    top = np.maximum.reduceat(score, starts)
    share = np.exp(score - top[groups])
    total = np.add.reduceat(share, starts)
    share /= total[groups]
    ridge = _RIDGE * weight.sum()
    value = float(taken @ weights - weight @ (np.log(total) + top) - 0.5 * ridge * weights @ weights)
    weighted = features * (share * weight[groups])[:, None]
    expected = np.add.reduceat(features * share[:, None], starts, axis=0)
    gradient = taken - weight @ expected - ridge * weights
    curvature = features.T @ weighted - (expected * weight[:, None]).T @ expected
    return value, gradient, curvature + ridge * np.eye(len(weights))
