"""From the parts on disk to a published snapshot: which run this is, what it sees, what it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from nextbest.app import looking, plan, runner
from nextbest.app.adding import put_live_account
from nextbest.app.catalogue import CATALOGUE, contracts
from nextbest.app.config import Config
from nextbest.app.operating import open_operations
from nextbest.base.capability import Capability, Moment
from nextbest.base.errors import DataError, SettingsError
from nextbest.base.findings import Finding
from nextbest.base.settings import Settings
from nextbest.engines.duckdb_store import DuckDBStore, read
from nextbest.engines.operations.joining import join_events
from nextbest.engines.parts import Parts
from nextbest.engines.snapshots import Snapshot, Snapshots, write_manifest


@dataclass(frozen=True, slots=True)
class Run:
    """What one run did."""

    name: str | None
    """Name of the snapshot; ``None`` where nothing had changed and none was published."""
    outcome: runner.Outcome

    @property
    def findings(self) -> list[Finding]:
        """Findings, most money first."""
        return self.findings_of(())

    def findings_of(self, names: Sequence[str]) -> list[Finding]:
        """Give the findings of some capabilities; of all for none."""
        return [finding for name, finding in self.outcome.findings if not names or name in names]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run reads."""

    parts: Parts
    people: Mapping[str, pa.Table]
    """Reviews and written rules, copied when the run begins."""
    sequence: int
    """Last change of the operational store that the run sees."""
    where: Mapping[str, str]
    """Expressions by table: only these rows are seen."""

    def identity(self, table: str) -> list[str]:
        """Name the content of a canonical table: equal where the run sees the same rows."""
        rows = self.people.get(table)
        own = [str(rows.to_pylist())] if rows is not None else list(self.parts.identity(table))
        return [*own, *(f"{name}={text}" for name, text in sorted(self.where.items()))]


def run(
    store: Path,
    config: Config,
    asked: Sequence[str],
    where: Mapping[str, str],
    *,
    now: datetime,
    progress: runner.Progress,
) -> Run:
    """Compute what changed and publish a snapshot; nothing is published where nothing changed."""
    cards = chosen(asked, config.capabilities)
    inputs = _inputs(store, config, where, now)
    snapshots = Snapshots(store)
    name = run_name(now, snapshots.names())
    with snapshots.building(name) as folder:
        job = _job(inputs, config, snapshots.current(), folder, progress)
        outcome = runner.run_all(cards, job)
        if all(card in outcome.unchanged for card in outcome.done) and snapshots.current():
            return Run(None, outcome)
        whole = _carry_over(job, outcome)
        shop = config.shop
        job.store.write("findings", runner.finding_rows(whole, shop.language, shop.currency))
        job.store.write("skipped", runner.skipped_rows(whole))
        written = sorted(path.stem for path in folder.glob("*.parquet"))
        manifest = _manifest(job, inputs, whole) | {"run": name, "started_at": now, "tables": written}
        write_manifest(folder / "manifest.json", manifest)
    return Run(name, outcome)


def chosen(names: Sequence[str], settings: Mapping[str, Settings]) -> list[Capability]:
    """Pick capabilities by name with what they need, in order; all of them for no name."""
    known = [card.name for card in CATALOGUE]
    for name in names:
        if name not in known:
            raise SettingsError("app.capability_unknown", name=name, known=known)
    return plan.with_needed(names or known, CATALOGUE, settings)


def run_name(started: datetime, names: Sequence[str]) -> str:
    """Name a run by its second; a second run in the same second gets a number.

    Examples
    --------
    >>> noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    >>> run_name(noon, []), run_name(noon, ["20260131T120000Z"])
    ('20260131T120000Z', '20260131T120000Z-2')
    """
    name = started.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    number = sum(1 for other in names if other.startswith(name))
    return f"{name}-{number + 1}" if number else name


def first_unseen_day(store: DuckDBStore) -> date | None:
    """Find the day after the last order, or after the last holding; ``None`` where the data have no days."""
    for table, column in (("order_lines", "ordered_on"), ("holdings", "opened_on"), ("holdings", "seen_on")):
        if store.has(table, column):
            last = store.arrow(store.table(table).aggregate(last=lambda t, c=column: t[c].max()))
            day: date = last["last"][0].as_py()
            return day + timedelta(days=1)
    return None


def _inputs(store: Path, config: Config, where: Mapping[str, str], now: datetime) -> Inputs:
    parts = Parts.open(store / "tables")
    with open_operations(store.parent, config=config) as operations:
        sequence = operations.sequence()
        if operations.copy(parts, sequence, config.cleaning):
            put_live_account(store, now)
            parts = Parts.open(store / "tables")
        join_events(parts)
        if not parts.files():
            raise DataError("app.nothing_loaded")
        return Inputs(parts, operations.snapshot_rows(sequence), sequence, where)


def _job(
    inputs: Inputs, config: Config, current: Snapshot | None, folder: Path, progress: runner.Progress
) -> runner.Job:
    previous = current.tables() if current else {}
    store = DuckDBStore(contracts(), inputs.parts.files(), previous=previous, folder=folder)
    for name, rows in inputs.people.items():
        store.write(name, rows)
    for table, text in inputs.where.items():
        looking.restrict(store, table, text)
    moment = Moment(config.shop.as_of or first_unseen_day(store), config.shop.seed)
    return runner.Job(
        store, config.capabilities, moment, inputs.identity, folder, _earlier(current), progress
    )


def _carry_over(job: runner.Job, outcome: runner.Outcome) -> runner.Outcome:
    """Keep the tables and findings of capabilities that were not asked for."""
    left = [
        card
        for card in CATALOGUE
        if card.name in job.earlier.done
        and card.name not in outcome.done
        and card.name not in outcome.skipped
    ]
    for card in left:
        runner.keep(card, job)
    kept = {card.name: job.earlier.done[card.name] for card in left}
    return runner.Outcome(kept | dict(outcome.done), outcome.skipped, outcome.unchanged)


def _manifest(job: runner.Job, inputs: Inputs, outcome: runner.Outcome) -> dict[str, Any]:
    return {
        "as_of": job.moment.as_of,
        "where": dict(inputs.where),
        "capabilities": {
            name: {"fingerprint": done.fingerprint, "seconds": done.seconds}
            for name, done in outcome.done.items()
        },
        "settings": {name: settings.model_dump(mode="json") for name, settings in job.settings.items()},
        "inputs": {table: list(inputs.parts.identity(table)) for table in sorted(inputs.parts.files())},
        "operations_up_to": inputs.sequence,
        "version": version("nextbest"),
    }


def _earlier(current: Snapshot | None) -> runner.Earlier:
    """Read what the last snapshot can spare this run."""
    if current is None:
        return runner.Earlier()
    tables = current.tables()
    findings = read(tables["findings"]).to_pylist()
    done = {
        name: runner.Done(
            record["fingerprint"],
            record["seconds"],
            tuple(runner.findings_from([row for row in findings if row["capability"] == name])),
        )
        for name, record in current.manifest["capabilities"].items()
    }
    return runner.Earlier(done, tables, current.folder)
