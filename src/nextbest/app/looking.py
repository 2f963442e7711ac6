"""Looking at tables: a selection, what there is, and files that leave the house."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from nextbest.app.catalogue import contracts
from nextbest.base.contract import Kind
from nextbest.base.errors import DataError
from nextbest.base.expressions import parse
from nextbest.engines.duckdb_store import DuckDBStore
from nextbest.engines.snapshots import plain_io_errors

MASK: Final = "•••"
"""What stands for a personal value."""
_EXCEL_ROWS: Final = 1_048_575
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[+-]\d[\d .]*")


def kinds(table: ir.Table) -> dict[str, Kind]:
    """Give the kind of each column, for checking expressions."""
    return {name: _kind(kind) for name, kind in table.schema().items()}


def restrict(store: DuckDBStore, table: str, text: str) -> None:
    """Show only the rows of a table for which an expression holds."""
    expression = parse(text)
    expression.check(kinds(store.table(table)), "boolean")
    store.restrict(table, expression.to_ibis)


def select(
    store: DuckDBStore,
    table: str,
    *,
    where: str | None = None,
    sort: str | None = None,
    limit: int | None = None,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """Read rows of a table.

    Parameters
    ----------
    where
        An expression of the house's language.
    sort
        A column; ``-column`` for descending. Ties are ordered by the table's key.
    limit
        Rows at most.
    columns
        Columns in the order wanted; all without.

    Raises
    ------
    DataError
        A column is not in the table.
    """
    if where:
        restrict(store, table, where)
    rows = store.table(table)
    order = [sort.lstrip("-")] if sort else []
    for name in (*order, *(columns or ())):
        _must_have(rows, table, name)
    key = [name for name in contracts()[table].key if name not in order] if table in contracts() else []
    first = [rows[name].desc() if sort and sort.startswith("-") else rows[name].asc() for name in order]
    rows = rows.order_by([*first, *key]) if first or key else rows
    rows = rows.select(list(columns)) if columns else rows
    return store.arrow(rows if limit is None else rows.limit(limit))


def contents(store: DuckDBStore) -> pa.Table:
    """List the tables that can be looked at: name, rows, meaning."""
    known = contracts()
    names = sorted(name for name in store.names if not name.startswith("loaded/"))
    return pa.table(
        {
            "table": names,
            "rows": [store.count(store.table(name)) for name in names],
            "meaning": [known[name].meaning if name in known else "" for name in names],
        }
    )


def export(rows: pa.Table, file: Path, *, personal: Sequence[str] = ()) -> None:
    """Write rows to a file whose ending says how: ``.csv``, ``.parquet`` or ``.xlsx``.

    Parameters
    ----------
    personal
        Columns whose values are masked.

    Raises
    ------
    DataError
        No file can be written with that ending.
    """
    writer = _WRITERS.get(file.suffix.lower())
    if writer is None:
        raise DataError("app.export_ending", file=file.name, known=sorted(_WRITERS))
    if not file.absolute().parent.is_dir():
        raise DataError("app.no_folder", file=file.name, folder=str(file.parent))
    with plain_io_errors(file):
        scratch = file.with_name(f".{file.name}.new")
        writer(masked(rows, personal), scratch)
        scratch.replace(file)


def masked(rows: pa.Table, personal: Sequence[str]) -> pa.Table:
    """Put the mask over every value of some columns; what is not there stays so.

    Examples
    --------
    >>> masked(pa.table({"name": ["Ann", None], "place": ["Ulm", None]}), ["name", "email"]).to_pylist()
    [{'name': '•••', 'place': 'Ulm'}, {'name': None, 'place': None}]
    """
    for name in sorted(set(personal) & set(rows.column_names)):
        values = [None if value is None else MASK for value in rows[name].to_pylist()]
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(values, pa.string()))
    return rows


def spreadsheet_safe(value: Any) -> Any:
    """Keep a spreadsheet from taking a text for a formula; numbers, of telephones too, are none.

    Examples
    --------
    >>> spreadsheet_safe("=1+1"), spreadsheet_safe("milk"), spreadsheet_safe(-3), spreadsheet_safe("+44 7700 900123")
    ("'=1+1", 'milk', -3, '+44 7700 900123')
    """
    if not isinstance(value, str) or not value.startswith(_FORMULA) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def _safe_frame(rows: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = rows.to_pandas(date_as_object=True)
    for name in frame.columns:
        if pd.api.types.is_object_dtype(frame[name]) or pd.api.types.is_string_dtype(frame[name]):
            frame[name] = frame[name].map(spreadsheet_safe)
    return frame


def _write_csv(rows: pa.Table, path: Path) -> None:
    # The byte order mark makes Excel read Chinese.
    _safe_frame(rows).to_csv(path, index=False, encoding="utf-8-sig")


def _write_parquet(rows: pa.Table, path: Path) -> None:
    pq.write_table(rows, path, compression="zstd")


def _write_excel(rows: pa.Table, path: Path) -> None:
    if rows.num_rows > _EXCEL_ROWS:
        raise DataError("app.export_too_long", n=rows.num_rows, limit=_EXCEL_ROWS)
    with pd.ExcelWriter(path, engine="xlsxwriter") as workbook:
        _safe_frame(rows).to_excel(workbook, sheet_name="rows", index=False)


def _read_csv(path: Path) -> pa.Table:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return pa.Table.from_pandas(frame, preserve_index=False)


def _read_excel(path: Path) -> pa.Table:
    frame = pd.read_excel(path, dtype=str, keep_default_na=False, engine="calamine")
    return pa.Table.from_pandas(frame, preserve_index=False)


READERS: Final[dict[str, Callable[[Path], pa.Table]]] = {
    ".csv": _read_csv,
    ".parquet": pq.read_table,
    ".xlsx": _read_excel,
}
"""How a file that ``export`` wrote is read again, as text where its kind knows no other."""
_WRITERS: Final[dict[str, Callable[[pa.Table, Path], None]]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".xlsx": _write_excel,
}


def _must_have(rows: ir.Table, table: str, name: str) -> None:
    if name not in rows.columns:
        raise DataError("app.column_missing", column=name, table=table, known=list(rows.columns))


def _kind(kind: Any) -> Kind:
    if kind.is_decimal():
        return "money"
    known: tuple[Kind, ...] = ("string", "boolean", "date", "timestamp")
    for name in known:
        if getattr(kind, f"is_{name}")():
            return name
    return "int64" if kind.is_integer() else "float64"
