"""Cells that only the first row of an order fills, given to its other rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class Filler:
    """Fill cells forward within consecutive rows of one order, across batches.

    Parameters
    ----------
    key
        Column whose value rows of an order share; empty cells belong to the row above (merged cells of a workbook).
    columns
        Columns to fill.

    Examples
    --------
    >>> filler = Filler("Name", ["Email"])
    >>> rows = pa.table({"Name": ["#1", "#1", "#2"], "Email": ["ann@x.org", None, None]})
    >>> filler.fill(rows)["Email"].to_pylist()
    ['ann@x.org', 'ann@x.org', None]
    """

    def __init__(self, key: str, columns: Sequence[str]) -> None:
        self._key = key
        self._columns = [name for name in dict.fromkeys(columns) if name != key]
        self._last: pa.Table | None = None

    def fill(self, rows: pa.Table) -> pa.Table:
        """Fill one batch; batches come in the order of the file."""
        if not rows.num_rows:
            return rows
        names = [self._key, *self._columns]
        part = rows.select(names)
        joined = pa.concat_tables([self._last, part]) if self._last is not None else part
        filled = self._fill(joined.combine_chunks())
        self._last = filled.slice(filled.num_rows - 1)
        filled = filled.slice(filled.num_rows - rows.num_rows)
        for name in names:
            rows = rows.set_column(rows.column_names.index(name), name, filled[name])
        return rows

    def _fill(self, rows: pa.Table) -> pa.Table:
        key = pc.fill_null_forward(rows[self._key])
        changed = pc.fill_null(pc.not_equal(key[1:], key[:-1]), True)
        is_start = np.concatenate(([True], changed.to_numpy(zero_copy_only=False)))
        starts = np.maximum.accumulate(np.where(is_start, np.arange(len(is_start)), 0))
        filled = {self._key: key}
        for name in self._columns:
            given = rows[name].is_valid().to_numpy(zero_copy_only=False)
            latest = np.maximum.accumulate(np.where(given, np.arange(len(given)), -1))
            source = pa.array(latest, mask=latest < starts)
            filled[name] = pc.take(rows[name], source)
        return pa.table(filled)
