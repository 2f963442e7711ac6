"""Reading snapshot tables: the latest day of a profile, sums by group, rows as mappings."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from nextbest.advice.report.spec import Row, Tables


def latest(profile: pa.Table) -> pa.Table:
    """Keep the rows of the last ``as_of``: a profile may have been drawn up at several days.

    Examples
    --------
    >>> from datetime import date
    >>> days = [date(2024, 1, 1), date(2024, 2, 1)]
    >>> latest(pa.table({"customer_id": ["ann", "ann"], "as_of": days})).num_rows
    1
    """
    if "as_of" not in profile.column_names or not profile.num_rows:
        return profile
    return profile.filter(pc.equal(profile["as_of"], pc.max(profile["as_of"])))


def rows(table: pa.Table) -> Sequence[Row]:
    """Read a small table as mappings.

    Examples
    --------
    >>> rows(pa.table({"rule_id": ["r1"]}))
    [{'rule_id': 'r1'}]
    """
    found: list[Row] = table.to_pylist()
    return found


def rows_of(tables: Tables, name: str) -> Sequence[Row]:
    """Read a small table of a snapshot; nothing where it is not there.

    Examples
    --------
    >>> rows_of({}, "payback")
    []
    """
    return rows(tables[name]) if name in tables else []


def column(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    """Give a column as ``kind``; all null where the table does not have it.

    Examples
    --------
    >>> column(pa.table({"n": [1, 2]}), "revenue_total", pa.float64()).null_count
    2
    """
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, kind)])
    return table[name].cast(kind)


def product_names(tables: Tables, ids: Sequence[str]) -> dict[str, str]:
    """Find the names of products by their ids; those that have one.

    Examples
    --------
    >>> products = pa.table({"product_id": ["p1", "p2"], "name": ["Oat milk", None]})
    >>> product_names({"product_profiles": products}, ["p1", "p2", "p3"])
    {'p1': 'Oat milk'}
    """
    if "product_profiles" not in tables:
        return {}
    products = latest(tables["product_profiles"])
    wanted = pa.array(sorted(set(ids)), pa.string())
    found = products.filter(pc.is_in(products["product_id"], value_set=wanted))
    names = column(found, "name", pa.string()).to_pylist()
    named = zip(found["product_id"].to_pylist(), names, strict=True)
    return {key: name for key, name in named if name is not None}


def total(table: pa.Table, name: str) -> float | None:
    """Sum a column; ``None`` where no row has a value.

    Examples
    --------
    >>> total(pa.table({"revenue_total": [2.5, None]}), "revenue_total")
    2.5
    """
    if name not in table.column_names:
        return None
    # Money is added as decimals: floats would depend on the order of rows.
    value = pc.sum(table[name]).as_py()
    return None if value is None else float(value)


def share(part: float | None, whole: float | None) -> float | None:
    """Divide; ``None`` where it cannot be.

    Examples
    --------
    >>> share(1, 4), share(None, 4), share(1, 0)
    (0.25, None, None)
    """
    return None if part is None or not whole else part / whole
