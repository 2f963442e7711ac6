"""Typed columns of any format -> canonical strings; empty rows set aside."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.sources.files.spec import ROW

_FORMULA_TEXT: Final = r'^="(.*)"$'
_MAX_INTEGRAL: Final = 2.0**63


def as_strings(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Write a typed column as canonical strings.

    Examples
    --------
    >>> as_strings(pa.array([17850.0, 0.5, None])).to_pylist()
    ['17850', '0.5', None]
    >>> as_strings(pa.array([datetime(2024, 1, 31, 10)])).to_pylist()
    ['2024-01-31 10:00:00']
    >>> as_strings(pa.array([[1, 2]])).to_pylist()
    ['[1, 2]']
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_strings(column.dictionary_decode())
    if pa.types.is_floating(kind):
        return _floats(pc.cast(column, pa.float64()))
    if pa.types.is_timestamp(kind):
        return _instants(column)
    if pa.types.is_nested(kind):
        return pa.array([plain(value) for value in column.to_pylist()], pa.string())
    if pa.types.is_duration(kind):
        return pc.cast(pc.cast(column, pa.int64()), pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.array([plain(value) for value in column.to_pylist()], pa.string())
    return pc.cast(column, pa.string())


def _floats(column: pa.Array) -> pa.Array:
    values = column.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        whole = np.isfinite(values) & (np.abs(values) < _MAX_INTEGRAL) & (np.floor(values) == values)
    integers = pc.cast(pa.array(np.where(whole, values, 0).astype(np.int64)), pa.string())
    others = pc.cast(column, pa.string())
    strings = pc.if_else(pa.array(whole), integers, others)
    return pc.if_else(pa.array(np.isnan(values)), pa.scalar(None, pa.string()), strings)


def _instants(column: pa.Array) -> pa.Array:
    zoned = column.type.tz is not None
    naive = (
        pc.cast(column, pa.timestamp(column.type.unit, "UTC")).cast(pa.timestamp(column.type.unit))
        if zoned
        else column
    )
    strings = pc.replace_substring_regex(pc.cast(naive, pa.string()), r"\.0+$", "")
    return pc.binary_join_element_wise(strings, "Z", "") if zoned else strings


def plain(value: object) -> str | None:
    """Write one Python value as ``as_strings`` would.

    Examples
    --------
    >>> [plain(value) for value in (17850.0, True, "", date(2024, 1, 31), {"a": 1})]
    ['17850', 'true', None, '2024-01-31', '{"a": 1}']
    """
    if value is None or value == "" or value != value:  # noqa: PLR0124
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _MAX_INTEGRAL else repr(value)
    if isinstance(value, datetime):
        return as_strings(pa.array([value])).to_pylist()[0]  # type: ignore[no-any-return]
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str | int | date | time | timedelta):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def finished(
    columns: list[pa.Array], names: tuple[str, ...], rows: pa.Array
) -> tuple[pa.RecordBatch, list[int]]:
    """Put string columns and row numbers together: ``="0012"`` becomes ``0012``, empty cells null, empty rows go.

    Returns
    -------
    The batch, and the numbers of the rows in which no cell holds anything.

    Examples
    --------
    >>> batch, empty = finished([pa.array(['="0012"', ""])], ("id",), pa.array([7, 8]))
    >>> batch.to_pylist(), empty
    ([{'_row': 7, 'id': '0012'}], [8])
    """
    cells = [_cleaned(column) for column in columns]
    batch = pa.RecordBatch.from_arrays([rows, *cells], [ROW, *names])
    if any(cell.null_count == 0 for cell in cells):
        return batch, []
    filled = np.zeros(len(rows), bool)
    for cell in cells:
        filled |= cell.is_valid().to_numpy(zero_copy_only=False)
    if filled.all():
        return batch, []
    return batch.filter(pa.array(filled)), rows.filter(pa.array(~filled)).to_pylist()


def _cleaned(column: pa.Array) -> pa.Array:
    if pc.any(pc.starts_with(column, '="')).as_py():
        column = pc.replace_substring_regex(column, _FORMULA_TEXT, r"\1")
    is_empty = pc.equal(column, "")
    if pc.any(is_empty).as_py():
        column = pc.if_else(is_empty, pa.scalar(None, pa.string()), column)
    return column
