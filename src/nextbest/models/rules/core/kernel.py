"""Compiled loops and the threads they run on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

_MOST_THREADS = 8
_SMALL = 2_000_000

Function = TypeVar("Function", bound=Callable[..., object])
Result = TypeVar("Result")


def kernel(function: Function) -> Function:
    """Compile a loop over arrays; it lets other threads run meanwhile and is kept on disk."""
    return cast("Function", numba.njit(nogil=True, cache=True, error_model="numpy")(function))


@kernel
def grown(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Copy rows into an array of twice as many."""
    n, width = rows.shape
    more = np.empty((2 * n, width), dtype=np.int64)
    for row in range(n):
        for column in range(width):
            more[row, column] = rows[row, column]
    return more


def threads_for(n_rows: int | None = None) -> int:
    """Choose a number of threads: the machine's, but one for small work, where a second only gets in the way."""
    if n_rows is not None and n_rows < _SMALL:
        return 1
    return min(int(numba.get_num_threads()), _MOST_THREADS)


def in_threads(work: Callable[[int, int], Result], threads: int | None = None) -> list[Result]:
    """Share out a loop: ``work(first, stride)`` takes every ``stride``-th step from ``first``.

    The shares are fixed beforehand, so that results do not depend on who is faster.

    Examples
    --------
    >>> in_threads(lambda first, stride: list(range(first, 5, stride)), threads=2)
    [[0, 2, 4], [1, 3]]
    """
    n = threads or threads_for()
    if n == 1:
        return [work(0, 1)]
    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(work, range(n), [n] * n))
