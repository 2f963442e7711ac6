"""What the model goes by: how well each column separates yes from no alone, how much of the model it carries, and which way.

A column that alone separates the target nearly perfectly knows the answer; one that carries over half of the model may have been
filled in afterwards. Both are questions to a person who knows the data, not verdicts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from nextbest.models.propensity.core.examples import Bools, Floats, Ints
from nextbest.models.propensity.core.gains import levels_of
from nextbest.models.propensity.core.judging import auc_of

SUSPECT_SHARE: Final = 0.5
"""A factor that carries more than this share is asked about,"""
SUSPECT_TOGETHER: Final = (0.4, 0.2)
"""and one that carries more than the first where its loss costs more than the second."""
_MOST_OF_A_KIND: Final = 20_000
"""Yes, and no, that a column's own AUC is measured on: its standard error stays below 0.003."""
_FOLDS: Final = 5
_PRIOR_ROWS: Final = 2.0
"""Rows at the overall rate that every level's rate starts with."""
_NUMBER_BINS: Final = 20
_CLEAR: Final = 0.3
"""Rank correlation from which a factor has a direction."""
_FEWEST_OF_LEVEL: Final = 0.005
"""Share of the customers that a level needs to be named."""


@dataclass(frozen=True, slots=True)
class Weight:
    """How much of the model one factor carries, and which way."""

    strength: float
    """Share of the distance between yes and no, 0-1."""
    direction: str
    """``higher``, ``lower`` (dates: ``later``, ``earlier``), ``mixed``, or the level that raises the probability most."""
    loss: float = 0.0
    """Share of the AUC above chance that is lost without its contribution; only of a strong factor."""

    def of_dates(self) -> Weight:
        """Say the direction of a date that was read as days before the newest.

        Examples
        --------
        >>> Weight(0.5, "lower").of_dates().direction
        'later'
        """
        return replace(
            self, direction={"higher": "earlier", "lower": "later"}.get(self.direction, self.direction)
        )

    @property
    def is_suspect(self) -> bool:
        """Tell whether it carries so much that one should ask whether it was known before."""
        strong, dear = SUSPECT_TOGETHER
        return self.strength > SUSPECT_SHARE or (self.strength > strong and self.loss > dear)


def separation(values: NDArray[Any], target: Bools) -> float:
    """Measure how well one column alone separates yes from no: an AUC from 0.5 to 1.

    A number counts by its order, either way and with missing values at either end, or by the rates of yes in twenty bins where
    these tell more. Anything else counts by the rate of yes of its levels among *other* rows: an id with a level of its own for
    every row tells nothing about others and gets 0.5.

    Parameters
    ----------
    values
        Numbers with NaN, or strings with ``None`` where missing, shape (n,).
    target
        Answers, shape (n,).

    Examples
    --------
    >>> target = np.arange(100) < 30
    >>> separation(np.where(target, 1.0, np.nan), target)
    1.0
    >>> separation(np.array([f"c{place}" for place in range(100)], dtype=object), target)
    0.5
    """
    rows = _sample(target)
    some, answers = values[rows], target[rows]
    if not 0 < answers.sum() < len(answers):
        return 0.5
    if some.dtype == object:
        return _by_level(_codes(some), answers)
    return max(_by_order(some.astype(np.float64), answers), _by_level(_bins(some), answers))


def weights_of(
    contributions: Floats, target: Bools, values: list[NDArray[Any]], *, overall: float | None = None
) -> list[Weight]:
    """Share out what the model knows among its factors.

    The log-odds of a customer are the sum of the factors' contributions, so the mean distance between yes and no is the sum of the
    factors' own distances; each factor's strength is its share of those that point the right way. Shares of split gain or of mean
    absolute contribution count noise as well and spread over many columns; the fall in AUC after shuffling counts twice what two
    factors only know together. A model's own rows flatter its weak factors, so a strong one is also judged by what its loss costs.
    Carried and lost: ``PageValues`` of online shoppers 0.66 and 0.3, ``duration`` of bank marketing 0.45-0.5 and 0.25; of the strongest
    factors of eight other models none more than 0.36 and 0.07.

    Parameters
    ----------
    contributions
        What each factor adds to the log-odds, shape (n, n_factors).
    target
        Answers, shape (n,).
    values
        Each factor's raw values, shape (n,).
    overall
        Share of yes among all, where the rows were drawn by their answer; by default that of these rows.

    Examples
    --------
    >>> target = np.array([True, True, False, False])
    >>> added = np.array([[1.0, 0.0], [1.0, 0.1], [-1.0, 0.1], [-1.0, 0.0]])
    >>> weights_of(added, target, [np.array([5.0, 6.0, 1.0, 2.0]), np.array(["a", "b", "b", "a"], dtype=object)])
    [Weight(strength=1.0, direction='higher', loss=1.0), Weight(strength=0.0, direction='b', loss=0.0)]
    """
    distance = contributions[target].mean(axis=0) - contributions[~target].mean(axis=0)
    kept = np.where(distance > 1e-12, distance, 0.0)  # noqa: PLR2004 - what is left of sums that cancel
    share = kept / kept.sum() if kept.sum() else np.zeros(len(kept))
    rate = target.mean() if overall is None else overall
    by_row = np.where(target, rate / target.mean(), (1 - rate) / (1 - target.mean()))
    return [
        Weight(
            float(share[place]),
            direction_of(raw, contributions[:, place], by_row),
            _loss(contributions, place, target) if share[place] > SUSPECT_TOGETHER[0] else 0.0,
        )
        for place, raw in enumerate(values)
    ]


