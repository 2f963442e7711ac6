"""The operational database: opened, brought up to date once, read and written in transactions, its troubles told in one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import filelock
import sqlalchemy as sa

from nextbest.base.errors import SettingsError, WorkspaceError
from nextbest.engines.operations.dialects import DIALECTS, Begin, dialect_of, trouble
from nextbest.tables.operational import VERSION


class Database:
    """SQLite in a file of the workspace, or PostgreSQL by URL.

    Attributes
    ----------
    engine
        Keeps a few connections, and takes the one used last: its pages and statements are still at hand.
    name
        Of the file, or of the database without user and password; errors name it.
    """

    def __init__(self, engine: sa.Engine, name: str, patience: float = 10.0) -> None:
        self.engine = engine
        self.name = name
        self._patience = patience
        self._dialect = dialect_of(engine)
        sa.event.listen(
            engine, "connect", lambda connection, _: self._dialect.configure(connection, patience)
        )
        sa.event.listen(engine, "handle_error", self._told)

    @classmethod
    def open(cls, path: Path, patience: float) -> Database:
        """Open a SQLite file, or create it; wait ``patience`` seconds for another process that is writing."""
        url = sa.URL.create("sqlite+pysqlite", database=str(path))
        options: dict[str, Any] = {"timeout": patience, "check_same_thread": False}
        database = cls(sa.create_engine(url, connect_args=options, pool_use_lifo=True), path.name, patience)
        with database._plain_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
        return database._ready(filelock.FileLock(path.with_suffix(".lock"), timeout=patience))

    @classmethod
    def connect(cls, url: str, patience: float) -> Database:
        """Open a PostgreSQL database by URL, such as ``postgresql://shop@db.example/nextbest``."""
        try:
            parsed = sa.make_url(url)
        except sa.exc.ArgumentError:
            raise SettingsError("operations.url_wrong", got=url.partition("@")[2] or url[:20]) from None
        if parsed.get_backend_name() not in DIALECTS:
            raise SettingsError("operations.url_wrong", got=parsed.get_backend_name())
        if parsed.get_backend_name() == "sqlite":
            return cls.open(Path(parsed.database or ""), patience)
        patient = {"connect_timeout": str(math.ceil(patience)), "tcp_user_timeout": str(int(patience * 1000))}
        parsed = parsed.set(drivername="postgresql+psycopg", query={**patient, **parsed.query})
        engine = sa.create_engine(parsed, pool_pre_ping=True, pool_use_lifo=True)
        database = cls(engine, str(parsed.database), patience)
        return database._ready(nullcontext())

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Take the write lock at once, so that numbers of changes appear in their order."""
        with self._plain_errors(), self._transaction(self._dialect.begin_writing) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """See one state of the database, whoever writes meanwhile."""
        with self._plain_errors(), self._transaction(self._dialect.begin_reading) as connection:
            yield connection

    @contextmanager
    def erasing(self) -> Iterator[sa.Connection]:
        """Take the write lock, and leave nothing of what is deleted in the files."""
        with self._plain_errors(), self._transaction(self._dialect.begin_erasing) as connection:
            yield connection
        with self._plain_errors(), self.engine.connect() as connection:
            for statement in self._dialect.after_erasing:
                connection.exec_driver_sql(statement)

    def _ready(self, lock: Any) -> Database:
        """Prepare the tables, or let go of everything."""
        try:
            with self._plain_errors():
                self._prepare(lock)
        except WorkspaceError:
            self.engine.dispose()
            raise
        return self

    def _prepare(self, lock: Any) -> None:
        """Bring the tables up to date once, however many processes come at the same time."""
        if self._version() == VERSION:
            return
        with lock:
            if self.engine.dialect.name == "sqlite":
                with self.engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            with self._transaction(self._dialect.begin_writing) as connection:
                before = self._dialect.version(connection)
                if before == VERSION:
                    return
                from nextbest.engines.operations.migrating import upgrade

                upgrade(connection, before)
                for statement in self._dialect.set_version:
                    connection.exec_driver_sql(statement.format(version=VERSION))

    def _version(self) -> int:
        with self.engine.connect() as connection:
            version = self._dialect.version(connection)
        if version > VERSION:
            raise WorkspaceError("operations.newer", path=self.name, got=version, known=VERSION)
        return version

    @contextmanager
    def _transaction(self, begin: Begin) -> Iterator[sa.Connection]:
        with self.engine.connect() as connection:
            begin(connection, self._patience)
            yield connection
            connection.commit()

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Turn what the operating system says into a sentence."""
        try:
            yield
        except filelock.Timeout:
            raise WorkspaceError("operations.locked", path=self.name) from None
        except OSError as error:
            raise WorkspaceError(
                "operations.not_writable", path=self.name, reason=str(error.strerror)
            ) from error

    def _told(self, context: sa.engine.ExceptionContext) -> WorkspaceError | None:
        """Turn what the database says into a sentence, wherever it is said; ``None``: it is not the database's trouble."""
        error = context.sqlalchemy_exception
        if context.is_pre_ping or not isinstance(error, sa.exc.DBAPIError):
            return None
        code = trouble(self._dialect, error)
        said = str(error.orig).strip().splitlines()
        if code is None:
            return None
        return WorkspaceError(code, path=self.name, reason=said[0] if said else "no answer")
