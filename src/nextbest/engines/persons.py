"""One person's rows in Parquet files: found, given, and taken out, whatever the table.

A row is a person's by the names of its columns: ``customer_id``; ``anonymous_id`` while nobody was known on the device; ``unit_id`` of a
visitor or customer; or a JSON text that names the person (rows set aside, examples of a load, findings). So tables that capabilities
add tomorrow, and columns that only a file has, need nothing of their own.
"""

from __future__ import annotations

import functools
import hashlib
import json
import operator
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from nextbest.engines.parts import Parts
from nextbest.engines.snapshots import Snapshot
from nextbest.serving.log import Forgotten, Person

_NAMING: Final = "placeholders"
"""Column of JSON that may name a customer under ``customer_id``."""
_QUOTING: Final = ("content", "example")
"""Columns of JSON that may repeat a row of a file; of an erased customer they become empty, and their row stays counted."""
_BATCH: Final = 50_000


def rows_of(path: Path, person: Person) -> list[dict[str, Any]]:
    """Give a person's rows of a file."""
    found = [batch.filter(_mine(batch, person)) for batch in _batches(path, person)]
    return [row for batch in found for row in batch.to_pylist()]


def without(path: Path, target: Path, person: Person) -> int:
    """Write a file again without a person; give the number of rows that were the person's, and write nothing where there are none."""
    n_mine: int = sum(batch.filter(_mine(batch, person)).num_rows for batch in _batches(path, person))
    if not n_mine:
        return 0
    with (
        pq.ParquetFile(path) as file,
        pq.ParquetWriter(target, file.schema_arrow, compression="zstd") as out,
    ):
        for batch in file.iter_batches(_BATCH):
            rows = pa.Table.from_batches([batch])
            is_quoting = bool(set(_QUOTING) & set(rows.column_names))
            kept = _unquoted(rows, person) if is_quoting else rows.filter(pc.invert(_mine(rows, person)))
            if kept.num_rows:
                out.write_table(kept)
    return n_mine


def drop_forgotten(path: Path, forgotten: Forgotten, when: str | None) -> int:
    """Take out of a new file what was before somebody's erasure, and everything of theirs that has no time; give the number of rows.

    Parameters
    ----------
    path
        Written again in place.
    forgotten
        Who was erased, and when.
    when
        Column that says when something happened; ``None``: the table has none.
    """
    erased = {
        name: _erased(path, name, kind, forgotten)
        for name, kind in (("customer_id", "c"), ("anonymous_id", "a"))
    }
    is_quoting = bool(set(_QUOTING) & set(pq.read_schema(path).names))
    if not is_quoting and not any(erased.values()):
        return 0
    n_gone = 0
    scratch = path.with_suffix(".kept")
    with (
        pq.ParquetFile(path) as file,
        pq.ParquetWriter(scratch, file.schema_arrow, compression="zstd") as out,
    ):
        for batch in file.iter_batches(_BATCH):
            rows = pa.Table.from_batches([batch])
            kept = _unquoted(rows.filter(pc.invert(_before(rows, erased, when))), forgotten)
            n_gone += rows.num_rows - kept.num_rows
            if kept.num_rows:
                out.write_table(kept)
    scratch.replace(path)
    return n_gone


def quotes(text: str | None, known: Person | Forgotten) -> bool:
    """Tell whether a row written as JSON names somebody in any of its columns."""
    return any(_plain(value) in known for value in _object(text).values())


def leave_parts(parts: Parts, person: Person) -> dict[str, int]:
    """Take a person out of the canonical tables and what files gave; give the number of rows by table.

    The manifest is replaced at the very end, so that a reader sees all of the old parts or all of the new ones.
    """
    gone: dict[str, int] = {}
    events_before = list(parts.identity("events"))
    with parts.scratch() as scratch:
        for layer in sorted(parts.tables):
            for part in list(parts.tables[layer]):
                scratch_file = scratch / "part.parquet"
                n_mine = without(parts.folder / part["file"], scratch_file, person)
                if n_mine:
                    _take_place(parts, layer, part, scratch_file)
                    gone[layer] = gone.get(layer, 0) + n_mine
        for reason in (reason for load in parts.loads for reason in load["reasons"]):
            if quotes(reason["example"], person):
                reason["example"] = None
        if parts.copied.get("loaded") == [name for name in events_before if name.startswith("events/")]:
            parts.copied["loaded"] = [part["file"] for part in parts.tables.get("events", ())]
        parts.save()
    return gone


def leave_snapshot(snapshot: Snapshot, person: Person) -> dict[str, int]:
    """Take a person out of every table of a run; each file is replaced at once."""
    gone: dict[str, int] = {}
    for name, paths in snapshot.tables().items():
        for path in paths:
            target = path.with_name(f".{path.name}.new")
            gone[name] = without(path, target, person)
            if gone[name]:
                with target.open("rb") as file:
                    os.fsync(file.fileno())
                target.replace(path)
    return {name: n for name, n in gone.items() if n}


