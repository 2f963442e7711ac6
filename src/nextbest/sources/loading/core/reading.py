"""One batch of strings read as the columns of a layout."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.contract import Column, Kind
from nextbest.sources import values
from nextbest.sources.mapping import FILE_NAME, ROW_NUMBER, WITH, Layout, terms
from nextbest.sources.values import Style

ROW: Final = "_row"
_NUMBERS: Final = frozenset({"int64", "float64", "money"})


@dataclass(frozen=True, slots=True)
class Read:
    """How one column is read."""

    target: str
    """``column``, or ``table.column`` for the tables beside."""
    kind: Kind
    theirs: tuple[str, ...]
    joint: str
    """How several columns are joined; see ``nextbest.sources.mapping.terms``."""
    is_required: bool
    style: Style | None = None
    """How the values are written; decided on a sample of the whole file."""

    @property
    def adds(self) -> bool:
        """Several numbers are added up."""
        return self.joint == WITH and self.kind in _NUMBERS


@dataclass(frozen=True, slots=True)
class Typed:
    """One batch, typed."""

    rows: pa.Table
    """``_row``, the targets, then attributes."""
    failed: Mapping[str, pa.BooleanArray]
    """By target: cells that hold something that cannot be read."""


def plan(layout: Layout, columns: Mapping[str, Column], sample: pa.Table) -> tuple[Read, ...]:
    """Decide how each column of a layout is read.

    Parameters
    ----------
    layout
        Which column is which.
    columns
        Contracts by target.
    sample
        Rows from the whole file, strings; every column gets one style.
    """
    reads = []
    for target, theirs in layout.columns.items():
        name = target.removeprefix(f"{layout.table}.")
        joint, parts = terms(theirs, sample.column_names)
        column = columns[name]
        read = Read(name, column.kind, parts, joint, column.required and "." not in name)
        reads.append(_styled(read, sample))
    return tuple(reads)


def read_batch(
    rows: pa.Table, reads: Sequence[Read], attributes: Mapping[str, str], *, time_zone: str, file: str
) -> Typed:
    """Read a batch of strings.

    Parameters
    ----------
    rows
        ``_row`` and strings.
    reads
        The plan.
    attributes
        Columns kept as they are: their name -> ours.
    time_zone
        Zone of times without an offset.
    file
        What ``@file`` stands for.
    """
    typed: dict[str, pa.Array | pa.ChunkedArray] = {ROW: rows[ROW]}
    failed: dict[str, pa.BooleanArray] = {}
    for read in reads:
        if read.adds:
            typed[read.target], failed[read.target] = _sum(rows, read, time_zone)
            continue
        parsed = values.parse(_cells(rows, read, file), read.kind, read.style, time_zone=time_zone)
        typed[read.target], failed[read.target] = parsed.values, parsed.failed
    for theirs, ours in attributes.items():
        typed[ours] = values.texts(_whole(rows[theirs])).values
    return Typed(pa.table({name: _naive(column) for name, column in typed.items()}), failed)


def local_days(instants: pa.ChunkedArray, time_zone: str) -> pa.ChunkedArray:
    """Give the shop's day of each instant (UTC).

    Examples
    --------
    >>> from datetime import datetime
    >>> at = pa.chunked_array([[datetime(2024, 1, 31, 17)]], pa.timestamp("us"))
    >>> local_days(at, "Asia/Shanghai").to_pylist()
    [datetime.date(2024, 2, 1)]
    """
    aware = pc.assume_timezone(instants, "UTC").cast(pa.timestamp("us", time_zone))
    return pc.local_timestamp(aware).cast(pa.date32())


def attribute_names(columns: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Name the columns that nobody asked for: as in the file, but unlike any column of the contract and without dots.

    Examples
    --------
    >>> attribute_names(["Gift wrap?", "channel", "备注", "emp.var.rate"], ["channel"])
    {'Gift wrap?': 'Gift wrap?', 'channel': 'channel_2', '备注': '备注', 'emp.var.rate': 'emp_var_rate'}
    """
    used = {name.lower() for name in taken}
    names: dict[str, str] = {}
    for column in columns:
        base = column.replace(".", "_").strip().lstrip("_") or "column"
        name, n = base, 1
        while name.lower() in used:
            n += 1
            name = f"{base}_{n}"
        used.add(name.lower())
        names[column] = name
    return names


def _styled(read: Read, sample: pa.Table) -> Read:
    if read.kind == "string" or not all(name in sample.column_names for name in read.theirs):
        return read
    parts = [_whole(sample[name]) for name in read.theirs]
    cells = pa.chunked_array(parts) if read.adds else _cells(sample, read, "")
    style = values.style_of(_whole(cells), read.kind)
    return Read(read.target, read.kind, read.theirs, read.joint, read.is_required, style)


def _cells(rows: pa.Table, read: Read, file: str) -> pa.Array:
    parts = [_column(rows, name, file) for name in read.theirs]
    if len(parts) == 1:
        return parts[0]
    clean = [values.texts(part).values for part in parts]
    if read.joint == WITH:
        return functools.reduce(_beside, clean)
    return pc.coalesce(*clean)


def _beside(left: pa.Array, right: pa.Array) -> pa.Array:
    """Put a blank between two texts; of one alone nothing but itself (Arrow's own skipping of nulls loses rows)."""
    return pc.coalesce(pc.binary_join_element_wise(left, right, " "), left, right)


def _column(rows: pa.Table, name: str, file: str) -> pa.Array:
    if name == ROW_NUMBER:
        return _whole(rows[ROW].cast(pa.string()))
    if name == FILE_NAME:
        return pa.array([file], pa.string()).take(pa.array([0] * rows.num_rows, pa.int64()))
    return _whole(rows[name])


def _sum(rows: pa.Table, read: Read, time_zone: str) -> tuple[pa.Array, pa.BooleanArray]:
    """Add numbers; empty cells count nothing, and only where all are empty is the sum empty."""
    parts = [
        values.parse(_whole(rows[name]), read.kind, read.style, time_zone=time_zone) for name in read.theirs
    ]
    total, failed = parts[0].values, parts[0].failed
    for part in parts[1:]:
        both = pc.add(pc.coalesce(total, _zero(total)), pc.coalesce(part.values, _zero(total)))
        neither = pc.and_(total.is_null(), part.values.is_null())
        total = pc.if_else(neither, pa.scalar(None, total.type), both.cast(total.type))
        failed = pc.or_(failed, part.failed)
    return total, failed


def _zero(column: pa.Array) -> pa.Scalar:
    return pa.scalar(0, column.type)


def _naive(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Instants are kept as UTC without a zone, which every engine reads alike."""
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        return column.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    return column


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
