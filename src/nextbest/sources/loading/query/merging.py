"""New rows and those that are there: exports that overlap do not double."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import ibis
import ibis.expr.types as ir

from nextbest.sources.loading.query.names import one_text
from nextbest.sources.loading.spec import Merged
from nextbest.sources.mapping import Mode
from nextbest.tables import CANONICAL

_SAME_LINE: Final = ("order_id", "product_id", "ordered_at", "quantity", "net_revenue", "is_return")
"""What makes two lines without ids of their own the same line in two exports."""


def merge_new(table: str, existing: ir.Table, new: ir.Table, mode: Mode) -> Merged:
    """Join new rows with those that are there.

    Lines with ids of their own are the same if the ids are; lines numbered by loading (``order_id-1``) if order, product,
    time, quantity and amount are, as often as they are there. Other tables go by their key.

    Parameters
    ----------
    table
        Canonical table.
    existing, new
        Rows that are there, and those of one file.
    mode
        ``append``: rows that are there stay as they are. ``upsert``: new rows replace those of the same key, and orders
        without line ids are replaced whole. ``replace``: nothing stays.

    Returns
    -------
    Merged
        What stays, what is added (in ``upsert`` with the new versions), and which new rows count as merged.
    """
    existing, new = _alike(existing, new)
    key = list(CANONICAL[table].key) if table in CANONICAL else [_staging_key(table)]
    if mode == "replace":
        return Merged(existing.limit(0), new, new.limit(0))
    if table == "order_lines":
        return _merge_lines(existing, new, mode)
    there = _keyed(existing, key)
    fresh = _keyed(new, key)
    merged = fresh.semi_join(there, "_key").drop("_key")
    if mode == "upsert":
        return Merged(there.anti_join(fresh, "_key").drop("_key"), new, merged)
    return Merged(existing, fresh.anti_join(there, "_key").drop("_key"), merged)


def _staging_key(table: str) -> str:
    return "order_id" if table == "orders" else "day_on"


def _merge_lines(existing: ir.Table, new: ir.Table, mode: Mode) -> Merged:
    if mode == "upsert":
        there, fresh = (_upsert_key(rows) for rows in (existing, new))
        kept = there.anti_join(fresh, "_key").drop("_key")
        return Merged(kept, new, new.semi_join(existing, "line_id"))
    touched = existing.semi_join(new, "order_id")
    there, fresh = (_occurrence(rows) for rows in (touched, new))
    merged = fresh.semi_join(there, "_key").drop("_key")
    added = fresh.anti_join(there, "_key").drop("_key")
    return Merged(existing, _renumbered(added, touched), merged)


def _numbered(rows: ir.Table) -> ir.BooleanValue:
    """Tell lines that loading numbered itself."""
    rest = rows.line_id.substr(rows.order_id.length() + 1)
    return (rows.line_id.startswith(rows.order_id.concat("-")) & rest.re_search(r"^\d+$")).fill_null(False)


def _upsert_key(rows: ir.Table) -> ir.Table:
    return rows.mutate(_key=ibis.ifelse(_numbered(rows), "o" + rows.order_id, "l" + rows.line_id))


def _occurrence(rows: ir.Table) -> ir.Table:
    same = one_text([rows[name] for name in _SAME_LINE if name in rows.columns])
    content = rows.mutate(_same=ibis.ifelse(_numbered(rows), "o" + same, "l" + rows.line_id))
    place = ibis.row_number().over(ibis.window(group_by=content["_same"], order_by=content.line_id))
    return content.mutate(_key=content["_same"] + "#" + place.cast("string")).drop("_same")


def _renumbered(added: ir.Table, touched: ir.Table) -> ir.Table:
    """Let added lines of known orders be numbered after those that are there."""
    size = touched.group_by("order_id").aggregate(_there=lambda t: t.count())
    joined = added.left_join(size, "order_id").drop("order_id_right")
    place = ibis.row_number().over(ibis.window(group_by=joined.order_id, order_by=joined.line_id))
    number = (joined["_there"] + place + 1).cast("string")
    fresh = joined.order_id + "-" + number
    return joined.mutate(
        line_id=ibis.ifelse(_numbered(joined) & joined["_there"].notnull(), fresh, joined.line_id)
    ).drop("_there")


def _keyed(rows: ir.Table, key: Sequence[str]) -> ir.Table:
    return rows.mutate(_key=one_text([rows[name] for name in key]))


def _alike(existing: ir.Table, new: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Give both tables the columns of both."""
    schema = dict(new.schema().items()) | dict(existing.schema().items())

    def full(rows: ir.Table) -> ir.Table:
        return rows.select(
            **{
                name: rows[name].cast(kind) if name in rows.columns else ibis.null(kind)
                for name, kind in schema.items()
            }
        )

    return full(existing), full(new)
