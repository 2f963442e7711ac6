"""Which rows are set aside, and which are copies of another."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from nextbest.sources.cleaning import CleaningSettings, set_aside
from nextbest.sources.loading.query.names import COPIES, COPY, ROW, RULE, ruled


def judged(
    rows: ir.Table,
    table: str,
    settings: CleaningSettings,
    *,
    has_quantity: bool,
    required: Sequence[str] = (),
) -> ir.Table:
    """Mark the rows that are set aside (``_rule``) and those that are copies of another (``_copy``).

    Parameters
    ----------
    rows
        Staged rows; ``_rule`` where something before decided.
    table
        Canonical table they feed.
    settings
        Cleaning rules.
    has_quantity
        The file says how many; without it equal rows of an order are units, and their number is the quantity.
    required
        Columns that must hold something after heads were joined.
    """
    for name in required:
        rows = ruled(rows, rows[name].isnull(), "loading.missing")
    rows = rows.mutate(**{RULE: ibis.coalesce(rows[RULE], set_aside(rows, table, settings))})
    if not _merges(rows, table, settings, has_quantity=has_quantity):
        return rows.mutate(**{COPY: ibis.literal(0, "int64"), COPIES: ibis.literal(1, "int64")})
    same = ibis.window(group_by=[rows[name] for name in rows.columns if name != ROW])
    ordered = ibis.window(group_by=same.groupings, order_by=rows[ROW])
    return rows.mutate(**{COPY: ibis.row_number().over(ordered), COPIES: rows.count().over(same)})


def _merges(rows: ir.Table, table: str, settings: CleaningSettings, *, has_quantity: bool) -> bool:
    """Tell whether equal rows are one: in lines only if an order id says that it is the same purchase."""
    if table != "order_lines":
        return settings.merge_exact_duplicates
    return not has_quantity or (settings.merge_exact_duplicates and "order_id" in rows.columns)
