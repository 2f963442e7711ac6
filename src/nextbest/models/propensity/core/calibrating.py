"""Calibration: log-odds bent so that of customers told 10 % one in ten says yes, where the data ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit

from nextbest.models.propensity.core.examples import Bools, Floats, Ints

_LEAST_SLOPE: Final = 0.05
_FEWEST: Final = 30
"""With fewer yes or no, a calibration cannot be told from chance."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A straight line through the log-odds: the order of the customers stays as it is."""

    intercept: float = 0.0
    slope: float = 1.0

    def __call__(self, margin: Floats) -> Floats:
        """Bend log-odds."""
        return self.intercept + self.slope * margin


def probability_of(margin: Floats) -> Floats:
    """Turn log-odds into probabilities."""
    return np.asarray(expit(margin), dtype=np.float64)


def losses(margin: Floats, target: Bools) -> Floats:
    """Give each customer's logarithmic loss in nats.

    Examples
    --------
    >>> losses(np.array([0.0, 2.0]), np.array([True, True])).round(3)
    array([0.693, 0.127])
    """
    return np.asarray(np.logaddexp(0.0, np.where(target, -margin, margin)), dtype=np.float64)


def fit_calibration(margin: Floats, target: Bools) -> Calibration:
    """Fit intercept and slope by maximum likelihood [1]_.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.normal(size=20_000)
    >>> told_too_boldly = fit_calibration(2 * truth, rng.random(20_000) < probability_of(truth - 1))
    >>> round(told_too_boldly.intercept, 1), round(told_too_boldly.slope, 1)
    (-1.0, 0.5)

    References
    ----------
    .. [1] Platt (1999), Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods.
    """
    from sklearn.linear_model import LogisticRegression

    centre, spread = float(margin.mean()), float(margin.std())
    if spread == 0 or min(target.sum(), (~target).sum()) < _FEWEST:
        return Calibration()
    model = LogisticRegression(C=1e4, tol=1e-8, max_iter=1000).fit(
        ((margin - centre) / spread)[:, None], target
    )
    slope = max(float(model.coef_[0, 0]) / spread, _LEAST_SLOPE)
    return Calibration(float(model.intercept_[0]) - slope * centre, slope)


def cross_fit(margin: Floats, target: Bools, parts: Ints) -> Floats:
    """Calibrate each part by what the other parts show.

    Parameters
    ----------
    margin
        Out-of-fold log-odds, shape (n,).
    target
        Answers.
    parts
        Fold of each customer, shape (n,).
    """
    bent = np.empty_like(margin)
    for part in np.unique(parts):
        own = parts == part
        bent[own] = fit_calibration(margin[~own], target[~own])(margin[own])
    return bent


def calibrate(margin: Floats, target: Bools, parts: Ints) -> tuple[Floats, Calibration]:
    """Calibrate where that lowers the cross-validated log-loss; else leave the log-odds as they are.

    Returns
    -------
    tuple
        Out-of-fold log-odds, calibrated out of fold; and the calibration of the final model.
    """
    bent = cross_fit(margin, target, parts)
    if losses(bent, target).mean() < losses(margin, target).mean():
        return bent, fit_calibration(margin, target)
    return margin, Calibration()
