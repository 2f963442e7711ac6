"""A workspace: the Python API, and all that the command line and the web call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from nextbest.app import auditing, checking, explaining, forgetting, judging, looking, runner, running
from nextbest.app.catalogue import contracts
from nextbest.app.checking import Check
from nextbest.app.config import Config
from nextbest.app.explaining import Explanation
from nextbest.app.intake import Intake, take_in
from nextbest.app.operating import open_operations
from nextbest.app.running import Run
from nextbest.base.capability import Moment
from nextbest.base.errors import DataError
from nextbest.engines.duckdb_store import DuckDBStore
from nextbest.engines.operations import Operations
from nextbest.engines.parts import Parts
from nextbest.engines.snapshots import (
    Snapshots,
    one_writer,
    plain_io_errors,
    replace_text,
)


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
            forgetting.finish(self.folder, config=self.config)
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
        moment = now or datetime.now(UTC)
        with one_writer(self._store):
            forgetting.finish(self.folder, config=self.config)
            done = running.run(self._store, self.config, names, where or {}, now=moment, progress=progress)
            forgetting.finish(self.folder, config=self.config)
            return done

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

    def export(
        self,
        name: str,
        file: str | Path,
        *,
        where: str | None = None,
        unmask: bool = False,
        by: str | None = None,
    ) -> int:
        """Write a table to CSV, Parquet or Excel and give the number of rows; personal columns are masked.

        The audit tells that ``by`` took the table.
        """
        rows, path = self.select(name, where=where), Path(file)
        self.note_file("table exported", name, path, by=by, rows=int(rows.num_rows), unmasked=unmask)
        looking.export(rows, path, personal=() if unmask else self.personal_columns(name))
        return int(rows.num_rows)

    def shown(self, name: str, rows: pa.Table, *, unmask: bool, by: str | None) -> pa.Table:
        """Give rows of a table as they may be seen: personal columns are masked, or the audit tells that ``by`` saw them."""
        personal = sorted(set(self.personal_columns(name)) & set(rows.column_names))
        if not unmask or not personal:
            return looking.masked(rows, personal)
        self.note("table seen", name, by=by, columns=personal, rows=rows.num_rows)
        return rows

    def note_file(self, action: str, of: str, file: Path, *, by: str | None, **detail: Any) -> None:
        """Note in the audit that rows left the workspace in a file."""
        path = file.absolute().resolve()
        inside = path.relative_to(self.folder) if path.is_relative_to(self.folder) else path
        self.note(action, of, by=by, file=inside.as_posix(), **detail)

    def note(self, action: str, of: str, *, by: str | None, **detail: Any) -> None:
        """Note in the audit that somebody saw or took something."""
        with self._operations() as operations:
            auditing.note(operations, action, of, by=by, detail=detail or None)

    def audit(self, *, of: str | None = None, limit: int | None = None) -> pa.Table:
        """List who saw and changed what, newest first; see :mod:`nextbest.app.auditing`."""
        with self._operations() as operations:
            return auditing.listed(operations, of=of, limit=limit)

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
        from nextbest.app import reporting

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
        capabilities = self.config.capabilities
        return explaining.explain(
            self.reader(),
            customer_id,
            capabilities["audiences"],
            self._moment,
            horizon_days=capabilities["offers"].horizon_days,
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

    def models(self, capability: str) -> list[Path]:
        """Give the files of the models that a capability left in the last snapshot."""
        snapshot = self._snapshots.current()
        folder = snapshot.folder / "models" / capability if snapshot else None
        return sorted(folder.iterdir()) if folder and folder.is_dir() else []

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
        return open_operations(self.folder, config=self.config)
