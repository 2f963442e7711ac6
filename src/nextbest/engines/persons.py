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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from nextbest.engines.parts import Parts
from nextbest.engines.snapshots import Snapshot
from nextbest.serving.log import Person

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
            if _quotes(reason["example"], person):
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


def _unquoted(rows: pa.Table, person: Person) -> pa.Table:
    """Empty the texts that repeat a row of the person's."""
    for name in set(_QUOTING) & set(rows.column_names):
        texts = [None if _quotes(text, person) else text for text in rows[name].to_pylist()]
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(texts, rows[name].type))
    return rows


def _quotes(text: str | None, person: Person) -> bool:
    """Tell whether a row written as JSON names the person in any of its columns."""
    return any(_plain(value) in person for value in _object(text).values())


def _names(text: str | None, person: Person) -> bool:
    """Tell whether values of a sentence name the person as its customer."""
    said = _object(text)
    return any(_plain(said.get(name)) in person.customers for name in ("customer_id", "customer"))


_TEXTS: Final[dict[str, Callable[[str | None, Person], bool]]] = {
    _NAMING: _names,
    **dict.fromkeys(_QUOTING, _quotes),
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
