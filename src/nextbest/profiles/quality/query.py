"""One row per table with the counts of all its columns, in one pass."""

from __future__ import annotations

import ibis.expr.types as ir

_ORDERED = ("date", "timestamp", "decimal", "int", "float")


def column_counts(table: ir.Table, *, exact: bool) -> ir.Table:
    """Count rows, empty cells and different values, and find the extremes; ``<count>:<column>`` names each."""
    counts: dict[str, ir.Scalar] = {"n_rows": table.count()}
    for name, kind in table.schema().items():
        column = table[name]
        counts[f"n_missing:{name}"] = column.isnull().sum()
        counts[f"n_distinct:{name}"] = column.nunique() if exact else column.approx_nunique()
        if str(kind).startswith(_ORDERED):
            counts[f"low:{name}"] = column.min().cast("string")
            counts[f"high:{name}"] = column.max().cast("string")
    return table.aggregate(**counts)


def n_rows(table: ir.Table) -> ir.Table:
    """Count the rows."""
    return table.aggregate(n_rows=table.count())
