"""Probability: how likely a listed product is bought within the horizon, learnt from what followed earlier lists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

from nextbest.models.recommend.core.orders import Bools, Floats, Ints

LEAST_PURCHASES = 50
"""With fewer purchases to learn from, probabilities stay unknown."""
_MOST_STEPS = 50
_RIDGE = 1.0
_CLOSE = 1e-8
_N_KNOTS = 50
_DRIFT = 0.1
"""Standard deviation of a shop's level from one window to the next, log odds; measured on three shops."""
_TREND = 0.2
"""Share of the last change of level that goes on."""
_CLUSTERING = 2.0
"""A customer's purchases come together: so many count as one when a window's level is judged."""


@dataclass(frozen=True, slots=True)
class Chance:
    """A logistic score and the probabilities that such scores turned out to have."""

    centre: Floats
    spread: Floats
    weights: Floats
    """Intercept first."""
    knots: Floats
    """Scores, ascending."""
    shares: Floats
    """Share that was bought at each knot."""

    def __call__(self, features: NDArray[np.float32]) -> Floats:
        """Give the probability of each row."""
        score = _scaled(features, self.centre, self.spread) @ self.weights[1:] + self.weights[0]
        chance: Floats = np.interp(score, self.knots, self.shares)
        return chance


def fit_chance(features: NDArray[np.float32], bought: Bools, window: Ints | None = None) -> Chance | None:
    """Fit a logistic score, then bend it to the shares that were seen, never downwards [1]_.

    Each window has a level of its own, so that a shop that sells more or fewer of its lists from month to month does
    not bend the other weights; the level of the window to come is that of :func:`level_ahead`.

    Parameters
    ----------
    features
        Shape (rows, features).
    bought
        Rows that were bought, shape (rows,).
    window
        Number of each row's window from 0, the earliest; ``None`` where all are of one.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> feature = rng.normal(size=(20_000, 1)).astype(np.float32)
    >>> chance = fit_chance(feature, rng.random(20_000) < 0.3 * (feature[:, 0] > 0) + 0.1)
    >>> chance(np.array([[-1], [1]], np.float32)).round(1)
    array([0.1, 0.4])

    References
    ----------
    .. [1] Zadrozny, Elkan (2002), Transforming classifier scores into accurate multiclass probability estimates. KDD.
    """
    if bought.sum() < LEAST_PURCHASES:
        return None
    if window is None:
        window = np.zeros(len(bought), dtype=np.int32)
    wide = features.astype(np.float64)
    centre, spread = wide.mean(axis=0), wide.std(axis=0)
    spread[spread == 0] = 1.0
    n = int(window.max()) + 1
    design = np.concatenate([np.eye(n)[window], _scaled(features, centre, spread)], axis=1)
    weights = _logistic(design, bought, n)
    score = design @ weights
    level = level_ahead(weights[:n], np.bincount(window[bought], minlength=n).astype(np.float64))
    order = np.argsort(score, kind="stable")
    parts = np.array_split(order, min(_N_KNOTS, int(bought.sum()) // 10))
    knots = np.array([score[part].mean() for part in parts])
    seen = np.array([bought[part].mean() for part in parts])
    sizes = np.array([len(part) for part in parts], dtype=np.float64)
    shares = isotonic_regression(seen, weights=sizes).x
    return Chance(centre, spread, np.append(level, weights[n:]), knots, shares)


def level_ahead(levels: Floats, n_bought: Floats) -> float:
    """Say where a shop's level will be: where it is now, smoothed by how surely that is known, and a little further.

    A local level model [1]_: the level drifts by about 0.1 from one window to the next, and a window with few
    purchases says little about it. A fifth of its last change goes on.

    Parameters
    ----------
    levels
        Log odds of each window, the earliest first.
    n_bought
        Purchases that each rests on.

    Examples
    --------
    >>> round(level_ahead(np.array([-2.0, -2.0, -1.8]), np.array([1000.0, 1000.0, 1000.0])), 2)
    -1.79
    >>> round(level_ahead(np.array([-2.0, -2.0, -1.8]), np.array([1000.0, 1000.0, 10.0])), 2)
    -1.99

    References
    ----------
    .. [1] Harvey (1989), Forecasting, structural time series models and the Kalman filter. Cambridge, section 3.2.
    """
    noise = _CLUSTERING / np.maximum(n_bought, 1)
    level, doubt, change = float(levels[0]), float(noise[0]), 0.0
    for seen, error in zip(levels[1:].tolist(), noise[1:].tolist(), strict=True):
        doubt += _DRIFT**2
        gain = doubt / (doubt + error)
        change = gain * (seen - level)
        level += change
        doubt *= 1 - gain
    return level + _TREND * change


def _scaled(features: NDArray[np.float32], centre: Floats, spread: Floats) -> Floats:
    scaled: Floats = (features - centre) / spread
    return scaled


def _logistic(design: Floats, bought: Bools, n_levels: int) -> Floats:
    """Fit a logistic regression by Newton's method; a small penalty draws levels to the mean and weights to zero."""
    n = len(bought)
    rest = np.zeros(design.shape[1])
    rest[:n_levels] = logit(np.clip(bought.mean(), 0.5 / n, 1 - 0.5 / n))
    weights = rest.copy()
    for _ in range(_MOST_STEPS):
        chance = expit(design @ weights)
        gradient = design.T @ (bought - chance) - _RIDGE * (weights - rest)
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + _RIDGE * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < _CLOSE:
            break
    return weights
