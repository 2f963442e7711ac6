"""The SQLite file: opened, created once, read and written in transactions, its troubles told in one sentence."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import filelock
import sqlalchemy as sa

from nextbest.base.errors import WorkspaceError
from nextbest.engines.operations.records import TABLES, VERSION


class Database:
    """``operations.db`` of one workspace.

    Attributes
    ----------
    engine
        Opens a connection for each transaction and closes it after.
    path
        Of the file; errors name it.
    """

    def __init__(self, engine: sa.Engine, path: Path) -> None:
        self.engine = engine
        self.path = path
        sa.event.listen(engine, "connect", _configure)

    @classmethod
    def open(cls, path: Path, patience: float) -> Database:
        """Open the file, or create it; wait ``patience`` seconds for another process that is writing."""
        url = sa.URL.create("sqlite+pysqlite", database=str(path))
        engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"timeout": patience})
        database = cls(engine, path)
        database._prepare(patience)
        return database

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Take the write lock at once, so that sequence numbers appear in their order."""
        with _plain_errors(self.path), self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """See one state of the file, whoever writes meanwhile."""
        with _plain_errors(self.path), self._transaction("BEGIN") as connection:
            yield connection

    def _prepare(self, patience: float) -> None:
        """Create the tables once, however many processes come at the same time."""
        with _plain_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._version() == VERSION:
                return
            with filelock.FileLock(self.path.with_suffix(".lock"), timeout=patience):
                if self._version() == VERSION:
                    return
                with self.engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA journal_mode = WAL")
                with self._transaction("BEGIN IMMEDIATE") as connection:
                    TABLES.create_all(connection)
                    connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")

    def _version(self) -> int:
        with self.engine.connect() as connection:
            version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
        if version > VERSION:
            raise WorkspaceError("operations.newer", path=self.path.name, got=version, known=VERSION)
        return version

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sa.Connection]:
        with self.engine.connect() as connection:
            connection.exec_driver_sql(begin)
            yield connection
            connection.commit()


def _configure(connection: sqlite3.Connection, _: object) -> None:
    """Leave transactions to us, and let no commit be lost when the power fails."""
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and the operating system say into a sentence."""
    try:
        yield
    except filelock.Timeout:
        raise WorkspaceError("operations.locked", path=path.name) from None
    except OSError as error:
        raise WorkspaceError("operations.not_writable", path=path.name, reason=str(error.strerror)) from error
    except sa.exc.DBAPIError as error:
        name = str(getattr(error.orig, "sqlite_errorname", ""))
        code = next((code for start, code in _SENTENCES.items() if name.startswith(start)), None)
        if code is None:
            raise
        raise WorkspaceError(code, path=path.name, reason=str(error.orig)) from error


_SENTENCES: Final = {
    "SQLITE_BUSY": "operations.locked",
    "SQLITE_LOCKED": "operations.locked",
    "SQLITE_FULL": "operations.full",
    "SQLITE_CORRUPT": "operations.damaged",
    "SQLITE_NOTADB": "operations.damaged",
    "SQLITE_READONLY": "operations.not_writable",
    "SQLITE_CANTOPEN": "operations.not_writable",
    "SQLITE_PERM": "operations.not_writable",
    "SQLITE_IOERR": "operations.not_writable",
}
