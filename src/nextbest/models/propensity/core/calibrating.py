"""Calibration: log-odds bent so that of customers told 10 % one in ten says yes, where the data ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from nextbest.models.propensity.core.examples import Bools, Floats, Ints

Fit: TypeAlias = Callable[[Floats, Bools], "Calibration"]
_LEAST_SLOPE: Final = 0.05
_SMALL: Final = 1e-9
_FEWEST: Final = 30
"""With fewer yes or no, a calibration cannot be told from chance."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A bend of the log-odds with one slope below even odds and one above; the order of the customers stays as it is.

    Examples
    --------
    >>> Calibration(intercept=0.0, below=1.0, above=1.0)(np.array([-2.0, 3.0]))
    array([-2.,  3.])
    """

    intercept: float = 0.0
    below: float = 1.0
    above: float = 1.0

    def __call__(self, margin: Floats) -> Floats:
        """Bend log-odds."""
        low, high = _sides(margin)
        return np.asarray(self.intercept + self.below * low + self.above * high, dtype=np.float64)

    def bend(self, margin: Floats, terms: Floats) -> Floats:
        """Stretch what factors add so that it still sums up, shape (n, n_factors)."""
        total = terms.sum(axis=1)
        is_small = np.abs(total) < _SMALL
        added = np.where(is_small, 1.0, self(margin) - self(margin - total))
        return terms * (added / np.where(is_small, 1.0, total))[:, None]


def _sides(margin: Floats) -> tuple[Floats, Floats]:
    """Split log-odds into logarithms of the probability and of its opposite; they sum up to the log-odds."""
    return -np.logaddexp(0.0, -margin), np.logaddexp(0.0, margin)


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


def fit_line(margin: Floats, target: Bools) -> Calibration:
    """Fit intercept and one slope by maximum likelihood [1]_.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.normal(size=20_000)
    >>> told_too_boldly = fit_line(2 * truth, rng.random(20_000) < probability_of(truth - 1))
    >>> round(told_too_boldly.intercept, 1), round(told_too_boldly.below, 1)
    (-1.0, 0.5)

    References
    ----------
    .. [1] Platt (1999), Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods.
    """
    intercept, slope = _logistic(margin[:, None], target)
    return Calibration(intercept, slope, slope)


def fit_bend(margin: Floats, target: Bools) -> Calibration:
    """Fit intercept and both slopes by maximum likelihood: beta calibration [1]_.

    References
    ----------
    .. [1] Kull, Silva Filho, Flach (2017), Beta calibration: a well-founded and easily implemented improvement on logistic
       calibration for binary classifiers. AISTATS.
    """
    return Calibration(*_logistic(np.column_stack(_sides(margin)), target))


def _logistic(sides: NDArray[np.float64], target: Bools) -> list[float]:
    """Give intercept and slopes; where nothing can be learnt, those that change nothing."""
    from sklearn.linear_model import LogisticRegression

    centre, spread = sides.mean(axis=0), sides.std(axis=0)
    if not spread.all() or min(target.sum(), (~target).sum()) < _FEWEST:
        return [0.0, *np.ones(sides.shape[1])]
    model = LogisticRegression(C=1e4, tol=1e-8, max_iter=3000).fit((sides - centre) / spread, target)
    slopes = np.maximum(model.coef_[0] / spread, _LEAST_SLOPE)
    return [float(model.intercept_[0] - slopes @ centre), *slopes.tolist()]


def cross_fit(margin: Floats, target: Bools, parts: Ints, fit: Fit) -> Floats:
    """Calibrate each part by what the other parts show.

    Parameters
    ----------
    margin
        Out-of-fold log-odds, shape (n,).
    target
        Answers.
    parts
        Fold of each customer, shape (n,).
    fit
        :func:`fit_line` or :func:`fit_bend`.
    """
    bent = np.empty_like(margin)
    for part in np.unique(parts):
        own = parts == part
        bent[own] = fit(margin[~own], target[~own])(margin[own])
    return bent


def calibrate(margin: Floats, target: Bools, parts: Ints) -> tuple[Floats, Calibration]:
    """Calibrate not at all, by a line, or by a bend: the least cross-validated log-loss, or a simpler way that ties with it.

    A tie is a paired difference within one standard error. The fits that are judged learn from fewer customers than the one that is
    kept, and so tell them apart less well: a bend that follows their chance would pull the kept model's probabilities the wrong way.

    Returns
    -------
    tuple
        Out-of-fold log-odds, calibrated out of fold; and the calibration of the final model.
    """
    ways: list[tuple[Floats, Fit]] = [(margin, lambda *_: Calibration())]
    ways += [(cross_fit(margin, target, parts, fit), fit) for fit in (fit_line, fit_bend)]
    lost = [losses(bent, target) for bent, _ in ways]
    best = min(lost, key=lambda loss: float(loss.mean()))
    chosen, fit = next(way for way, loss in zip(ways, lost, strict=True) if ties(loss - best))
    return chosen, fit(margin, target)


def ties(worse: Floats) -> bool:
    """Tell whether paired differences of loss average to no more than one standard error.

    Examples
    --------
    >>> ties(np.array([0.1, -0.1, 0.1])), ties(np.array([0.1, 0.2, 0.1]))
    (True, False)
    """
    return bool(worse.mean() <= worse.std() / np.sqrt(len(worse)))
