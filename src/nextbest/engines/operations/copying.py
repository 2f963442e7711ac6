"""Operational rows copied into canonical Parquet parts: what is new, and again what has become somebody else's.

A part holds the changes of a range of sequence numbers. What was copied is copied again only where a device turned out to be a
customer, a customer was erased, or a file that was loaded brought the same events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from nextbest.engines.duckdb_store import arrow_schema
from nextbest.engines.operations.copies import COPIES, Copy
from nextbest.engines.parts import OPERATIONAL, Parts
from nextbest.tables.operational import DECISIONS, ERASURES, EVENTS, LINKS

SMALL: Final = 100_000
"""Events of a range below which the next run adds to it instead of opening another."""
LARGE: Final = 1_000_000
"""Events of a range, at most about."""
_BATCH: Final = 50_000


class Range(NamedTuple):
    """Changes after ``after`` up to ``last``, with the number of their events."""

    after: int
    last: int
    n_events: int

    @property
    def name(self) -> str:
        """Source of its parts."""
        return f"{self.after + 1}-{self.last}"


def copy(connection: sa.Connection, parts: Parts, up_to: int) -> bool:
    """Bring the operational layer of the canonical tables up to a change; tell whether anything was written.

    Parameters
    ----------
    connection
        Reading the operational tables.
    parts
        Of the workspace; saved when anything was written.
    up_to
        Last sequence number to see.
    """
    loaded = [part["file"] for part in parts.tables.get("events", ())]
    before = [Range(*numbers) for numbers in parts.copied.get("ranges", ())]
    if parts.copied.get("loaded") != loaded or (before and before[-1].last > up_to):
        before = []
    seen = before[-1].last if before else 0
    fresh: list[Range] = []
    if _has_rows(connection, seen, up_to):
        before = before[:-1] if before and before[-1].n_events < SMALL else before
        fresh = _ranges(connection, before[-1].last if before else 0, up_to)
    dirty = _dirty(connection, seen, up_to)
    again = [one for one in before if any(one.after < number <= one.last for number in dirty)]
    if not fresh and not again:
        return False
    kept = [one for one in before if one not in again]
    _forget(parts, kept)
    mark = hashlib.sha256(repr((up_to, loaded)).encode()).hexdigest()[:8]
    known = _ids([parts.folder / file for file in loaded])
    with parts.scratch() as scratch:
        for one in (*again, *fresh):
            _write(connection, parts, one, scratch, name=f"{one.name}-{mark}", known=known)
    parts.copied = {"loaded": loaded, "ranges": [list(one) for one in sorted([*kept, *again, *fresh])]}
    parts.save()
    return True


def _within(number: sa.ColumnElement[int], after: int, last: int) -> sa.ColumnElement[bool]:
    return (number > after) & (number <= last)


def _has_rows(connection: sa.Connection, after: int, last: int) -> bool:
    queries = (sa.exists().where(_within(table.c.sequence, after, last)) for table in (EVENTS, DECISIONS))
    return bool(connection.scalar(sa.select(sa.or_(*queries))))


def _ranges(connection: sa.Connection, after: int, last: int) -> list[Range]:
    """Cut changes into ranges of about as many events as one part may hold."""
    number = EVENTS.c.sequence
    query = sa.select(number, sa.func.count()).where(_within(number, after, last)).group_by(number)
    ranges: list[Range] = []
    n_events = 0
    for sequence, n in connection.execute(query.order_by(number)):
        n_events += n
        if n_events >= LARGE and sequence < last:
            ranges.append(Range(after, sequence, n_events))
            after, n_events = sequence, 0
    return [*ranges, Range(after, last, n_events)]


def _dirty(connection: sa.Connection, after: int, last: int) -> set[int]:
    """Name changes whose rows have become somebody else's, or were erased, since they were copied."""
    alias = sa.func.substr(LINKS.c.alias, 3)
    queries = (
        sa.select(table.c.sequence)
        .join(LINKS, (column == alias) & LINKS.c.alias.startswith(start))
        .where(_within(LINKS.c.sequence, after, last), table.c.sequence <= after)
        .distinct()
        for table in (EVENTS, DECISIONS)
        for column, start in ((table.c.anonymous_id, "a:"), (table.c.customer_id, "c:"))
    )
    erased = connection.scalars(
        sa.select(ERASURES.c.touched).where(_within(ERASURES.c.sequence, after, last))
    )
    return {number for query in queries for number in connection.scalars(query)} | {
        number for touched in erased for number in touched
    }


def _forget(parts: Parts, kept: Sequence[Range]) -> None:
    names = {one.name for one in kept}
    for layer in {f"{OPERATIONAL}{copy_.contract.name}" for copy_ in COPIES}:
        parts.tables[layer] = [part for part in parts.tables.get(layer, ()) if part["source"] in names]


def _ids(files: Sequence[Path]) -> pa.Array:
    """Read the ids of events that files brought: a copy of them would count them twice."""
    found = [pq.read_table(file, columns=["event_id"])["event_id"] for file in files]
    return pa.concat_arrays([chunk for column in found for chunk in column.chunks]) if found else None


def _write(
    connection: sa.Connection, parts: Parts, one: Range, scratch: Path, *, name: str, known: pa.Array
) -> None:
    for contract in dict.fromkeys(copy_.contract for copy_ in COPIES):
        path = scratch / f"{contract.name}.parquet"
        n_rows = 0
        with pq.ParquetWriter(path, arrow_schema(contract), compression="zstd") as file:
            for copy_ in COPIES:
                if copy_.contract is contract:
                    for rows in _rows(connection, copy_, one):
                        kept = rows if contract.name != "events" else _unknown(rows, known)
                        file.write_table(kept)
                        n_rows += kept.num_rows
        if n_rows:
            parts.add(f"{OPERATIONAL}{contract.name}", path, source=one.name, rows=n_rows, name=name)


def _rows(connection: sa.Connection, copy_: Copy, one: Range) -> Iterator[pa.Table]:
    """Read a range in batches, oldest change first, as the contract says."""
    schema = arrow_schema(copy_.contract)
    key = [column for column in copy_.query.selected_columns if column.key in copy_.contract.key]
    query = copy_.query.where(_within(copy_.number, one.after, one.last)).order_by(copy_.number, *key)
    result = connection.execution_options(stream_results=True).execute(query)
    for batch in result.mappings().partitions(_BATCH):
        rows: list[Any] = [dict(row) for row in batch]
        if copy_.finish is not None:
            rows = [finished for row in rows if (finished := copy_.finish(row)) is not None]
        yield pa.Table.from_pylist([{n: row.get(n) for n in schema.names} for row in rows], schema)


def _unknown(rows: pa.Table, known: pa.Array | None) -> pa.Table:
    return rows if known is None else rows.filter(pc.invert(pc.is_in(rows["event_id"], value_set=known)))
