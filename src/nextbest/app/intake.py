"""Bringing files in: typed parts per file, overlaps merged, then the named cleaning rules over everything.

``store/tables`` holds two layers: ``loaded/<table>`` as the files gave it, and ``<table>`` after cleaning, which is what
capabilities read. Changed cleaning settings need no file again.
"""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from nextbest.app.config import Config, SourceSettings
from nextbest.app.operating import forgotten_in
from nextbest.base.contract import Table
from nextbest.base.errors import DataError
from nextbest.engines import persons
from nextbest.engines.duckdb_store import DuckDBStore, arrow_schema
from nextbest.engines.parts import Parts
from nextbest.serving.log import Forgotten
from nextbest.sources.cleaning import Cleaned, clean, tally
from nextbest.sources.files import open_source
from nextbest.sources.loading import Desk, Loaded, LoadingSettings, Reason, load, merge_new
from nextbest.sources.mapping import Mode, columns_of
from nextbest.tables import CANONICAL
from nextbest.tables.canonical import LOAD_REASONS, LOAD_REPORT

LOADED: Final = "loaded/"
"""Prefix of the layer as the files gave it."""
FIRST: Final = ("orders", "rates", "customers", "products")
"""Tables other files lean on are loaded first."""
LEEWAY: Final = timedelta(days=2)
"""Clocks and zones differ; later than this after the load nothing can have been ordered."""
STAGING: Final = ("orders", "rates")
"""Tables that only fill others and are never canonical."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What a load did."""

    files: tuple[Mapping[str, Any], ...]
    """A row of ``load_report`` per file that was read."""
    known: tuple[str, ...]
    """Files that were loaded before and have not changed."""


def take_in(
    store: Path, config: Config, root: Path, now: datetime, progress: Callable[[str], None]
) -> Intake:
    """Load what is new in every source and clean everything; the workspace changes at the very end or not at all."""
    parts = Parts.open(store / "tables")
    known: list[str] = []
    read: list[dict[str, Any]] = []
    forgotten = forgotten_in(root, config)
    with parts.scratch() as scratch:
        for source in sorted(config.sources, key=_turn):
            for location in locations(source, root):
                raw = open_source(location, table=source.query)
                mark = _mark(raw.digest, source, config)
                if any(record["mark"] == mark for record in parts.loads):
                    known.append(raw.name)
                    continue
                progress(raw.name)
                desk = desk_for(parts, source, scratch / mark, now)
                loaded = load(raw, source.layout, loading_settings(config), config.cleaning, desk)
                record = _take(
                    parts, _without(loaded, forgotten, is_wide=source.shape == "wide"), source, desk
                )
                record |= {"mark": mark, "loaded_at": now.isoformat(timespec="seconds")}
                parts.loads.append(record)
                read.append(record)
        rules = config.cleaning.model_dump_json()
        if read or parts.rules != rules:
            progress("cleaning")
            _clean(parts, config, scratch)
            parts.rules = rules
            parts.save()
    return Intake(tuple(read), tuple(known))


def locations(source: SourceSettings, root: Path) -> list[str]:
    """Resolve a source's files: database URLs as they are, paths relative to the workspace, ``*`` expanded."""
    found: list[str] = []
    for pattern in source.files:
        if "://" in pattern:
            found.append(pattern)
            continue
        path = root / Path(pattern).expanduser()
        matches = sorted(glob.glob(str(path))) if glob.has_magic(pattern) else [str(path)]  # noqa: PTH207
        if not matches:
            raise DataError("app.no_files", source=source.name, pattern=pattern)
        found += matches
    return found


def loading_settings(config: Config) -> LoadingSettings:
    """Give what loading must know of the shop."""
    return LoadingSettings(time_zone=config.shop.time_zone, currency=config.shop.currency)


def _turn(source: SourceSettings) -> int:
    return FIRST.index(source.table) if source.table in FIRST else len(FIRST)


def _mark(digest: str, source: SourceSettings, config: Config) -> str:
    """Name a file's content and everything that decides how its rows are read."""
    how = source.model_dump_json(exclude={"files"}) + loading_settings(config).model_dump_json()
    return hashlib.sha256(f"{digest} {how} {config.cleaning.model_dump_json()}".encode()).hexdigest()[:24]


def _open(parts: Parts) -> DuckDBStore:
    loaded = {f"{LOADED}{name}": table for name, table in CANONICAL.items()}
    return DuckDBStore(CANONICAL | loaded, parts.files())


def desk_for(parts: Parts, source: SourceSettings, folder: Path, now: datetime) -> Desk:
    """Lay out what a file is worked on with: heads of orders and rates loaded before, and how late a row may be."""
    engine = _open(parts)
    heads, rates = (engine.table(LOADED + name) if engine.has(LOADED + name) else None for name in STAGING)
    latest = now.astimezone(UTC).replace(tzinfo=None) + LEEWAY
    return Desk(engine.backend, folder, source.name, not_after=latest, orders=heads, rates=rates)


def _without(loaded: Loaded, forgotten: Forgotten, *, is_wide: bool) -> Loaded:
    """Take out of a file whom the shop was asked to forget; the rows stay counted, and nothing else of them stays."""
    if not forgotten:
        return loaded
    n_gone = {
        table: persons.drop_forgotten(path, forgotten, _when(table)) for table, path in loaded.tables.items()
    }
    persons.drop_forgotten(loaded.quarantine, forgotten, None)
    reasons = [
        replace(reason, example=None) if persons.quotes(reason.example, forgotten) else reason
        for reason in loaded.reasons
    ]
    n_erased = min(n_gone["customers" if is_wide else loaded.table], loaded.n_kept)
    if n_erased:
        reasons.append(Reason("loading.erased", "quarantined", n_erased))
    return replace(
        loaded,
        reasons=tuple(reasons),
        n_kept=loaded.n_kept - n_erased,
        n_quarantined=loaded.n_quarantined + n_erased,
    )


