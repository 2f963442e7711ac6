"""Which rows are set aside, and which are copies of another."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from datetime import datetime

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
    not_after: datetime | None = None,
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
    not_after
        Instant after which nothing can have happened yet.
    """
    for name in ("ordered_at", "occurred_at"):
        if not_after is not None and name in rows.columns:
            latest = ibis.literal(not_after.isoformat(" ")).cast(rows[name].type())
            rows = ruled(rows, (rows[name] > latest).fill_null(False), "cleaning.future")
    for name in required:
        rows = ruled(rows, rows[name].isnull(), "loading.missing")
    rows = rows.mutate(**{RULE: ibis.coalesce(rows[RULE], set_aside(rows, table, settings))})
    if not _merges(rows, table, settings, has_quantity=has_quantity):
        return rows.mutate(**{COPY: ibis.literal(0, "int64"), COPIES: ibis.literal(1, "int64")})
    # A row of a wide file holds several products.
    key = [ROW, "product_id"] if table == "holdings" else [ROW]
    copies = _copies(rows, key)
    joined = rows.left_join(copies, key).drop(*(f"{name}_right" for name in key))
    return joined.mutate(
        **{COPY: joined[COPY].fill_null(0).cast("int64"), COPIES: joined[COPIES].fill_null(1).cast("int64")}
    )


def _copies(rows: ir.Table, key: Sequence[str]) -> ir.Table:
    """Count equal rows and number them; only rows of equal hashes are compared, which are few."""
    said = [name for name in rows.columns if name != ROW]
    hashed = rows.mutate(_hash=functools.reduce(operator.xor, (rows[name].hash() for name in said)))
    twice = hashed.group_by("_hash").aggregate(_n=lambda t: t.count()).filter(lambda t: t["_n"] > 1)
    alike = hashed.semi_join(twice, "_hash").select(ROW, *said)
    same = ibis.window(group_by=[alike[name] for name in said])
    ordered = ibis.window(group_by=same.groupings, order_by=alike[ROW])
    return alike.select(*key, **{COPY: ibis.row_number().over(ordered), COPIES: alike.count().over(same)})


def _merges(rows: ir.Table, table: str, settings: CleaningSettings, *, has_quantity: bool) -> bool:
    """Tell whether equal rows are one: in lines only if an order id says that it is the same purchase."""
    if table != "order_lines":
        return settings.merge_exact_duplicates
    return not has_quantity or (settings.merge_exact_duplicates and "order_id" in rows.columns)
