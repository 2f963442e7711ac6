"""Operational rows copied into canonical Parquet parts: what is new, and again what has become somebody else's.

A part holds the changes of a range of sequence numbers. What was copied is copied again only where a device turned out to be a
customer, a customer was erased, a file that was loaded brought the same events, or other cleaning rules apply. Who is who
(``links``) is written whole, as ``identities``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from nextbest.engines.duckdb_store import DuckDBStore, arrow_schema
from nextbest.engines.operations.copies import COPIES, Copy
from nextbest.engines.parts import OPERATIONAL, Parts
from nextbest.sources.cleaning import CleaningSettings, set_aside
from nextbest.tables import CANONICAL
from nextbest.tables.canonical import IDENTITIES
from nextbest.tables.operational import DECISIONS, ERASURES, EVENTS, LINKS

SMALL: Final = 100_000
"""Events of a range below which the next run adds to it instead of opening another."""
LARGE: Final = 1_000_000
"""Events of a range, at most about."""
_BATCH: Final = 50_000
_KINDS: Final = {"a:": "device", "c:": "customer"}
"""Kinds of ``identities`` by the beginning of an alias."""


class Range(NamedTuple):
    """Changes after ``after`` up to ``last``, with the number of their events."""

    after: int
    last: int
    n_events: int

    @property
    def name(self) -> str:
        """Source of its parts."""
        return f"{self.after + 1}-{self.last}"


def copy(
    connection: sa.Connection, parts: Parts, up_to: int, cleaning: CleaningSettings | None = None
) -> bool:
    """Bring the operational layer of the canonical tables up to a change; tell whether anything was written.

    Parameters
    ----------
    connection
        Reading the operational tables.
    parts
        Of the workspace; saved when anything was written.
    up_to
        Last sequence number to see.
    cleaning
        Rules by which events are set aside, as those of files are; none without. They stay in the operational store.
    """
    rules = cleaning.model_dump_json() if cleaning else ""
    loaded = [part["file"] for part in parts.tables.get("events", ())]
    before = [Range(*numbers) for numbers in parts.copied.get("ranges", ())]
    is_other = (parts.copied.get("loaded"), parts.copied.get("rules")) != (loaded, rules)
    if is_other or (before and before[-1].last > up_to):
        before = []
    seen = before[-1].last if before else 0
    fresh: list[Range] = []
    if _has_rows(connection, seen, up_to):
        before = before[:-1] if before and before[-1].n_events < SMALL else before
        fresh = _ranges(connection, before[-1].last if before else 0, up_to)
    dirty = _dirty(connection, seen, up_to)
    again = [one for one in before if any(one.after < number <= one.last for number in dirty)]
    is_relinked = _has_links(connection, parts.copied.get("links", 0), up_to)
    if not fresh and not again and not is_relinked:
        return False
    kept = [one for one in before if one not in again]
    _forget(parts, kept)
    mark = hashlib.sha256(repr((up_to, loaded)).encode()).hexdigest()[:8]
    known = _ids([parts.folder / file for file in loaded])
    names = {one.name for one in kept}
    accounts = {name: found for name, found in parts.copied.get("accounts", {}).items() if name in names}
    with parts.scratch() as scratch:
        for one in (*again, *fresh):
            into = _Into(parts, scratch, f"{one.name}-{mark}", known, cleaning)
            accounts[one.name] = _write(connection, one, into)
        if is_relinked:
            _write_links(connection, up_to, _Into(parts, scratch, f"links-{mark}", known, None))
    parts.copied = {
        "loaded": loaded,
        "rules": rules,
        "ranges": [list(one) for one in sorted([*kept, *again, *fresh])],
        "accounts": accounts,
        "links": up_to,
    }
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


@dataclass(frozen=True, slots=True)
class _Into:
    """Where a range goes."""

    parts: Parts
    scratch: Path
    name: str
    known: pa.Array | None
    """Ids of events that files brought."""
    cleaning: CleaningSettings | None


def _write(connection: sa.Connection, one: Range, into: _Into) -> dict[str, Any]:
    """Write a range; give the account of its events: read, known from files, set aside by rule."""
    account: dict[str, Any] = {"n_read": 0, "n_known": 0, "aside": {}}
    for contract in dict.fromkeys(copy_.contract for copy_ in COPIES):
        path = into.scratch / f"{contract.name}.parquet"
        n_rows = 0
        with pq.ParquetWriter(path, arrow_schema(contract), compression="zstd") as file:
            for copy_ in COPIES:
                if copy_.contract is contract:
                    for rows in _rows(connection, copy_, one):
                        kept = rows if contract.name != "events" else _unknown(rows, into.known)
                        file.write_table(kept)
                        n_rows += kept.num_rows
                        if contract.name == "events":
                            account["n_read"] += rows.num_rows
                            account["n_known"] += rows.num_rows - kept.num_rows
        if contract.name == "events" and n_rows and into.cleaning:
            account["aside"] = _set_aside(path, into.cleaning)
            n_rows -= sum(account["aside"].values())
        if n_rows:
            layer = f"{OPERATIONAL}{contract.name}"
            into.parts.add(layer, path, source=one.name, rows=n_rows, name=into.name)
    return account


def _set_aside(path: Path, cleaning: CleaningSettings) -> dict[str, int]:
    """Take out of a file of events what the rules set aside; give the number of rows by rule."""
    engine = DuckDBStore(CANONICAL)
    events = engine.backend.read_parquet(str(path))
    judged = events.mutate(rule=set_aside(events, "events", cleaning))
    aside = judged.filter(judged.rule.notnull()).group_by("rule")
    counts = engine.arrow(aside.aggregate(n=lambda rows: rows.count()))
    if not counts.num_rows:
        return {}
    kept = judged.filter(judged.rule.isnull()).drop("rule").order_by("event_id")
    scratch = path.with_suffix(".kept")
    engine.save(kept, scratch)
    scratch.replace(path)
    return {row["rule"]: row["n"] for row in sorted(counts.to_pylist(), key=lambda row: str(row["rule"]))}


def _has_links(connection: sa.Connection, after: int, last: int) -> bool:
    """Tell whether it was said anew who is who, or somebody was erased."""
    queries = (sa.exists().where(_within(table.c.sequence, after, last)) for table in (LINKS, ERASURES))
    return bool(connection.scalar(sa.select(sa.or_(*queries))))


def _write_links(connection: sa.Connection, up_to: int, into: _Into) -> None:
    """Write who is who: of each device and former customer id the customer who was last new on it."""
    layer = f"{OPERATIONAL}{IDENTITIES.name}"
    into.parts.tables[layer] = []
    last = sa.func.row_number().over(
        partition_by=LINKS.c.alias, order_by=(LINKS.c.since_at.desc(), LINKS.c.customer_id.desc())
    )
    ranked = sa.select(LINKS, last.label("place")).where(LINKS.c.sequence <= up_to).subquery()
    query = sa.select(ranked).where(ranked.c.place == 1).order_by(ranked.c.alias)
    path, schema, n_rows = into.scratch / "links.parquet", arrow_schema(IDENTITIES), 0
    with pq.ParquetWriter(path, schema, compression="zstd") as file:
        result = connection.execution_options(stream_results=True).execute(query)
        for batch in result.partitions(_BATCH):
            rows = [
                {
                    "alias": row.alias[2:],
                    "kind": _KINDS[row.alias[:2]],
                    "customer_id": row.customer_id,
                    "since_at": row.since_at,
                }
                for row in batch
            ]
            file.write_table(pa.Table.from_pylist(rows, schema))
            n_rows += len(rows)
    if n_rows:
        into.parts.add(layer, path, source="links", rows=n_rows, name=into.name)


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
