"""What SQLite and PostgreSQL do differently: how a write lock is taken, what a connection is told, what a trouble means."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

_LOCK: Final = 7_365_214_099
"""Advisory lock of every writing transaction: numbers of changes appear in their order, and counts of contacts hold."""
Begin: TypeAlias = Callable[[sa.Connection, float], object]
"""Begins a transaction; waits some seconds at most for another that is writing."""
_PAUSE: Final = 0.0005


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of database."""

    configure: Callable[[Any, float], None]
    """Told to each new connection, with the seconds to wait for another that is writing."""
    begin_reading: Begin
    begin_writing: Begin
    begin_erasing: Begin
    version: Callable[[sa.Connection], int]
    """Of the tables that are there; 0 where there are none."""
    set_version: tuple[str, ...]
    """Told with ``{version}`` when the tables have changed."""
    after_erasing: tuple[str, ...]
    """Told after the transaction, so that nothing erased is left in the files; PostgreSQL's autovacuum sees to it itself."""
    troubles: Mapping[str, str]
    """Sentences by the beginning of the error's name or code."""


def trouble(dialect: Dialect, error: sa.exc.DBAPIError) -> str | None:
    """Find the sentence for what a database says."""
    name = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
    if name is None:
        return "operations.unreachable" if error.connection_invalidated or _is_lost(error) else None
    return next((code for start, code in dialect.troubles.items() if str(name).startswith(start)), None)


def dialect_of(engine: sa.Engine) -> Dialect:
    """Choose by the engine's name."""
    return DIALECTS[engine.dialect.name]


def _is_lost(error: sa.exc.DBAPIError) -> bool:
    """Tell whether PostgreSQL could not be reached at all: its errors then have no code."""
    return isinstance(error, sa.exc.OperationalError)


def _configure_sqlite(connection: sqlite3.Connection, _: float) -> None:
    """Leave transactions to us, and let no commit be lost when the power fails."""
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -16384")  # 16 MB: the ends of the indexes
    connection.execute(
        "PRAGMA wal_autocheckpoint = 4000"
    )  # pages; one commit in hundreds pays for a checkpoint


def _say(statement: str) -> Begin:
    return lambda connection, _: connection.exec_driver_sql(statement)


def _begin_writing(connection: sa.Connection, patience: float) -> None:
    """Ask for SQLite's write lock every half millisecond.

    SQLite itself would sleep longer each time, up to a tenth of a second: of two that write in turn, one would sleep
    through many of the other's rests.
    """
    driver: Any = connection.connection.driver_connection
    end = time.monotonic() + patience
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while time.monotonic() < end:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not str(error.sqlite_errorname).startswith("SQLITE_BUSY"):
                    break
                time.sleep(_PAUSE)
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # what is wrong now is told
    finally:
        driver.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")


def _begin_erasing(connection: sa.Connection, patience: float) -> None:
    connection.exec_driver_sql("PRAGMA secure_delete = ON")
    _begin_writing(connection, patience)


def _configure_postgresql(connection: Any, patience: float) -> None:
    """Wait for a lock as long as asked; instants are UTC."""
    with connection.cursor() as cursor:
        cursor.execute(f"set lock_timeout = {int(patience * 1000)}")
        cursor.execute("set synchronous_commit = on")
        cursor.execute("set time zone 'UTC'")
    connection.commit()


def _sqlite_version(connection: sa.Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def _postgresql_version(connection: sa.Connection) -> int:
    # Read from the catalogue itself: what to_regclass knows may be older than a lock that was waited for.
    named = "select 1 from pg_catalog.pg_tables where schemaname = any(current_schemas(false)) and tablename = 'alembic_version'"
    if connection.scalar(sa.text(named)) is None:
        return 0
    return int(connection.scalar(sa.text("select version_num from alembic_version")) or 0)


DIALECTS: Final = {
    "sqlite": Dialect(
        _configure_sqlite,
        begin_reading=_say("BEGIN"),
        begin_writing=_begin_writing,
        begin_erasing=_begin_erasing,
        version=_sqlite_version,
        set_version=("PRAGMA user_version = {version}",),
        after_erasing=("PRAGMA wal_checkpoint(TRUNCATE)",),
        troubles={
            "SQLITE_BUSY": "operations.locked",
            "SQLITE_LOCKED": "operations.locked",
            "SQLITE_FULL": "operations.full",
            "SQLITE_CORRUPT": "operations.damaged",
            "SQLITE_NOTADB": "operations.damaged",
            "SQLITE_READONLY": "operations.not_writable",
            "SQLITE_CANTOPEN": "operations.not_writable",
            "SQLITE_PERM": "operations.not_writable",
            "SQLITE_IOERR": "operations.not_writable",
        },
    ),
    "postgresql": Dialect(
        _configure_postgresql,
        begin_reading=_say("set transaction isolation level repeatable read, read only"),
        begin_writing=_say(f"select pg_advisory_xact_lock({_LOCK})"),
        begin_erasing=_say(f"select pg_advisory_xact_lock({_LOCK})"),
        version=_postgresql_version,
        set_version=(),
        after_erasing=(),
        troubles={
            "55P03": "operations.locked",
            "53100": "operations.full",
            "53": "operations.unreachable",
            "57P": "operations.unreachable",
            "08": "operations.unreachable",
            "28": "operations.refused",
            "3D": "operations.refused",
            "42501": "operations.refused",
            "25006": "operations.not_writable",
        },
    ),
}