def _take_place(parts: Parts, layer: str, part: dict[str, Any], made: Path) -> None:
    """Let a file take the place of a part, under a name of its own: what was computed from the old one is computed again."""
    name = f"{hashlib.sha256(made.read_bytes()).hexdigest()[:24]}"
    n_rows = pq.read_metadata(made).num_rows
    place = parts.tables[layer].index(part)
    parts.add(layer, made, source=part["source"], rows=n_rows, name=name)
    parts.tables[layer][place] = parts.tables[layer].pop()


def _batches(path: Path, person: Person) -> Iterator[pa.Table]:
    """Read what may be a person's: where a column can tell, only those rows."""
    data = ds.dataset(path, format="parquet")
    where = _where(data.schema, person)
    if where is None:
        return
    for batch in data.to_batches(filter=where, batch_size=_BATCH):
        if batch.num_rows:
            yield pa.Table.from_batches([batch])


def _where(schema: pa.Schema, person: Person) -> pc.Expression | None:
    """Say which rows may be a person's, as the file can answer it; ``None``: none of them."""
    names = {field.name for field in schema if pa.types.is_string(field.type)}
    customers, devices = pa.array(person.customers, pa.string()), pa.array(person.devices, pa.string())
    by: list[pc.Expression] = []
    if "customer_id" in names:
        by.append(pc.field("customer_id").isin(customers))
    if "anonymous_id" in names and "customer_id" in names:
        by.append(pc.field("customer_id").is_null() & pc.field("anonymous_id").isin(devices))
    if {"unit_id", "unit_type"} <= names:
        is_visitor = pc.field("unit_type").isin(["visitor"])
        by.append(is_visitor & pc.field("unit_id").isin(devices))
        by.append(pc.field("unit_type").isin(["customer"]) & pc.field("unit_id").isin(customers))
    if not by:
        by = [pc.field(name).is_valid() for name in (_NAMING, *_QUOTING) if name in names]
    return functools.reduce(operator.or_, by) if by else None


def _mine(rows: pa.Table, person: Person) -> pa.ChunkedArray | pa.Array:
    """Tell which rows are a person's."""
    for name, tells in _TEXTS.items():
        if name in rows.column_names and "customer_id" not in rows.column_names:
            return pa.array([tells(text, person) for text in rows[name].to_pylist()], pa.bool_())
    where = _where(rows.schema, person)
    if where is None:
        return pa.array([False] * rows.num_rows, pa.bool_())
    number = pa.array(range(rows.num_rows), pa.int64())
    hit = rows.append_column("_number", number).filter(where)["_number"]
    return pc.is_in(number, value_set=hit.combine_chunks())


def _unquoted(rows: pa.Table, known: Person | Forgotten) -> pa.Table:
    """Empty the texts that repeat a row of somebody known."""
    for name in set(_QUOTING) & set(rows.column_names):
        texts = [None if quotes(text, known) else text for text in rows[name].to_pylist()]
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(texts, rows[name].type))
    return rows


def _erased(path: Path, name: str, kind: str, forgotten: Forgotten) -> dict[str, datetime]:
    """Find the erased among the ids of a column, and when they were erased."""
    if name not in pq.read_schema(path).names:
        return {}
    found: dict[str, datetime] = {}
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH, columns=[name]):
            for one in pc.drop_null(pc.unique(batch[name])).to_pylist():
                at = forgotten.erased_at(f"{kind}:{one}")
                if at is not None:
                    found[one] = at
    return found


def _before(
    rows: pa.Table, erased: Mapping[str, Mapping[str, datetime]], when: str | None
) -> pa.ChunkedArray:
    """Tell which rows are from before the erasure of whose they are."""

    def of(name: str) -> pa.ChunkedArray:
        ids = erased[name]
        if name not in rows.column_names or not ids:
            return pa.chunked_array([pa.nulls(rows.num_rows, pa.timestamp("us"))])
        until = pa.array(ids.values(), pa.timestamp("us"))
        return until.take(pc.index_in(rows[name], value_set=pa.array(ids)))

    until = of("customer_id")
    if "customer_id" in rows.column_names:
        until = pc.if_else(pc.is_null(rows["customer_id"]), of("anonymous_id"), until)
    is_before = pc.is_valid(until)
    if when is None or when not in rows.column_names:
        return is_before
    return pc.and_(is_before, pc.fill_null(pc.less_equal(rows[when], until), True))


def _names(text: str | None, person: Person) -> bool:
    """Tell whether values of a sentence name the person as its customer."""
    said = _object(text)
    return any(_plain(said.get(name)) in person.customers for name in ("customer_id", "customer"))


_TEXTS: Final[dict[str, Callable[[str | None, Person], bool]]] = {
    _NAMING: _names,
    **dict.fromkeys(_QUOTING, quotes),
}


def _object(text: str | None) -> dict[str, Any]:
    try:
        said = json.loads(text) if text else {}
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _plain(value: Any) -> str:
    """Write a cell as an id: numbers of spreadsheets lose their ``.0``."""
    return str(value).strip().removesuffix(".0")
