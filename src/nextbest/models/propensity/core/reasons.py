"""Reasons: which factors raise and lower a customer's probability most, and how the customer's value compares with others'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nextbest.models.propensity.core.examples import Floats, Ints
from nextbest.models.propensity.spec import SAYINGS, Reason

RAISING: Final = 3
"""Factors named that raise the probability."""
_LEAST: Final = 0.01
"""Log-odds that a factor must add or take to be named."""
_FEW_VALUES: Final = 5
_TENTH: Final = 0.9
_MOST: Final = 0.5
_DAYS: Final = {"highest": "earliest", "higher": "earlier", "lower": "later", "lowest": "latest"}


@dataclass(frozen=True, slots=True, eq=False)
class Reasons:
    """Up to three factors that raise and one that lowers, for some customers."""

    factors: tuple[str, ...]
    row: Ints
    """Places of the customers among those scored, shape (k,)."""
    factor: Ints
    """Shape (k, 4): which factor, the one that lowers last; -1: none."""
    adds: Floats
    """Shape (k, 4): what it adds to the log-odds."""
    saying: Ints
    """Shape (k, 4): which of :data:`~nextbest.models.propensity.spec.SAYINGS`."""
    values: Mapping[str, NDArray[Any]]
    """Each factor's values as they stand in the data, shape (k,)."""

    def __iter__(self) -> Iterator[list[Reason]]:
        """Give each customer's reasons, the strongest first, the one that lowers last."""
        values = [self.values[name].tolist() for name in self.factors]
        lists = zip(self.factor.tolist(), self.saying.tolist(), self.adds.tolist(), strict=True)
        for at, (factor, saying, adds) in enumerate(lists):
            yield [
                Reason(self.factors[which], values[which][at], SAYINGS[how], much)
                for which, how, much in zip(factor, saying, adds, strict=True)
                if which >= 0
            ]


def reasons_of(
    contributions: Floats,
    row: Ints,
    *,
    shown: Mapping[str, NDArray[Any]],
    read: Mapping[str, NDArray[Any]],
    population: Mapping[str, NDArray[Any]],
    days: Sequence[str] = (),
) -> Reasons:
    """Pick each customer's reasons.

    Parameters
    ----------
    contributions
        What each factor adds to the log-odds, shape (k, n_factors).
    row
        Places of the customers among those scored.
    shown
        Values as they stand in the data; its order is that of the factors.
    read
        The same as numbers (dates: days before the newest), or texts.
    population
        Values of the customers that the model learnt from, to compare with.
    days
        Factors that are dates.

    Examples
    --------
    >>> fees = np.array([95.0])
    >>> why = reasons_of(
    ...     np.array([[0.4]]), np.array([0]), shown={"fee": fees}, read={"fee": fees}, population={"fee": np.arange(100.0)}
    ... )
    >>> why.factor.tolist(), [SAYINGS[place] for place in why.saying[0]]
    ([[0, -1, -1, -1]], ['highest', 'is', 'is', 'is'])
    """
    factor, adds = _picked(contributions)
    sayings = np.stack([_sayings(read[name], population[name]) for name in shown], axis=1) if shown else None
    saying = np.zeros_like(factor)
    if sayings is not None:
        saying = np.where(factor >= 0, np.take_along_axis(sayings, np.maximum(factor, 0), axis=1), 0)
    is_day = np.isin(factor, [place for place, name in enumerate(shown) if name in set(days)])
    as_days = np.array([SAYINGS.index(_DAYS.get(name, name)) for name in SAYINGS])
    return Reasons(tuple(shown), row, factor, adds, np.where(is_day, as_days[saying], saying), shown)


def _picked(contributions: Floats) -> tuple[Ints, Floats]:
    """Take the three that add most and the one that takes most; fewer where fewer matter."""
    k, n_factors = contributions.shape
    order = np.argsort(-contributions, axis=1, kind="stable")
    factor = np.full((k, RAISING + 1), -1, dtype=np.int64)
    n_raising = min(RAISING, n_factors)
    factor[:, :n_raising] = order[:, :n_raising]
    if n_factors:
        factor[:, RAISING] = order[:, -1]
    adds = (
        np.take_along_axis(contributions, np.maximum(factor, 0), axis=1)
        if n_factors
        else np.zeros(factor.shape)
    )
    matters = (factor >= 0) & np.append(adds[:, :RAISING] > _LEAST, adds[:, RAISING:] < -_LEAST, axis=1)
    return np.where(matters, factor, -1), np.where(matters, adds, 0.0)


def _sayings(values: NDArray[Any], population: NDArray[Any]) -> Ints:
    """Tell how each value compares with those of others."""
    if values.dtype == object:
        is_missing = np.array([value is None or value == "" for value in values], dtype=np.bool_)
        return np.where(is_missing, SAYINGS.index("missing"), 0)
    known = np.sort(population[~np.isnan(population)].astype(np.float64))
    is_missing = np.isnan(values.astype(np.float64))
    if len(np.unique(known)) <= _FEW_VALUES:
        return np.where(is_missing, SAYINGS.index("missing"), 0)
    below = np.searchsorted(known, values, side="left") / len(known)
    above = 1 - np.searchsorted(known, values, side="right") / len(known)
    chosen = np.select(
        [is_missing, below >= _TENTH, above >= _TENTH, below > _MOST, above > _MOST],
        [SAYINGS.index(name) for name in ("missing", "highest", "lowest", "higher", "lower")],
        default=0,
    )
    return np.asarray(chosen, dtype=np.int64)
