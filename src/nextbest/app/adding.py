"""Rows that the workspace makes itself, such as those of a campaign, beside the rows of its files.

They go through the same two layers as files do, so that every later load keeps them, and stand in the same account:
rows read = kept + merged + quarantined.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from nextbest.app.config import Config
from nextbest.app.intake import LOADED, report_tables
from nextbest.app.operating import forgotten_in
from nextbest.engines import persons
from nextbest.engines.duckdb_store import DuckDBStore, arrow_schema
from nextbest.engines.parts import Parts
from nextbest.sources.loading import QUARANTINE
from nextbest.tables import CANONICAL

LIVE: Final = "service"
"""Source of the events that the decision service kept."""


@dataclass(frozen=True, slots=True)
class Addition:
    """Rows of one canonical table."""

    table: str
    rows: pa.Table
    key: tuple[str, ...]
    """Columns by which rows that are there already are known."""
    replaces: bool = False
    """New rows take the place of those that are there; else those that are there stay."""


def add_rows(store: Path, source: str, additions: Iterable[Addition]) -> None:
    """Add rows to canonical tables; the workspace changes at the very end or not at all."""
    parts = Parts.open(store / "tables")
    with parts.scratch() as scratch:
        for addition in additions:
            if addition.rows.num_rows:
                _add(parts, addition, source, scratch)
        parts.save()


def add_account(
    store: Path, load: Mapping[str, Any], additions: Iterable[Addition], quarantine: list[dict[str, Any]]
) -> None:
    """Add what one returned file brought: its rows, its row of the load report, and the rows set aside.

    Parameters
    ----------
    load
        Row of ``load_report`` with ``reasons`` and ``mark``, as in the manifest.
    quarantine
        Rows of ``quarantine``.
    """
    parts = Parts.open(store / "tables")
    forgotten = forgotten_in(store.parent, Config.read(store.parent))
    quarantine = [
        row | {"content": None} if persons.quotes(row.get("content"), forgotten) else row
        for row in quarantine
    ]
    with parts.scratch() as scratch:
        whole = _whole(parts)
        for addition in additions:
            if addition.rows.num_rows:
                _add(parts, addition, load["source"], scratch)
        parts.loads.append(dict(load))
        if quarantine:
            path = _save(
                pa.Table.from_pylist(quarantine, arrow_schema(QUARANTINE)), scratch / "quarantine.parquet"
            )
            parts.add("quarantine", path, source=load["source"], rows=len(quarantine), name=load["mark"])
        _put_reports(parts, whole, scratch)
        parts.save()


def put_live_account(store: Path, now: datetime) -> None:
    """Say in the load report what became of the events that the decision service kept: all of them so far, in one row.

    Those that a file brought, too, count as merged. Those set aside stay in the operational store.
    """
    parts = Parts.open(store / "tables")
    accounts = list(parts.copied.get("accounts", {}).values())
    aside = Counter[str]()
    for account in accounts:
        aside.update(account["aside"])
    n_read, n_known = (sum(account[name] for account in accounts) for name in ("n_read", "n_known"))
    said = [("loading.overlap", "merged", n_known), *((rule, "quarantined", n) for rule, n in aside.items())]
    load = {
        "source": LIVE,
        "file": "events",
        "table": "events",
        "mark": LIVE,
        "loaded_at": now.isoformat(timespec="seconds"),
        "n_read": n_read,
        "n_kept": n_read - n_known - aside.total(),
        "n_merged": n_known,
        "n_quarantined": aside.total(),
        "reasons": [
            {"rule": rule, "effect": effect, "n_rows": n, "example": None}
            for rule, effect, n in sorted(said)
            if n
        ],
    }
    whole = _whole(parts)
    parts.loads = [one for one in parts.loads if one["mark"] != LIVE] + ([load] if n_read else [])
    with parts.scratch() as scratch:
        _put_reports(parts, whole, scratch)
        parts.save()


def _put_reports(parts: Parts, whole: list[dict[str, Any]], scratch: Path) -> None:
    for name, path in report_tables(parts, whole, scratch).items():
        parts.drop(name)
        parts.add(name, path, source="cleaned", rows=pq.read_metadata(path).num_rows, name=_digest(path))


def is_loaded(store: Path, mark: str) -> bool:
    """Tell whether a file with this content came back before."""
    return any(record["mark"] == mark for record in Parts.open(store / "tables").loads)


def _add(parts: Parts, addition: Addition, source: str, scratch: Path) -> None:
    """Put rows into the layer as the files gave it and into the canonical table."""
    name, layer = addition.table, LOADED + addition.table
    engine = DuckDBStore(CANONICAL | {layer: CANONICAL[name]}, parts.files())
    fresh = _typed(engine, addition)
    for place in (layer, name):
        there = engine.table(place) if engine.has(place) else None
        rows = fresh if there is None else _joined(there, fresh, addition)
        path = scratch / f"{place.replace('/', '-')}.parquet"
        engine.save(rows.order_by(list(CANONICAL[name].key)), path)
        n_rows = pq.read_metadata(path).num_rows
        parts.drop(place)
        parts.add(place, path, source=source, rows=n_rows, name=_digest(path))


def _typed(engine: DuckDBStore, addition: Addition) -> ir.Table:
    """Give the rows every column of their contract."""
    schema = arrow_schema(CANONICAL[addition.table])
    columns = {
        field.name: addition.rows[field.name].cast(field.type)
        if field.name in addition.rows.column_names
        else pa.nulls(addition.rows.num_rows, field.type)
        for field in schema
    }
    return engine.memtable(pa.table(columns))


def _joined(there: ir.Table, fresh: ir.Table, addition: Addition) -> ir.Table:
    more = {name: ibis.null(there[name].type()) for name in there.columns if name not in fresh.columns}
    whole = fresh.mutate(**more).select(*there.columns)
    if addition.replaces:
        return there.anti_join(whole, list(addition.key)).union(whole)
    return there.union(whole.anti_join(there, list(addition.key)))


def _whole(parts: Parts) -> list[dict[str, Any]]:
    """Keep what was said of rules over whole tables."""
    engine = DuckDBStore(CANONICAL, parts.files())
    if not engine.has("load_reasons"):
        return []
    reasons = engine.table("load_reasons")
    return list(engine.arrow(reasons.filter(reasons.source == "*")).to_pylist())


def _save(rows: pa.Table, path: Path) -> Path:
    pq.write_table(rows, path)
    return path


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:24]
