"""How good a list is: its order (AUC, gain), its probabilities (log-loss, calibration), and how sure both are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from nextbest.models.propensity.core.examples import Bools, Floats, Ints
from nextbest.models.propensity.core.gains import Curve, Levels, curve_of, gain_at, levels_of, wilson

BINS: Final = 10
_SURE: Final = 1.959963984540054
_LEAST: Final = 1e-15
"""Probabilities are kept this far from 0 and 1, so that one wrong certainty does not cost infinitely much."""


@dataclass(frozen=True, slots=True)
class Auc:
    """Area under the ROC curve: how often a yes stands above a no."""

    value: float
    low: float
    """95 % interval, lower end."""
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Predicted and observed shares by tenths of the customers, lowest first."""

    n: Ints
    predicted: Floats
    observed: Floats
    low: Floats
    """95 % Wilson interval of observed, lower end."""
    high: Floats

    @property
    def error(self) -> float:
        """Mean distance of predicted and observed share, 0-1."""
        return float(np.abs(self.predicted - self.observed).mean())

    @property
    def n_outside(self) -> int:
        """Groups whose predicted share lies outside the interval of the observed one."""
        return int(((self.predicted < self.low) | (self.predicted > self.high)).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What one list was worth on customers that it had not seen."""

    n: int
    n_positive: int
    auc: Auc
    curve: Curve
    top_decile_lift: float
    """Share of yes among the first tenth over the share among all."""
    top20_share: float
    """Share of all yes among the first fifth."""
    log_loss: float | None
    """In nats; ``None``: the score is no probability."""
    calibration: Calibration | None


def judge(target: Bools, score: Floats, *, seed: int, is_probability: bool = True) -> Judgement | None:
    """Judge a score; ``None`` where all say yes, or none.

    Examples
    --------
    >>> target = np.array([True, False] * 50)
    >>> judged = judge(target, np.where(target, 0.8, 0.2), seed=0)
    >>> judged.auc.value, judged.top_decile_lift, round(judged.log_loss, 4), round(judged.calibration.error, 4)
    (1.0, 2.0, 0.2231, 0.2)
    """
    n, n_positive = len(target), int(target.sum())
    if not 0 < n_positive < n:
        return None
    levels = levels_of(target, score)
    top = gain_at(levels, np.array([0.1, 0.2]))
    return Judgement(
        n,
        n_positive,
        auc_of(levels),
        curve_of(levels, seed),
        float(top[0] / 0.1),
        float(top[1]),
        log_loss(target, score) if is_probability else None,
        calibration_of(target, score) if is_probability else None,
    )


def auc_of(levels: Levels) -> Auc:
    """Measure how often a yes stands above a no, ties counting half.

    The interval is that of DeLong, DeLong and Clarke-Pearson (1988, Biometrics 44): each customer's own share of rivals beaten varies
    independently among yes and among no.

    Examples
    --------
    >>> auc_of(levels_of(np.array([True, False, True, False]), np.array([0.9, 0.5, 0.5, 0.1]))).value
    0.875
    """
    yes, no = levels.n_positive, levels.n - levels.n_positive
    beaten = 1 - (np.cumsum(no) - no / 2) / no.sum()
    beaten_by = (np.cumsum(yes) - yes / 2) / yes.sum()
    value = float(np.average(beaten, weights=yes))
    reach = _SURE * (_error(beaten, yes) + _error(beaten_by, no)) ** 0.5
    return Auc(value, max(value - reach, 0.0), min(value + reach, 1.0))


def log_loss(target: Bools, probability: Floats) -> float:
    """Give the mean logarithmic loss in nats.

    Examples
    --------
    >>> round(log_loss(np.array([True, False]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    kept = np.clip(probability, _LEAST, 1 - _LEAST)
    return float(-np.log(np.where(target, kept, 1 - kept)).mean())


def calibration_of(target: Bools, probability: Floats) -> Calibration:
    """Compare predicted and observed shares in ten groups of equal size; a tie that is cut gives its share to both.

    Examples
    --------
    >>> target = np.arange(100) < 20
    >>> calibration_of(target, np.full(100, 0.2)).observed
    array([0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2])
    """
    levels = levels_of(target, -probability)
    total, n_bins = len(target), min(BINS, len(target))
    ends = np.linspace(0, total, n_bins + 1)
    summed = np.bincount(levels.place, weights=probability, minlength=len(levels.n))
    size = np.diff(ends)
    predicted, observed = (
        np.diff(_summed_until(ends, levels.n, part)) / size for part in (summed, levels.n_positive)
    )
    predicted, observed = np.clip(predicted, 0, 1), np.clip(observed, 0, 1)
    low, high = wilson(observed, size)
    return Calibration(np.diff(np.round(ends)).astype(np.int64), predicted, observed, low, high)


def _summed_until(ends: Floats, n: Ints, part: Floats | Ints) -> Floats:
    at = np.concatenate([[0], np.cumsum(n)])
    return np.asarray(np.interp(ends, at, np.concatenate([[0.0], np.cumsum(part)])), dtype=np.float64)


def _error(beaten: Floats, weights: Ints) -> float:
    """Give the squared standard error of a weighted mean of independent customers."""
    n = int(weights.sum())
    spread = float(np.average((beaten - np.average(beaten, weights=weights)) ** 2, weights=weights))
    return spread / max(n - 1, 1)
