"""Tables and selects of a database as tables of strings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.pool import NullPool

from nextbest.base.errors import DataError
from nextbest.sources.files.core.dialect import duplicates
from nextbest.sources.files.rows import batches_of
from nextbest.sources.files.spec import ROW, RawTable, Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_ROWS: Final = 20_000


class Query(RawTable):
    """Rows of one table or select, streamed."""

    def __init__(self, engine: sa.Engine, query: sa.Executable, name: str) -> None:
        self._engine, self._query = engine, query
        super().__init__(name, ())
        with self._result() as result:
            names = tuple(f"{ROW}_given" if key == ROW else key.strip() for key in list(result.keys()))
            is_empty = result.first() is None
        if is_empty:
            raise DataError("files.no_rows", file=name)
        if twice := duplicates(names):
            raise DataError("files.duplicate_columns", file=name, columns=twice)
        self.columns = names

    @property
    def digest(self) -> str:
        """SHA-256 of the rows, whatever their order."""
        total = 0
        for batch in self.batches():
            columns = [column.to_pylist() for column in batch.columns[1:]]
            for cells in zip(*columns, strict=True):
                total += int.from_bytes(hashlib.sha256(repr(cells).encode()).digest())
        return hashlib.sha256(f"{self.columns}{total}".encode()).hexdigest()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Run the query and read its rows."""
        self.rejected = []
        with self._result() as result:
            rows: Iterator[Sequence[Any]] = (tuple(row) for part in result.partitions(_ROWS) for row in part)
            for batch, empty in batches_of(zip(count(1), rows, strict=False), self.columns):
                self.rejected += [Rejected(row, "empty", "") for row in empty]
                yield batch

    @contextmanager
    def _result(self) -> Iterator[sa.CursorResult[Any]]:
        with _said(self.name), self._engine.connect() as connection:
            yield connection.execution_options(stream_results=True).execute(self._query)


def open_database(url: str, table: str | None) -> Query:
    """Open a table by its name or a ``select``; the only table needs no name.

    Raises
    ------
    DataError
        The address is none, the database does not answer, or there is no such table.
    """
    engine = _engine(url)
    database = Path(engine.url.database or engine.url.host or engine.url.drivername).name
    if table is not None and table.lower().split(maxsplit=1)[0] in {"select", "with"}:
        return Query(engine, sa.text(table.replace(":", r"\:")), f"{database}/select")
    schema, _, name = (table or "").rpartition(".")
    with _said(database, "files.no_connection"):
        known = sorted(_tables(engine, schema or None))
    if table is None:
        if len(known) != 1:
            raise DataError("files.which_table", file=database, known=known[:20])
        name = known[0]
    elif name not in known:
        raise DataError("files.no_table", file=database, got=table, known=known[:20])
    everything = sa.select(sa.text("*")).select_from(sa.table(name, schema=schema or None))
    return Query(engine, everything, f"{database}/{name}")


def _engine(url: str) -> sa.Engine:
    try:
        address = sa.make_url(url)
        engine = sa.create_engine(address, poolclass=NullPool)
    except (exc.ArgumentError, exc.NoSuchModuleError, ValueError) as error:
        raise DataError("files.not_a_database", got=url.partition("://")[0] + "://...") from error
    except ModuleNotFoundError as error:
        raise DataError("files.no_driver", file=address.drivername, driver=str(error.name)) from error
    path = Path(address.database or "")
    if address.get_backend_name() == "sqlite" and not path.is_file():
        raise DataError("files.missing", file=path.name, folder=path.absolute().parent.name)
    return engine


def _tables(engine: sa.Engine, schema: str | None) -> list[str]:
    inspector = sa.inspect(engine)
    return inspector.get_table_names(schema) + inspector.get_view_names(schema)


@contextmanager
def _said(name: str, code: str = "files.query_failed") -> Iterator[None]:
    """Say what the database said, without the statement and its values."""
    try:
        yield
    except exc.DBAPIError as error:
        raise DataError(code, file=name, reason=str(error.orig).split("\n")[0]) from error
