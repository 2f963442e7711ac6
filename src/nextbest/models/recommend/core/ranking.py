"""The first k of many scores: highest first, equal scores in order of the product."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from nextbest.models.recommend.core.orders import Floats, Ints

NOTHING = -1


@numba.njit(nogil=True, cache=True)
def _first_of_rows(scores: NDArray[np.float32], k: int, best: Ints) -> None:
    held = np.empty(k, dtype=np.float32)
    for row in range(scores.shape[0]):
        n = 0
        for column in range(scores.shape[1]):
            value = scores[row, column]
            if value == -np.inf or (n == k and value <= held[k - 1]):
                continue
            place = n if n < k else k - 1
            while place > 0 and held[place - 1] < value:
                held[place] = held[place - 1]
                best[row, place] = best[row, place - 1]
                place -= 1
            held[place] = value
            best[row, place] = column
            n = min(n + 1, k)


@numba.njit(nogil=True, cache=True)
def _first_of_groups(scores: Floats, items: Ints, starts: Ints, best: Ints) -> None:
    k = best.shape[1]
    held = np.empty(k, dtype=np.float64)
    for group in range(len(starts) - 1):
        n = 0
        for row in range(starts[group], starts[group + 1]):
            value = scores[row]
            if n == k and value <= held[k - 1]:
                continue
            place = n if n < k else k - 1
            while place > 0 and held[place - 1] < value:
                held[place] = held[place - 1]
                best[group, place] = best[group, place - 1]
                place -= 1
            held[place] = value
            best[group, place] = items[row]
            n = min(n + 1, k)


def first_of_rows(scores: NDArray[np.float32], k: int) -> Ints:
    """Give the columns of each row's ``k`` highest scores; ``NOTHING`` where a row has fewer above minus infinity.

    Examples
    --------
    >>> first_of_rows(np.array([[1, 3, 3, -np.inf], [0, -np.inf, -np.inf, -np.inf]], np.float32), k=3)
    array([[ 1,  2,  0],
           [ 0, -1, -1]], dtype=int32)
    """
    best = np.full((len(scores), k), NOTHING, dtype=np.int32)
    if k:
        _first_of_rows(np.ascontiguousarray(scores, dtype=np.float32), k, best)
    return best


def first_of_groups(scores: Floats, items: Ints, starts: Ints, k: int) -> Ints:
    """Give each group's items by score, highest first, equal scores in order of the rows.

    Parameters
    ----------
    scores, items
        One row per item of a group, shape (rows,).
    starts
        First row of each group and, last, the number of rows: shape (groups + 1,); a group may be empty.
    k
        Length of each list.

    Examples
    --------
    >>> first_of_groups(np.array([1.0, 2.0, 5.0]), np.array([7, 8, 9]), np.array([0, 2, 2, 3]), k=2)
    array([[ 8,  7],
           [-1, -1],
           [ 9, -1]], dtype=int32)
    """
    best = np.full((len(starts) - 1, k), NOTHING, dtype=np.int32)
    if k:
        _first_of_groups(scores, items, starts, best)
    return best


def one_after_other(first: Ints, then: Ints, k: int) -> Ints:
    """Fill up one list with another.

    Examples
    --------
    >>> one_after_other(np.array([[5, -1]]), np.array([[7, 8]]), k=2)
    array([[5, 7]])
    """
    both = np.concatenate([first, then], axis=1)
    order = np.argsort(both == NOTHING, axis=1, kind="stable")
    filled: Ints = np.take_along_axis(both, order, axis=1)[:, :k]
    return filled
