"""The Store port on DuckDB: an in-memory DuckDB of its own over Parquet files and Arrow tables."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from nextbest.base.contract import Column, Kind, Table
from nextbest.base.errors import MissingTableError

Source: TypeAlias = "pa.Table | Sequence[Path]"
"""Rows in memory, or Parquet files that together hold them."""

_IBIS_TYPES: Mapping[Kind, str] = {
    "string": "string",
    "int64": "int64",
    "float64": "float64",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp(6)",
    "money": "decimal(18, 4)",
}
ARROW_TYPES: Mapping[Kind, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "money": pa.decimal128(18, 4),
}


class DuckDBStore:
    """Tables by name as lazy Ibis expressions, executed by a DuckDB that only this object knows.

    Parameters
    ----------
    contracts
        Contracts of canonical and derived tables; a table that has one always shows all its columns.
    tables
        What can be read.
    previous
        Tables of the last snapshot.
    folder
        Where written tables land as ``<name>.parquet``; without it they stay in memory.
    threads
        Threads of DuckDB; its own choice without.
    """

    def __init__(
        self,
        contracts: Mapping[str, Table],
        tables: Mapping[str, Source] | None = None,
        *,
        previous: Mapping[str, Source] | None = None,
        folder: Path | None = None,
        threads: int | None = None,
    ) -> None:
        self._contracts = contracts
        self._tables: dict[str, Source] = dict(tables or {})
        self._previous: dict[str, Source] = dict(previous or {})
        self._folder = folder
        self._opened: dict[str, ir.Table] = {}
        self._given: dict[tuple[str, str], bool] = {}
        self._filters: dict[str, Any] = {}
        options = {} if threads is None else {"threads": threads}
        self._connection = ibis.duckdb.connect(**options)
        self._connection.raw_sql("SET TimeZone = 'UTC'")
        self._connection.raw_sql("SET enable_progress_bar = false")
        self.written: dict[str, Path | pa.Table] = {}
        self.files: dict[str, bytes] = {}

    @property
    def backend(self) -> Any:
        """The Ibis backend, for loading."""
        return self._connection

    @property
    def names(self) -> frozenset[str]:
        """Names of the tables that can be read."""
        return frozenset(self._tables)

    def add(self, name: str, source: Source) -> None:
        """Make one more table readable, or replace it."""
        self._tables[name] = source
        self._opened.pop(name, None)
        self._given = {key: given for key, given in self._given.items() if key[0] != name}

    def restrict(self, name: str, predicate: Any) -> None:
        """Show only the rows of a table for which ``predicate(table)`` holds."""
        self._filters[name] = predicate
        self._opened.pop(name, None)

    def has(self, name: str, *columns: str) -> bool:
        """Tell whether a table is there and each of the columns was given by the data (not all null)."""
        return name in self._tables and all(self._is_given(name, column) for column in columns)

    def table(self, name: str) -> ir.Table:
        """Open a table, lazily, with every column of its contract."""
        if name not in self._tables:
            raise MissingTableError("engines.table_missing", table=name, known=sorted(self._tables))
        if name not in self._opened:
            opened = self._complete(name, self._open(name, self._tables[name]))
            keep = self._filters.get(name)
            self._opened[name] = opened.filter(keep(opened)) if keep else opened
        return self._opened[name]

    def previous(self, name: str) -> ir.Table | None:
        """Open a table of the last snapshot; ``None`` where there is none."""
        if name not in self._previous:
            return None
        return self._complete(name, self._open(f"previous_{name}", self._previous[name]))

    def memtable(self, rows: pa.Table) -> ir.Table:
        """Make a small Arrow table usable beside the others."""
        return ibis.memtable(rows)

    def arrow(self, expression: ir.Table) -> pa.Table:
        """Execute an expression."""
        return self._connection.to_pyarrow(expression)

    def keep(self, rows: ir.Table) -> ir.Table:
        """Work a small table out now, so that what leans on it does not do so again."""
        return ibis.memtable(self.arrow(rows))

    def count(self, rows: ir.Table) -> int:
        """Count rows."""
        return int(self._connection.execute(rows.count()))

    def save(self, rows: ir.Table, path: Path) -> None:
        """Write rows as one Parquet file; what the disk refuses is an ``OSError``."""
        try:
            self._connection.to_parquet(rows, path, compression="zstd")
        except duckdb.IOException as error:
            raise OSError(errno.EIO, str(error).partition(":")[2].strip() or str(error), str(path)) from error

    def write(self, name: str, rows: ir.Table | pa.Table) -> None:
        """Write one table: the contract's columns, cast, sorted by its key."""
        contract = self._contracts[name]
        table = ibis.memtable(rows) if isinstance(rows, pa.Table) else rows
        ordered = table.select(_exactly(table, column) for column in contract).order_by(list(contract.key))
        if self._folder is None:
            result = self._connection.to_pyarrow(ordered)
            self.written[name] = result
            self.add(name, result)
            return
        path = self._folder / f"{name}.parquet"
        self.save(ordered, path)
        self.written[name] = path
        self.add(name, [path])

    def write_file(self, name: str, content: bytes) -> None:
        """Write one file of the coming snapshot that is no table."""
        self.files[name] = content
        if self._folder is not None:
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def _open(self, name: str, source: Source) -> ir.Table:
        if isinstance(source, pa.Table):
            return self._connection.create_table(
                f"{name}_{len(self._opened)}", source, temp=True, overwrite=True
            )
        return self._connection.read_parquet([str(path) for path in source], union_by_name=True)

    def _complete(self, name: str, table: ir.Table) -> ir.Table:
        contract = self._contracts.get(name)
        if contract is None:
            return table
        attributes = [column for column in table.columns if column not in contract]
        return table.select(*(_cast(table, column) for column in contract), *attributes)

    def _is_given(self, name: str, column: str) -> bool:
        key = (name, column)
        if key not in self._given:
            table = self.table(name)
            self._given[key] = column in table.columns and bool(
                self.arrow(table.filter(table[column].notnull()).select(column).limit(1)).num_rows
            )
        return self._given[key]


def _cast(table: ir.Table, column: Column) -> ir.Value:
    """Take a contract's column from a table, or null where the table lacks it."""
    kind = _IBIS_TYPES[column.kind]
    if column.name not in table.columns:
        return ibis.null(kind).name(column.name)
    value = table[column.name]
    return value if value.type() == ibis.dtype(kind) else value.cast(kind).name(column.name)


def _exactly(table: ir.Table, column: Column) -> ir.Value:
    """Cast really, also where the types look equal: DuckDB sums int64 to HUGEINT, which Parquet would store as double."""
    value = _cast(table, column)
    return ops.Cast(value, value.type()).to_expr().name(column.name)


def empty(contract: Table) -> pa.Table:
    """Build a table of a contract without rows."""
    return arrow_schema(contract).empty_table()


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """Give the Arrow schema of a contract."""
    return pa.schema([pa.field(column.name, ARROW_TYPES[column.kind]) for column in columns])


def read(source: Source) -> pa.Table:
    """Read a source whole into memory."""
    return (
        source
        if isinstance(source, pa.Table)
        else pa.concat_tables([pq.read_table(path) for path in source], promote_options="default")
    )
