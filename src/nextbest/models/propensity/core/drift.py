"""Drift: are the customers that are scored like those the model learnt from, and did the rule hold over time?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nextbest.models.propensity.core.examples import Bools, Floats, Ints
from nextbest.models.propensity.core.gains import levels_of
from nextbest.models.propensity.core.judging import Auc, auc_of

DRIFTED: Final = 0.25
"""Population stability index from which a column has drifted."""
FEWEST: Final = 50
"""Customers that each side needs."""
_BINS: Final = 10
_MOST_LEVELS: Final = 50
_EMPTY: Final = 0.5
"""Customers that an empty bin counts for, so that its logarithm exists."""


@dataclass(frozen=True, slots=True)
class Order:
    """How a model does when it learns from other parts of the file than it is judged on."""

    ordered: Auc
    """Folds in the order of the file."""
    shuffled: Auc
    """As many folds, drawn by chance."""

    @property
    def has_drifted(self) -> bool:
        """Tell whether the ordered folds fall by more than the interval of either."""
        return self.ordered.high < self.shuffled.value and self.ordered.value < self.shuffled.low


def stability_index(before: NDArray[Any], now: NDArray[Any]) -> float | None:
    """Compare how one column is spread among two groups of customers: the population stability index.

    Numbers are compared by tenths of ``before``, anything else by level (all beyond the 50 most frequent together), missing values
    apart. Two samples of the same customers differ by chance by about (bins - 1) (1 / n_before + 1 / n_now): that much is taken off.
    Below 0.1 little has changed, above 0.25 much [1]_.

    Parameters
    ----------
    before, now
        Numbers with NaN, or strings with ``None``, shapes (n,) and (m,).

    Returns
    -------
    float or None
        ``None`` with fewer than 50 customers on either side.

    Examples
    --------
    >>> ages = np.arange(1000.0) % 60
    >>> stability_index(ages, ages)
    0.0
    >>> round(stability_index(ages, ages + 20), 2)
    1.98

    References
    ----------
    .. [1] Siddiqi (2006), Credit Risk Scorecards, Wiley; the expectation by chance: Yurdakul, Naranjo (2020), Statistical
       properties of the population stability index, Journal of Risk Model Validation 14.
    """
    if min(len(before), len(now)) < FEWEST:
        return None
    are_numbers = all(side.dtype.kind == "f" for side in (before, now))
    counts = _by_bin(before, now) if are_numbers else _by_level(before, now)
    shares = [np.maximum(side, _EMPTY) / side.sum() for side in counts]
    index = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    by_chance = (len(counts[0]) - 1) * (1 / len(before) + 1 / len(now))
    return max(index - by_chance, 0.0)


def order_of(
    target: Bools, fit_predict: Callable[[Ints, Ints], Floats], *, n_folds: int = 3, seed: int = 0
) -> Order | None:
    """Judge a model by folds in the order of the file, and by as many shuffled ones.

    Where the file is in order of time, the first says how the model would do on customers of another season.

    Parameters
    ----------
    target
        Answers in the order of the file, shape (n,).
    fit_predict
        Learns from the rows of its first argument and gives the probabilities of those of its second.
    n_folds
        Parts of the file.
    seed
        Of the shuffling.

    Returns
    -------
    Order or None
        ``None`` where some part of the file has only one answer.

    Examples
    --------
    >>> target = np.arange(300) % 3 == 0
    >>> order_of(target, lambda learnt, asked: target[asked].astype(float)).ordered.value
    1.0
    """
    place = np.arange(len(target)) * n_folds // len(target)
    shuffled = np.random.default_rng(seed).permutation(place)
    aucs = [_auc_of_folds(target, folds, fit_predict) for folds in (place, shuffled)]
    return None if aucs[0] is None or aucs[1] is None else Order(aucs[0], aucs[1])


def interval_of(value: float, n: int, n_positive: int) -> Auc:
    """Give the 95 % interval of an AUC that is known by its value only (Hanley, McNeil 1982).

    Examples
    --------
    >>> near = interval_of(0.75, n=1000, n_positive=150)
    >>> round(near.low, 3), round(near.high, 3)
    (0.703, 0.797)
    """
    n_negative, square = n - n_positive, value * value
    q1, q2 = value / (2 - value), 2 * square / (1 + value)
    spread = value * (1 - value) + (n_positive - 1) * (q1 - square) + (n_negative - 1) * (q2 - square)
    reach = 1.959963984540054 * (spread / (n_positive * n_negative)) ** 0.5
    return Auc(value, max(value - reach, 0.0), min(value + reach, 1.0))


def _auc_of_folds(target: Bools, folds: Ints, fit_predict: Callable[[Ints, Ints], Floats]) -> Auc | None:
    """Pool the folds' AUCs: their mean, as scores of different fits are not comparable."""
    parts = []
    for fold in np.unique(folds):
        learnt, asked = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if any(len(np.unique(target[rows])) < 2 for rows in (learnt, asked)):  # noqa: PLR2004
            return None
        parts.append(auc_of(levels_of(target[asked], fit_predict(learnt, asked))))
    value = float(np.mean([part.value for part in parts]))
    return interval_of(value, len(target), int(target.sum()))


def _by_bin(before: NDArray[Any], now: NDArray[Any]) -> tuple[Floats, Floats]:
    known = before[np.isfinite(before)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(known) else np.empty(0)
    sides = [
        np.where(np.isnan(side), len(edges) + 1, np.searchsorted(edges, side, side="right"))
        for side in (before, now)
    ]
    return _counts(sides[0], sides[1])


def _by_level(before: NDArray[Any], now: NDArray[Any]) -> tuple[Floats, Floats]:
    texts = [np.array(["" if value is None else str(value) for value in side]) for side in (before, now)]
    names, place = np.unique(np.concatenate(texts), return_inverse=True)
    frequency = np.bincount(place[: len(before)], minlength=len(names))
    rank = np.argsort(np.argsort(-frequency, kind="stable"))
    grouped = np.minimum(rank, _MOST_LEVELS)[place]
    return _counts(grouped[: len(before)], grouped[len(before) :])


def _counts(before: Ints, now: Ints) -> tuple[Floats, Floats]:
    """Count the bins that either side has."""
    n = int(max(before.max(), now.max())) + 1
    counts = [np.bincount(side, minlength=n).astype(np.float64) for side in (before, now)]
    is_used = counts[0] + counts[1] > 0
    return counts[0][is_used], counts[1][is_used]