def _when(table: str) -> str | None:
    """Name the column that says when a row happened."""
    return next((column.name for column in columns_of(table) if column.kind == "timestamp"), None)


def _take(parts: Parts, loaded: Loaded, source: SourceSettings, desk: Desk) -> dict[str, Any]:
    """Join a file's tables with those already there; give its row of the load report."""
    if source.mode == "replace":
        parts.drop(LOADED + loaded.table, source=source.name)
    n_known = 0
    for table, path in loaded.tables.items():
        mode = source.mode if table == loaded.table else "append"
        merged = _add(parts, table, path, mode=mode, source=source.name)
        n_known += merged if table == loaded.table else 0
    rows = pq.read_metadata(loaded.quarantine).num_rows
    parts.add("quarantine", loaded.quarantine, source=source.name, rows=rows, name=desk.folder.name)
    return _account(loaded, n_known)


def _add(parts: Parts, table: str, path: Path, *, mode: Mode, source: str) -> int:
    """Add one file's rows to a table; give the number that were there already."""
    layer, name = LOADED + table, path.parent.name
    engine = _open(parts)
    if not engine.has(layer):
        parts.add(layer, path, source=source, rows=pq.read_metadata(path).num_rows, name=name)
        return 0
    joined = merge_new(table, engine.table(layer), engine.backend.read_parquet(str(path)), mode)
    pieces = {"added": joined.added} | ({"kept": joined.kept} if mode == "upsert" else {})
    n_merged = engine.count(joined.merged)
    for piece, rows in pieces.items():
        engine.save(rows, path.with_name(f"{table}-{piece}.parquet"))
    if mode == "upsert":
        parts.drop(layer)
    for piece in sorted(pieces, reverse=True):
        file = path.with_name(f"{table}-{piece}.parquet")
        parts.add(layer, file, source=source, rows=pq.read_metadata(file).num_rows, name=f"{name}-{piece}")
    return n_merged


def _account(loaded: Loaded, n_known: int) -> dict[str, Any]:
    """Write one file's row of the load report; rows of an overlapping export count as merged."""
    reasons = [asdict(reason) for reason in loaded.reasons]
    if n_known:
        reasons.append({"rule": "loading.overlap", "effect": "merged", "n_rows": n_known, "example": None})
    return {
        "source": loaded.source,
        "file": loaded.file,
        "table": loaded.table,
        "n_read": loaded.n_read,
        "n_kept": loaded.n_kept - n_known,
        "n_merged": loaded.n_merged + n_known,
        "n_quarantined": loaded.n_quarantined,
        "reasons": reasons,
    }


def _clean(parts: Parts, config: Config, scratch: Path) -> None:
    """Apply the named rules to everything that was loaded and write the canonical tables."""
    engine = _open(parts)
    layers = [name for name in sorted(parts.files()) if name.startswith(LOADED)]
    loaded = {name.removeprefix(LOADED): engine.table(name) for name in layers}
    given = {name: table for name, table in loaded.items() if name not in STAGING}
    cleaned = clean(given, config.cleaning, engine.keep)
    made = {name: _write(engine, rows, scratch / f"{name}.parquet") for name, rows in cleaned.tables.items()}
    made |= report_tables(parts, _whole(engine, cleaned, given, made), scratch)
    for name, path in made.items():
        identity = hashlib.sha256(path.read_bytes()).hexdigest()[:24]
        parts.drop(name)
        parts.add(name, path, source="cleaned", rows=pq.read_metadata(path).num_rows, name=identity)


def _whole(
    engine: DuckDBStore, cleaned: Cleaned, given: Mapping[str, ir.Table], made: Mapping[str, Path]
) -> list[dict[str, Any]]:
    """Count what the rules over whole tables did, one pass per table."""
    counts: dict[str, int] = {}
    for name, before in sorted({(rule.table, rule.is_before) for rule in cleaned.rules}):
        rules = [rule for rule in cleaned.rules if (rule.table, rule.is_before) == (name, before)]
        table = given[name] if before else engine.backend.read_parquet(made[name])
        counts |= engine.arrow(tally(rules, table)).to_pylist()[0]
    return [
        {"rule": f"cleaning.{rule.name}", "effect": rule.effect, "n_rows": counts[rule.name], "example": None}
        for rule in cleaned.rules
    ]


def _write(engine: DuckDBStore, rows: ir.Table, path: Path) -> Path:
    engine.save(rows.order_by(list(CANONICAL[path.stem].key)), path)
    return path


def report_tables(parts: Parts, whole: Iterable[Mapping[str, Any]], scratch: Path) -> dict[str, Path]:
    """Write the load report and the reasons behind its numbers."""
    loads = [load | {"loaded_at": datetime.fromisoformat(load["loaded_at"])} for load in parts.loads]
    reasons = [load | reason for load in parts.loads for reason in load["reasons"]]
    reasons += [{"source": "*", "file": "*"} | dict(reason) for reason in whole if reason["n_rows"]]
    return {
        contract.name: _save(rows, contract, scratch)
        for contract, rows in ((LOAD_REPORT, loads), (LOAD_REASONS, reasons))
    }


def _save(rows: Sequence[Mapping[str, Any]], contract: Table, scratch: Path) -> Path:
    path = scratch / f"{contract.name}.parquet"
    schema = arrow_schema(contract)
    pq.write_table(
        pa.Table.from_pylist([{n: row.get(n) for n in schema.names} for row in rows], schema), path
    )
    return path
