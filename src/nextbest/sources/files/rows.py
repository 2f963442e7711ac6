"""Rows that come as Python values, a batch at a time."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from nextbest.sources.files.core.cells import finished, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_ROWS: Final = 20_000


def batches_of(
    rows: Iterable[tuple[int, Sequence[Any]]], names: tuple[str, ...]
) -> Iterator[tuple[pa.RecordBatch, list[int]]]:
    """Gather numbered rows into batches of strings.

    Yields
    ------
    A batch, and the numbers of the rows in which no cell holds anything.

    Examples
    --------
    >>> [(batch, empty)] = batches_of([(1, ["ann", 2.0]), (2, [None, ""])], ("name", "n"))
    >>> batch.to_pylist(), empty
    ([{'_row': 1, 'name': 'ann', 'n': '2'}], [2])
    """
    remaining = iter(rows)
    while part := list(islice(remaining, _ROWS)):
        columns = zip(*(cells for _, cells in part), strict=True)
        strings = [pa.array([plain(cell) for cell in column], pa.string()) for column in columns]
        yield finished(strings, names, pa.array(np.array([number for number, _ in part], np.int64)))
