"""Typed columns of any format -> canonical strings; empty rows set aside."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import singledispatch
from types import NoneType
from typing import Final
from uuid import UUID

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
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_string(whole.type):
        return whole
    if not pa.types.is_dictionary(whole.type) and not pa.types.is_nested(whole.type):
        whole = whole.dictionary_encode()
    if pa.types.is_dictionary(whole.type):
        return _distinct_strings(whole.dictionary).take(whole.indices)
    return _distinct_strings(whole)


def _distinct_strings(distinct: pa.Array) -> pa.Array:
    """Write values that occur once, which is what costs time."""
    write = next((write for is_kind, write in _WRITERS if is_kind(distinct.type)), _cast)
    return write(distinct)


def _cast(column: pa.Array) -> pa.Array:
    return pc.cast(column, pa.string())


def _one_by_one(column: pa.Array) -> pa.Array:
    return pa.array([plain(value) for value in column.to_pylist()], pa.string())


def _floats(column: pa.Array) -> pa.Array:
    column = pc.cast(column, pa.float64())
    values = column.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        whole = np.isfinite(values) & (np.abs(values) < _MAX_INTEGRAL) & (np.floor(values) == values)
    integers = pc.cast(pa.array(np.where(whole, values, 0).astype(np.int64)), pa.string())
    others = pc.cast(column, pa.string())
    if pc.any(pc.match_substring(others, "e")).as_py():
        others = _one_by_one(column)
    strings = pc.if_else(pa.array(whole), integers, others)
    return pc.if_else(pa.array(np.isnan(values)), pa.scalar(None, pa.string()), strings)


def _decimals(column: pa.Array) -> pa.Array:
    """Arrow writes a scale beyond 6 as powers of ten."""
    return _cast(column) if 0 <= column.type.scale <= 6 else _one_by_one(column)  # noqa: PLR2004


def _instants(column: pa.Array) -> pa.Array:
    zoned = column.type.tz is not None
    naive = (
        pc.cast(column, pa.timestamp(column.type.unit, "UTC")).cast(pa.timestamp(column.type.unit))
        if zoned
        else column
    )
    strings = pc.replace_substring_regex(pc.cast(naive, pa.string()), r"\.0+$", "")
    return pc.binary_join_element_wise(strings, "Z", "") if zoned else strings


_WRITERS: Final = (
    (pa.types.is_floating, _floats),
    (pa.types.is_timestamp, _instants),
    (pa.types.is_nested, _one_by_one),
    (pa.types.is_binary, _one_by_one),
    (pa.types.is_large_binary, _one_by_one),
    (pa.types.is_fixed_size_binary, _one_by_one),
    (pa.types.is_duration, _one_by_one),
    (pa.types.is_decimal, _decimals),
)


@singledispatch
def plain(value: object) -> str | None:
    """Write one Python value as ``as_strings`` would.

    Examples
    --------
    >>> [plain(value) for value in (17850.0, True, "", date(2024, 1, 31), {"a": 1})]
    ['17850', 'true', None, '2024-01-31', '{"a": 1}']
    """
    return json.dumps(value, ensure_ascii=False, default=str)


@plain.register(str)
def _(value: str) -> str | None:
    return value or None


@plain.register(NoneType)
def _(_value: None) -> None:
    return None


@plain.register(bool)
def _(value: bool) -> str:  # noqa: FBT001
    return "true" if value else "false"


@plain.register(float)
def _(value: float) -> str | None:
    if math.isnan(value):
        return None
    if value.is_integer() and abs(value) < _MAX_INTEGRAL:
        return str(int(value))
    return format(Decimal(repr(value)), "f") if math.isfinite(value) else str(value)


@plain.register(datetime)
def _(value: datetime) -> str:
    utc = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(" ") + ("" if value.tzinfo is None else "Z")


@plain.register(bytes)
def _(value: bytes) -> str:
    return value.decode(errors="backslashreplace")


@plain.register(Decimal)
def _(value: Decimal) -> str:
    return format(value, "f")


@plain.register(int)
@plain.register(date)
@plain.register(time)
@plain.register(timedelta)
@plain.register(UUID)
def _(value: object) -> str:
    return str(value)


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
