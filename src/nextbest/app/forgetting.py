"""A customer's rights over the whole workspace: everything about one in one piece, and forgetting one everywhere.

Erasing works in two steps. The operational store forgets at once and keeps hashes. The files of the workspace follow under its lock; where
a load or run holds it, a request lies in ``store/forgetting`` until that is done, and whoever holds the lock next does it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from nextbest.app import auditing
from nextbest.app.config import Config
from nextbest.app.operating import open_operations
from nextbest.base.errors import DataError, WorkspaceError
from nextbest.decisions.campaigns import CHINESE
from nextbest.engines import persons
from nextbest.engines.operations import Operations
from nextbest.engines.parts import Parts
from nextbest.engines.snapshots import Snapshots, one_writer, plain_io_errors, replace_text
from nextbest.serving.log import Erased, Person, known_as

PENDING: Final = "forgetting"
"""Folder of the store with erasures that the files still wait for."""
KINDS: Final[Mapping[str, str]] = {"customer": "customers", "device": "devices"}
"""Aliases of the table ``identities`` that are ids in other tables, too."""
_LOADED: Final = "loaded/"
_OPERATIONAL: Final = "operational/"


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was removed."""

    operations: Erased
    tables: Mapping[str, int]
    """Rows by canonical table."""
    runs: Mapping[str, int]
    """Rows by table, over all runs that are kept."""
    files: tuple[str, ...]
    """Files written by the workspace that lost rows, or were removed: the report."""
    elsewhere: tuple[str, ...]
    """Exported files outside the workspace; they are yours to clean."""
    is_pending: bool
    """A load or run holds the files: they follow when it ends."""

    @property
    def n_rows(self) -> int:
        """Everything that went."""
        return sum(row["rows"] for row in self.rows())

    def rows(self) -> list[dict[str, Any]]:
        """List what was removed: where, table, rows."""
        found = {name.removeprefix("n_"): n for name, n in asdict(self.operations).items()}
        places = (("operations", found), ("tables", self.tables), ("runs", self.runs))
        return [
            {"where": place, "table": name, "rows": n}
            for place, counts in places
            for name, n in sorted(counts.items())
            if n
        ]

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, for JSON."""
        return {
            "removed": self.rows(),
            "files": list(self.files),
            "elsewhere": list(self.elsewhere),
            "is_pending": self.is_pending,
        }


def person_of(operations: Operations, store: Path, customer_id: str) -> Person:
    """Collect every id of a customer: those the events told, and those of the table ``identities``."""
    person = Person(())
    with operations.reading() as connection:
        found = known_as(connection, customer_id)
        while person != found:
            person = found
            for alias in _aliases(store, person):
                found |= alias
            for name in found.customers:
                found |= known_as(connection, name)
    return person


def export(folder: Path, customer_id: str, *, by: str | None, config: Config | None = None) -> dict[str, Any]:
    """Give everything about one customer: canonical tables, the tables of the last run, the operational store.

    Returns
    -------
    ``customer_id``, ``known_as`` (customers and devices), and rows by table under ``tables``, ``run`` and ``operations``.

    Raises
    ------
    DataError
        Nobody has that id.
    """
    store = folder / "store"
    with open_operations(folder, config=config) as operations:
        person = person_of(operations, store, customer_id)
        kept = {name: rows for name, rows in operations.everything_about(person).items() if rows}
        current = Snapshots(store).current()
        told = {
            "customer_id": customer_id,
            "known_as": asdict(person),
            "tables": _rows(Parts.open(store / "tables").files(), person),
            "run": _rows(current.tables() if current else {}, person),
            "operations": kept,
        }
        if not (told["tables"] or told["run"] or kept):
            raise DataError("app.customer_unknown", customer=customer_id)
        auditing.note(operations, "customer exported", customer_id, by=by)
    return told


def n_rows(told: Mapping[str, Any]) -> int:
    """Count the rows of an export."""
    return sum(len(rows) for place in ("tables", "run", "operations") for rows in told[place].values())


def write_down(told: Mapping[str, Any], file: Path) -> None:
    """Write an export as JSON that only its owner may read."""
    text = json.dumps(told, ensure_ascii=False, indent=1, default=str)
    if not file.absolute().parent.is_dir():
        raise DataError("app.no_folder", file=file.name, folder=str(file.parent))
    with plain_io_errors(file):
        file.touch(mode=0o600)
        file.write_text(text + "\n", encoding="utf-8")


def erase(
    folder: Path,
    customer_id: str,
    *,
    by: str | None,
    config: Config | None = None,
    now: datetime | None = None,
) -> Erasure:
    """Forget one customer everywhere, under every id; hashes of the ids stay, so that no file brings the customer back.

    Parameters
    ----------
    folder
        The workspace.
    customer_id
        Any id of the customer; one that nobody has leaves its hash all the same.
    by
        Who does it.
    now
        With zone; what is brought back from before is dropped.
    """
    store, at = folder / "store", now or datetime.now(UTC)
    with open_operations(folder, config=config) as operations:
        person = person_of(operations, store, customer_id)
        pending = _wait(store, person, by, at)
        try:
            gone = operations.erase(person, by=by, at=at)
        except WorkspaceError:
            pending.unlink(missing_ok=True)
            raise
        try:
            with one_writer(store):
                out = auditing.files_out(operations)
                tables, runs, files = _leave(folder, person, out)
                pending.unlink(missing_ok=True)
        except WorkspaceError as error:
            if error.message.code != "engines.busy":
                raise
            return Erasure(gone, {}, {}, (), (), is_pending=True)
    outside = tuple(file for file in out if Path(file).is_absolute() and Path(file).exists())
    return Erasure(gone, tables, runs, tuple(files), outside, is_pending=False)


def finish(folder: Path, *, config: Config | None = None) -> int:
    """Do what erasures are waiting for; give their number. Whoever calls this holds the workspace for writing."""
    waiting = sorted((folder / "store" / PENDING).glob("*.json"))
    if not waiting:
        return 0
    with open_operations(folder, config=config) as operations:
        out, forgotten = auditing.files_out(operations), operations.forgotten()
        for path in waiting:
            asked = json.loads(path.read_text(encoding="utf-8"))
            person, at = Person(tuple(asked["customers"]), tuple(asked["devices"])), _utc(asked["at"])
            done = [forgotten.erased_at(subject) for subject in person.subjects]
            if any(one is None or one < at.replace(tzinfo=None) for one in done):
                operations.erase(person, by=asked["by"], at=at)
            _leave(folder, person, out)
            path.unlink()
    return len(waiting)


def is_waiting(store: Path, *, seconds: float = 0.0) -> bool:
    """Tell whether an erasure has waited for the files longer than so many seconds."""
    until = time.time() - seconds
    return any(path.stat().st_mtime <= until for path in (store / PENDING).glob("*.json"))


def _aliases(store: Path, person: Person) -> Iterator[Person]:
    """Find ids of a person in the table ``identities``, whichever way it is read."""
    for path in Parts.open(store / "tables").files().get("identities", ()):
        for row in pq.read_table(path, columns=["alias", "kind", "customer_id"]).to_pylist():
            field = KINDS.get(row["kind"])
            if field and (row["alias"] in getattr(person, field) or row["customer_id"] in person.customers):
                yield Person((row["customer_id"],)) | Person(**{"customers": (), field: (row["alias"],)})


def _wait(store: Path, person: Person, by: str | None, at: datetime) -> Path:
    """Note whom to forget, before anything is forgotten: who dies in between leaves the rest to the next."""
    asked = asdict(person) | {"by": by, "at": at.astimezone(UTC).isoformat()}
    name = hashlib.sha256(json.dumps(person.subjects).encode()).hexdigest()[:24]
    path = store / PENDING / f"{name}.json"
    with plain_io_errors(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_text(path, json.dumps(asked, ensure_ascii=False))
    return path


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _leave(folder: Path, person: Person, out: list[str]) -> tuple[dict[str, int], dict[str, int], list[str]]:
    """Take a person out of every file of the workspace."""
    store = folder / "store"
    gone = persons.leave_parts(Parts.open(store / "tables"), person)
    runs: dict[str, int] = {}
    snapshots = Snapshots(store)
    for name in snapshots.names():
        for table, n in persons.leave_snapshot(snapshots.open(name), person).items():
            runs[table] = runs.get(table, 0) + n
    tables: dict[str, int] = {}
    for layer, n in gone.items():
        if not layer.startswith(_LOADED):
            name = layer.removeprefix(_OPERATIONAL)
            tables[name] = tables.get(name, 0) + n
    files = [name for name in out if not Path(name).is_absolute() and _leave_file(folder / name, person)]
    return tables, runs, files + [path.name for path in folder.glob("*.html") if _leave_page(path, person)]


def _leave_file(path: Path, person: Person) -> bool:
    """Write an exported file again without a person; tell whether it was in there."""
    from nextbest.app import looking  # loads pandas and Ibis, which the service needs for nothing else

    if not path.exists() or path.suffix not in looking.READERS:
        return False
    rows = looking.READERS[path.suffix](path)
    ids = {"customer_id", CHINESE["customer_id"]}
    is_mine = [
        any(str(row[name]) in person for name in ids & set(rows.column_names)) for row in rows.to_pylist()
    ]
    if any(is_mine):
        looking.export(rows.filter(pa.array([not mine for mine in is_mine], pa.bool_())), path)
    return any(is_mine)


def _leave_page(path: Path, person: Person) -> bool:
    """Remove a report that shows a person: the next one is written without."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if not any(f"<code>{name}</code>" in text for name in person.customers):
        return False
    path.unlink()
    return True


def _rows(files: Mapping[str, list[Path]], person: Person) -> dict[str, list[dict[str, Any]]]:
    """Read a person's rows by table, in an order that does not depend on the files."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, paths in files.items():
        rows = [row for path in paths for row in persons.rows_of(path, person)]
        if rows and not name.startswith((_LOADED, "load_reasons")):
            found[name] = sorted(rows, key=str)
    return found