def _loss(contributions: Floats, place: int, target: Bools) -> float:
    """Compare the AUC with and without one factor's contribution."""
    whole = contributions.sum(axis=1)
    auc, without = (
        auc_of(levels_of(target, np.round(score, 12))).value
        for score in (whole, whole - contributions[:, place])
    )
    return (auc - without) / (auc - 0.5) if auc > 0.5 else 0.0  # noqa: PLR2004 - chance


def direction_of(values: NDArray[Any], added: Floats, weights: Floats) -> str:
    """Say which way a factor works.

    Numbers: the rank correlation of value and contribution, from 0.3 on; missing values do not count. Anything else: the level whose
    customers are raised most, among levels with half a per cent of the customers or more.

    Parameters
    ----------
    values
        Numbers, or strings with ``None``, shape (n,).
    added
        What the factor adds to each customer's log-odds.
    weights
        What each row stands for.

    Examples
    --------
    >>> direction_of(np.array([1.0, 2.0, 3.0]), np.array([0.3, 0.2, 0.1]), np.ones(3))
    'lower'
    >>> direction_of(np.array([1.0, 2.0, 3.0]), np.array([0.3, -0.6, 0.3]), np.ones(3))
    'mixed'
    """
    if values.dtype == object:
        return _highest_level(values, added, weights)
    known = np.isfinite(values.astype(np.float64))
    if known.sum() < 2:  # noqa: PLR2004
        return "mixed"
    ranks, effects = rankdata(values[known]), rankdata(np.round(added[known], 12))
    if not ranks.std() or not effects.std():
        return "mixed"
    together = float(np.corrcoef(ranks, effects)[0, 1])
    if abs(together) < _CLEAR:
        return "mixed"
    return "higher" if together > 0 else "lower"


def _highest_level(values: NDArray[Any], added: Floats, weights: Floats) -> str:
    levels = np.array(["" if value is None else str(value) for value in values])
    names, place = np.unique(levels, return_inverse=True)
    n = np.bincount(place, weights=weights)
    mean = np.bincount(place, weights=weights * added) / n
    is_named = (n >= _FEWEST_OF_LEVEL * n.sum()) & (names != "")
    if not is_named.any():
        return "mixed"
    return str(names[np.argmax(np.where(is_named, np.round(mean, 12), -np.inf))])


def _sample(target: Bools) -> Ints:
    """Take every row, or evenly spaced ones where yes or no are very many."""
    parts = []
    for answer in (True, False):
        rows = np.flatnonzero(target == answer)
        step = -(-len(rows) // _MOST_OF_A_KIND) or 1
        parts.append(rows[::step])
    return np.sort(np.concatenate(parts))


def _by_order(values: Floats, target: Bools) -> float:
    """Take the better of both ways, with missing values first or last."""
    missing = np.isnan(values)
    known = np.where(missing, 0.0, values)
    ends = (known.min() - 1, known.max() + 1) if missing.any() else (0.0,)
    aucs = [auc_of(levels_of(target, np.where(missing, end, known))).value for end in ends]
    return max(*aucs, 1 - min(aucs))


def _by_level(place: Ints, target: Bools) -> float:
    """Score each row by the rate of yes of its level in the other folds."""
    fold = _folds(target)
    n_levels, rate = int(place.max()) + 1, float(target.mean())
    n = np.zeros((_FOLDS, n_levels))
    np.add.at(n, (fold, place), 1)
    yes = np.zeros((_FOLDS, n_levels))
    np.add.at(yes, (fold, place), target)
    others_n, others_yes = n.sum(axis=0) - n, yes.sum(axis=0) - yes
    rates = (others_yes + _PRIOR_ROWS * rate) / (others_n + _PRIOR_ROWS)
    return max(auc_of(levels_of(target, np.round(rates[fold, place], 12))).value, 0.5)


def _folds(target: Bools) -> Ints:
    """Deal yes and no out in turn."""
    fold = np.empty(len(target), dtype=np.int64)
    for answer in (True, False):
        rows = np.flatnonzero(target == answer)
        fold[rows] = np.arange(len(rows)) % _FOLDS
    return fold


def _codes(values: NDArray[Any]) -> Ints:
    """Give each level a number; missing is one of its own."""
    texts = np.array(["" if value is None else str(value) for value in values])
    return np.unique(texts, return_inverse=True)[1].astype(np.int64)


def _bins(values: NDArray[Any]) -> Ints:
    """Give each twentieth of the known values a number; missing is a bin of its own."""
    numbers = values.astype(np.float64)
    known = np.isfinite(numbers)
    if not known.any():
        return np.zeros(len(numbers), dtype=np.int64)
    edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, _NUMBER_BINS + 1)[1:-1]))
    return np.where(known, np.searchsorted(edges, numbers, side="right"), len(edges) + 1).astype(np.int64)
