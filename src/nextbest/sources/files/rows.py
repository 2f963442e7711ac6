"""Rows that come as Python values, a batch at a time."""

from __future__ import annotations

from datetime import date
from itertools import islice
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from nextbest.sources.files.core.cells import as_strings, finished, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_ROWS: Final = 20_000
_SIMPLE: Final = frozenset({float, bool, date})


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
        strings = [_strings(column) for column in columns]
        yield finished(strings, names, pa.array(np.array([number for number, _ in part], np.int64)))


def _strings(cells: Sequence[Any]) -> pa.Array:
    """Write a column of cells; numbers alone, or beside empty texts, go through Arrow, which is faster."""
    kinds = set(map(type, cells)) - {NoneType}
    if kinds == {str}:
        return pa.array(cells, pa.string())
    simple, *others = kinds - {str} or {object}
    if (
        others
        or simple not in _SIMPLE
        or (str in kinds and any(type(cell) is str and cell for cell in cells))
    ):
        return pa.array([plain(cell) for cell in cells], pa.string())
    return as_strings(pa.array([None if cell == "" else cell for cell in cells]))
