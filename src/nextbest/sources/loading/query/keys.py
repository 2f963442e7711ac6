"""Keys: given, or made of what the rows say."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from nextbest.sources.loading.query.amounts import with_units
from nextbest.sources.loading.query.names import COPY, ROW, one_text
from nextbest.sources.loading.query.orders import spread
from nextbest.tables import CANONICAL


def lines(kept: ir.Table, *, has_quantity: bool, source: str) -> ir.Table:
    """Give the kept rows their keys and their share of the order's amounts."""
    kept = with_units(kept, has_quantity=has_quantity)
    kept = _with_order_ids(kept)
    kept = spread(kept)
    return _with_line_ids(kept).mutate(source_id=ibis.literal(source))


def one_per_key(rows: ir.Table, key: str, columns: Sequence[str]) -> ir.Table:
    """Give one row per key: of each column the value that stands most often, of equals the smallest.

    Examples
    --------
    >>> rows = ibis.memtable({"product_id": ["a", "a", "a"], "name": ["Tea", "?", "Tea"]})
    >>> one_per_key(rows, "product_id", ["name"]).execute().to_dict("records")
    [{'product_id': 'a', 'name': 'Tea'}]
    """
    known = rows.filter(rows[key].notnull())
    result = known.select(key).distinct()
    for column in columns:
        counts = (
            known.filter(known[column].notnull()).group_by([key, column]).aggregate(_n=lambda t: t.count())
        )
        best = ibis.row_number().over(
            ibis.window(group_by=counts[key], order_by=[counts["_n"].desc(), counts[column]])
        )
        usual = counts.mutate(_place=best).filter(lambda t: t["_place"] == 0).select(key, column)
        result = result.left_join(usual, key).drop(f"{key}_right")
    return result


def fullest_per_key(rows: ir.Table, key: str) -> ir.Table:
    """Keep one row per key: the one that says most, of equals the smallest."""
    said = [name for name in rows.columns if not name.startswith("_") and name != key]
    n_said = sum((rows[name].notnull().cast("int64") for name in said), start=ibis.literal(0, "int64"))
    order = [n_said.desc(), *(rows[name] for name in said), rows[ROW]]
    place = ibis.row_number().over(ibis.window(group_by=rows[key], order_by=order))
    return rows.mutate(_place=place).filter(lambda t: t["_place"] == 0).drop("_place")


def with_hashed_key(rows: ir.Table, key: str, table: str) -> ir.Table:
    """Give rows without a key one made of what they say, so that exports that overlap do not double."""
    if key in rows.columns:
        return rows
    said = [rows[column.name] for column in CANONICAL[table] if column.name in rows.columns]
    text = one_text([*said, rows[COPY]] if COPY in rows.columns else said)
    return rows.mutate(**{key: text.hexdigest("md5")})


def _with_order_ids(kept: ir.Table) -> ir.Table:
    """Where there is no order id, the order is customer and day; without days the customer; else the row."""
    row = ibis.literal("row ") + kept[ROW].cast("string")
    made = row
    if "customer_id" in kept.columns:
        made = kept.customer_id
        if "ordered_on" in kept.columns:
            made = ibis.ifelse(kept.ordered_on.isnull(), made, made + " " + kept.ordered_on.cast("string"))
        made = ibis.coalesce(made, row)
    given = kept.order_id if "order_id" in kept.columns else ibis.null("string")
    return kept.mutate(order_id=ibis.coalesce(given, made))


def _with_line_ids(kept: ir.Table) -> ir.Table:
    """Give each order's lines their numbers by what they say, so that the order of the rows does not matter."""
    by = [
        kept[name] for name in ("product_id", "ordered_at", "quantity", "net_revenue") if name in kept.columns
    ]
    place = ibis.row_number().over(ibis.window(group_by=kept.order_id, order_by=[*by, kept[ROW]]))
    made = kept.order_id + "-" + (place + 1).cast("string")
    given = kept.line_id if "line_id" in kept.columns else ibis.null("string")
    return kept.mutate(line_id=ibis.coalesce(given, made))
