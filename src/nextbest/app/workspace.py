"""A workspace: the Python API, and all that the command line and the web call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from nextbest.app import checking, explaining, judging, looking, plan, reporting, runner
from nextbest.app.catalogue import CATALOGUE, contracts
from nextbest.app.checking import Check
from nextbest.app.config import Config
from nextbest.app.explaining import Explanation
from nextbest.app.intake import Intake, take_in
from nextbest.base.capability import Capability, Moment
from nextbest.base.errors import DataError, SettingsError
from nextbest.base.findings import Finding
from nextbest.engines.duckdb_store import DuckDBStore, read
from nextbest.engines.operations import Operations
from nextbest.engines.parts import Parts
from nextbest.engines.snapshots import (
    Snapshot,
    Snapshots,
    one_writer,
    plain_io_errors,
    replace_text,
    write_manifest,
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one run did."""

    name: str | None
    """Name of the snapshot; ``None`` where nothing had changed and none was published."""
    outcome: runner.Outcome

    @property
    def findings(self) -> list[Finding]:
        """Findings, most money first."""
        return [finding for _, finding in self.outcome.findings]


class Workspace:
    """A folder with ``nextbest.toml`` and a ``store``.

    Examples
    --------
    ::

        shop = nextbest.open("shop")
        shop.load()
        shop.run()
        shop.table("rules").to_pandas()
    """

    def __init__(self, folder: Path, config: Config) -> None:
        self.folder = folder
        self.config = config
        self._store = folder / "store"
        self._snapshots = Snapshots(self._store)

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Open a workspace.

        Raises
        ------
        WorkspaceError
            The folder holds no ``nextbest.toml``.
        SettingsError
            A setting is wrong.
        """
        path = Path(folder).expanduser().resolve()
        return cls(path, Config.read(path))

    def load(self, *, now: datetime | None = None, progress: runner.Progress = runner.silent) -> Intake:
        """Bring new and changed files in; see ``table("load_report")`` for the account of every row."""
        with one_writer(self._store):
            return take_in(self._store, self.config, self.folder, now or datetime.now(UTC), progress)

    def run(
        self,
        names: Sequence[str] = (),
        *,
        where: Mapping[str, str] | None = None,
        now: datetime | None = None,
        progress: runner.Progress = runner.silent,
    ) -> Run:
        """Compute what changed and publish a snapshot.

        Parameters
        ----------
        names
            Capabilities; with none, all. What they need runs too, the others keep their last tables.
        where
            Expressions by table: only these rows are seen, such as ``{"order_lines": "store_id = '367'"}``.
        """
        cards = chosen(names)
        started = now or datetime.now(UTC)
        with one_writer(self._store):
            parts = Parts.open(self._store / "tables")
            if not parts.files():
                raise DataError("app.nothing_loaded")
            name = _run_name(started, self._snapshots.names())
            with self._snapshots.building(name) as folder:
                job = self._job(parts, where or {}, folder, progress)
                outcome = runner.run_all(cards, job)
                if all(card in outcome.unchanged for card in outcome.done):
                    return Run(None, outcome)
                self._finish(job, outcome, {"run": name, "started_at": started, "where": dict(where or {})})
        return Run(name, outcome)

    def table(self, name: str) -> pa.Table:
        """Read a table of the last snapshot, or a canonical one, as Arrow.

        Raises
        ------
        MissingTableError
            There is no such table yet.
        """
        store = self.reader()
        return store.arrow(store.table(name))

    def select(
        self,
        name: str,
        *,
        where: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Read some rows of a table; see :func:`nextbest.app.looking.select`."""
        return looking.select(self.reader(), name, where=where, sort=sort, limit=limit, columns=columns)

    def contents(self) -> pa.Table:
        """List the tables that can be looked at."""
        return looking.contents(self.reader())

    def export(self, name: str, file: str | Path, *, where: str | None = None, unmask: bool = False) -> int:
        """Write a table to CSV, Parquet or Excel and give the number of rows; personal columns are masked."""
        rows = self.select(name, where=where)
        looking.export(rows, Path(file), personal=() if unmask else self.personal_columns(name))
        return int(rows.num_rows)

    def personal_columns(self, name: str) -> list[str]:
        """Name a table's columns that identify or reach a person: by contract, and attributes marked in the sources."""
        by_contract = [column.name for column in contracts().get(name, ()) if column.personal]
        return by_contract + [column for source in self.config.sources for column in source.personal]

    def current_run(self) -> str | None:
        """Name the last finished run."""
        current = self._snapshots.current()
        return current.name if current else None

    def report(
        self, *, against: str | None = None, language: str | None = None, out: str | Path | None = None
    ) -> Path:
        """Write the report of the last run as one HTML file and give its path.

        Parameters
        ----------
        against
            Name of an older run: adds what changed since.
        language
            ``en`` or ``zh``; without it the workspace's.
        out
            File to write; without it ``report.html`` in the workspace.
        """
        path = Path(out) if out else self.folder / "report.html"
        with plain_io_errors(path):
            replace_text(path, reporting.page(self, against, language))
        return path

    def explain(self, customer_id: str) -> Explanation:
        """Tell what one customer would get, why, and what was ruled out by what.

        Raises
        ------
        DataError
            Nobody has that id.
        """
        return explaining.explain(
            self.reader(), customer_id, self.config.capabilities["audiences"], self._moment
        )

    def review(
        self,
        rule: str,
        verdict: str,
        *,
        note: str | None = None,
        by: str | None = None,
        now: datetime | None = None,
    ) -> str:
        """Approve, reject or annotate a rule, named by its id or the beginning of it; gives the whole id.

        Parameters
        ----------
        verdict
            ``approve``, ``reject`` or ``note``.
        """
        if verdict not in judging.STATES:
            raise DataError("app.verdict_unknown", got=verdict, known=list(judging.STATES))
        rule_id = judging.whole_id(self.reader(), rule)
        with self._operations() as operations:
            operations.review(rule_id, judging.STATES[verdict], by=by, at=now or datetime.now(UTC), note=note)
        return rule_id

    def reviews(self) -> pa.Table:
        """List the reviews that hold now."""
        with self._operations() as operations:
            return operations.snapshot_rows()["reviews"]

    def add_rule(  # noqa: PLR0913
        self,
        level: str,
        body: Sequence[str],
        head: str,
        *,
        sign: str = "+",
        is_ordered: bool = False,
        note: str | None = None,
        by: str | None = None,
        now: datetime | None = None,
    ) -> str:
        """Write a rule that the next run measures like a mined one; gives its id.

        Parameters
        ----------
        level
            ``product``, ``category`` or ``department``.
        body, head
            What the customer has and what to offer: ids, or names that are unique.
        sign
            ``+`` (offer it) or ``-`` (do not).
        is_ordered
            The head comes after the body.
        """
        rule = judging.written_rule(self.reader(), level, body, head, sign=sign, is_ordered=is_ordered)
        with self._operations() as operations:
            operations.add_rule(replace(rule, note=note, written_by=by), at=now or datetime.now(UTC))
        return rule.rule_id

    def remove_rule(self, rule: str, *, by: str | None = None, now: datetime | None = None) -> str:
        """Remove a rule that a person wrote; its history stays."""
        rule_id = judging.whole_id(self.reader(), rule)
        with self._operations() as operations:
            operations.remove_rule(rule_id, by=by, at=now or datetime.now(UTC))
        return rule_id

    def check(self) -> Check:
        """Validate settings and sources without changing anything."""
        return checking.check(self.config, self.folder)

    def reader(self, run: str | None = None) -> DuckDBStore:
        """Open every table that can be read now, or those of one run."""
        snapshot = self._snapshots.open(run) if run else self._snapshots.current()
        files = Parts.open(self._store / "tables").files()
        return DuckDBStore(contracts(), files | (snapshot.tables() if snapshot else {}))

    def files(self, names: Iterable[str]) -> list[Path]:
        """Give the Parquet files of tables of the last snapshot; those it lacks are left out."""
        snapshot = self._snapshots.current()
        tables = snapshot.tables() if snapshot else {}
        return [path for name in names for path in tables.get(name, ())]

    def runs(self) -> list[str]:
        """List the runs kept, oldest first."""
        return self._snapshots.names()

    @property
    def _moment(self) -> Moment:
        """The day of the last run."""
        current = self._snapshots.current()
        day = current.manifest["as_of"] if current else None
        return Moment(date.fromisoformat(day) if day else None, self.config.shop.seed)

    def _operations(self) -> Operations:
        self._store.mkdir(parents=True, exist_ok=True)
        return Operations.open(self._store)

    def _job(
        self, parts: Parts, where: Mapping[str, str], folder: Path, progress: runner.Progress
    ) -> runner.Job:
        current = self._snapshots.current()
        with self._operations() as operations:
            people = operations.snapshot_rows()
        files = parts.files()
        store = DuckDBStore(
            contracts(), files | people, previous=current.tables() if current else {}, folder=folder
        )
        for table, text in where.items():
            looking.restrict(store, table, text)
        for name, rows in people.items():
            store.write(name, rows)
        filters = [f"{table}={text}" for table, text in sorted(where.items())]

        def identity(table: str) -> list[str]:
            rows = people.get(table)
            return [*parts.identity(table), *filters, *([str(rows.to_pylist())] if rows is not None else [])]

        settings = self.config.capabilities
        shop = self.config.shop
        moment = Moment(shop.as_of or first_unseen_day(store), shop.seed)
        return runner.Job(store, settings, moment, identity, folder, _earlier(current), progress)

    def _finish(self, job: runner.Job, outcome: runner.Outcome, manifest: Mapping[str, Any]) -> None:
        """Carry over what was not asked for, write findings, and the manifest last."""
        shop = self.config.shop
        store = job.store
        others = [card for card in CATALOGUE if card.name in job.earlier.done]
        kept = {card.name: job.earlier.done[card.name] for card in others if _is_left(card.name, outcome)}
        for card in others:
            if card.name in kept:
                runner.keep(card, job)
        whole = runner.Outcome(kept | dict(outcome.done), outcome.skipped, outcome.unchanged)
        store.write("findings", runner.finding_rows(whole, shop.language, shop.currency))
        store.write("skipped", runner.skipped_rows(whole))
        done = {
            name: {"fingerprint": done.fingerprint, "seconds": done.seconds}
            for name, done in whole.done.items()
        }
        content = {
            **manifest,
            "as_of": job.moment.as_of,
            "capabilities": done,
            "settings": {name: settings.model_dump(mode="json") for name, settings in job.settings.items()},
            "inputs": {table: list(job.identity(table)) for table in sorted(store.names)},
            "version": version("nextbest"),
        }
        if job.folder is not None:
            write_manifest(job.folder / "manifest.json", content)


def chosen(names: Sequence[str]) -> list[Capability]:
    """Pick capabilities by name with what they need; all of them for no name."""
    known = [card.name for card in CATALOGUE]
    for name in names:
        if name not in known:
            raise SettingsError("app.capability_unknown", name=name, known=known)
    return plan.with_needed(names or known, CATALOGUE)


def first_unseen_day(store: DuckDBStore) -> date | None:
    """Find the day after the last order, or after the last holding; ``None`` where the data have no days."""
    for table, column in (("order_lines", "ordered_on"), ("holdings", "opened_on"), ("holdings", "seen_on")):
        if store.has(table, column):
            last = store.arrow(store.table(table).aggregate(last=lambda t, c=column: t[c].max()))
            day: date = last["last"][0].as_py()
            return day + timedelta(days=1)
    return None


def _is_left(name: str, outcome: runner.Outcome) -> bool:
    return name not in outcome.done and name not in outcome.skipped


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
    return runner.Earlier(done, tables)


def _run_name(started: datetime, names: Sequence[str]) -> str:
    """Name a run by its second; a second run in the same second gets a number."""
    name = started.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    number = sum(1 for other in names if other.startswith(name))
    return f"{name}-{number + 1}" if number else name
