"""Gain: what share of all yes stands among the first customers of a list, and how sure that is.

Customers with the same score are taken in equal parts, so that no order of rows flatters a model. Everything is counted on
levels of the score, which keeps a million customers as cheap as a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from nextbest.models.propensity.core.examples import Bools, Floats, Ints

DEPTHS: Final = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Shares of customers taken from the top."""
_DRAWS: Final = 1000
_MOST_BINS: Final = 200
_FEW: Final = 5
_ENDS: Final = (2.5, 97.5)
_SURE: Final = 1.959963984540054


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Customers with the same score, highest first.

    Examples
    --------
    >>> levels = levels_of(np.array([True, False, True, False]), np.array([0.9, 0.5, 0.5, 0.1]))
    >>> levels.n.tolist(), levels.n_positive.tolist()
    ([1, 2, 1], [1, 1, 0])
    """

    n: Ints
    """Customers, shape (n_levels,)."""
    n_positive: Ints
    """Yes among them."""
    place: Ints
    """Level of each customer, shape (n_customers,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Gain at each of :data:`DEPTHS`."""

    n: Ints
    """Customers taken."""
    n_positive: Ints
    """Yes among them, expected where a tie is cut."""
    gain: Floats
    """Share of all yes, 0-1."""
    low: Floats
    """95 % interval of gain, lower end."""
    high: Floats
    """Upper end."""


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much the gain of one list exceeds that of another, on the same customers."""

    value: float
    low: float
    """95 % interval, lower end."""
    high: float


def levels_of(target: Bools, score: Floats) -> Levels:
    """Count customers and yes by score; a missing score is the lowest."""
    lowest_last = -np.where(np.isnan(score), -np.inf, score)
    _, place, n = np.unique(lowest_last, return_inverse=True, return_counts=True)
    n_positive = np.bincount(place, weights=target, minlength=len(n)).astype(np.int64)
    return Levels(n.astype(np.int64), n_positive, place.astype(np.int64))


def curve_of(levels: Levels, seed: int) -> Curve:
    """Measure gain at every depth.

    A perfect list holds all yes as soon as it is as long as they are many; a list by chance holds the share of its depth.

    Parameters
    ----------
    levels
        With at least one yes and one no.
    seed
        Of the bootstrap.

    Examples
    --------
    >>> target = np.arange(1000) < 100
    >>> curve = curve_of(levels_of(target, target.astype(float)), seed=0)
    >>> curve.gain[3], curve.n[3], curve.n_positive[3]
    (np.float64(1.0), np.int64(100), np.int64(100))
    """
    depths = np.array(DEPTHS)
    gain = gain_at(levels, depths)
    low, high = _bootstrap(levels, depths, seed)
    least, most = _reach_of_few(levels, depths, gain)
    n, n_positive = _rounded(depths * levels.n.sum()), _rounded(gain * levels.n_positive.sum())
    return Curve(n, n_positive, gain, np.minimum(low, least), np.maximum(high, most))


def gain_at(levels: Levels, depths: Floats) -> Floats:
    """Give the share of all yes within each depth; a tie that is cut gives its share.

    Examples
    --------
    >>> tied = levels_of(np.array([True, False, False, False]), np.zeros(4))
    >>> gain_at(tied, np.array([0.5]))
    array([0.5])
    """
    return np.interp(depths, _shares(levels.n), _shares(levels.n_positive))


def gain_difference(target: Bools, better: Floats, plain: Floats, depth: float) -> Difference:
    """Compare two lists by the yes that each holds within a depth.

    The yes are a sample; which customers stand above the cut is taken as given.

    Parameters
    ----------
    target, better, plain
        Answers and the two scores, shape (n,).
    depth
        Share of customers taken, 0-1.

    Examples
    --------
    >>> target = np.arange(100) % 4 == 0
    >>> perfect, useless = target.astype(float), np.zeros(100)
    >>> round(gain_difference(target, perfect, useless, 0.2).value, 12)
    0.6
    """
    held = _taken(levels_of(target, better), depth) - _taken(levels_of(target, plain), depth)
    own = held[target]
    reach = _SURE * own.std() / max(len(own) - 1, 1) ** 0.5
    value = float(own.mean())
    return Difference(value, value - float(reach), value + float(reach))


def wilson(share: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Give the 95 % interval of a share (Wilson 1927).

    Examples
    --------
    >>> low, high = wilson(np.array([0.0]), np.array([10.0]))
    >>> round(float(high[0]), 4)
    0.2775
    """
    squared = _SURE**2
    middle = (share + squared / (2 * n)) / (1 + squared / n)
    reach = _SURE * np.sqrt(share * (1 - share) / n + squared / (4 * n**2)) / (1 + squared / n)
    return np.clip(middle - reach, 0, share), np.clip(middle + reach, share, 1)


def _taken(levels: Levels, depth: float) -> Floats:
    """Give the part of each customer that is taken: 1 above the cut, 0 below, a share within a tie."""
    above = np.cumsum(levels.n) - levels.n
    part = np.clip((depth * levels.n.sum() - above) / levels.n, 0, 1)
    return np.asarray(part[levels.place], dtype=np.float64)


def _bootstrap(levels: Levels, depths: Floats, seed: int) -> tuple[Floats, Floats]:
    """Draw yes and no anew, each as many as there are."""
    rng = np.random.default_rng(seed)
    n, n_positive = _binned(levels)
    m = int(n_positive.sum())
    positive = rng.multinomial(m, n_positive / m, size=_DRAWS)
    negative = rng.multinomial(int(n.sum()) - m, (n - n_positive) / (n.sum() - m), size=_DRAWS)
    gains = np.empty((_DRAWS, len(depths)))
    for draw, (yes, no) in enumerate(zip(positive, negative, strict=True)):
        gains[draw] = np.interp(depths, _shares(yes + no), _shares(yes))
    low, high = np.percentile(gains, _ENDS, axis=0)
    return low, high


def _reach_of_few(levels: Levels, depths: Floats, gain: Floats) -> tuple[Floats, Floats]:
    """Give Wilson's interval where few yes stand on one side of the cut; elsewhere gain itself.

    What never occurs among them cannot be drawn: a list that happens to hold all of twelve yes would look certain.
    """
    m = float(levels.n_positive.sum())
    is_few = (np.minimum(gain, 1 - gain) * m < _FEW) & (depths < 1)
    low, high = wilson(gain, np.full_like(gain, m))
    return np.where(is_few, low, gain), np.where(is_few, high, gain)


def _binned(levels: Levels) -> tuple[Ints, Ints]:
    """Put neighbouring levels together, so that few remain."""
    middle = (np.cumsum(levels.n) - levels.n / 2) / levels.n.sum()
    start = np.unique((middle * _MOST_BINS).astype(np.int64), return_index=True)[1]
    return np.add.reduceat(levels.n, start), np.add.reduceat(levels.n_positive, start)


def _shares(counts: Ints) -> Floats:
    """Give running shares of the whole, from 0."""
    summed = np.concatenate([[0], np.cumsum(counts)])
    return np.asarray(summed / summed[-1], dtype=np.float64)


def _rounded(counts: Floats) -> Ints:
    # Half up, and blind to the last bit: 0.15 x 20 is 3.
    return np.floor(np.round(counts, 9) + 0.5).astype(np.int64)
