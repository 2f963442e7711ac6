"""Scores by rank among the shop's own customers, and the name of each pair of scores."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nextbest.profiles.rfm.spec import SEGMENT_GRID


def score_cuts(values: ArrayLike, bins: int) -> NDArray[np.float64]:
    """Find the least value that earns each score above 1.

    A value earns score k where at least (k - 1) / bins of the customers have less. Equal values therefore earn equal
    scores, the order of rows does not matter, and the least value always earns 1.

    Parameters
    ----------
    values
        One number per customer, higher is better; NaN (unknown) is left out. Shape (n,).
    bins
        Number of scores.

    Returns
    -------
    Ascending, shape (bins - 1,); infinite where no customer earns the score.

    Examples
    --------
    >>> score_cuts([1, 1, 1, 2, 9], bins=5)
    array([2., 2., 2., 9.])
    """
    known = np.sort(np.asarray(values, dtype=np.float64))
    known = known[~np.isnan(known)]
    n_less = np.searchsorted(known, known, side="left")
    earned = bins * n_less // max(len(known), 1) + 1
    first = np.searchsorted(earned, np.arange(2, bins + 1), side="left")
    return np.append(known, np.inf)[first]


def scores(values: ArrayLike, cuts: ArrayLike) -> NDArray[np.int64]:
    """Score values by the cuts of :func:`score_cuts`: 1 is the lowest.

    Examples
    --------
    >>> scores([1, 2, 9, 30], score_cuts([1, 1, 1, 2, 9], bins=5))
    array([1, 4, 5, 5])
    """
    return np.searchsorted(np.asarray(cuts), np.asarray(values, dtype=np.float64), side="right") + 1


def segments(r_score: ArrayLike, f_score: ArrayLike, bins: int) -> NDArray[np.str_]:
    """Name each pair of scores: ``SEGMENT_GRID``, stretched to the number of bins.

    Revenue has no say in the name: it is what the segments are compared by.

    Examples
    --------
    >>> segments([5, 1, 5], [5, 5, 1], bins=5)
    array(['champions', 'cannot_lose', 'new'], dtype='<U15')
    >>> segments([2, 1], [2, 2], bins=2)
    array(['champions', 'cannot_lose'], dtype='<U15')
    """
    return np.array(SEGMENT_GRID)[_fifth(r_score, bins), _fifth(f_score, bins)]


def _fifth(score: ArrayLike, bins: int) -> NDArray[np.int64]:
    """Stretch scores 1..bins evenly to 0..4, halves upwards."""
    return (8 * (np.asarray(score) - 1) + bins - 1) // (2 * (bins - 1))
