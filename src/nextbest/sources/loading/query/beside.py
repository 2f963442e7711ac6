"""What stands in other files: heads of orders and exchange rates."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from nextbest.sources.loading.query.names import ROW, money, ruled
from nextbest.sources.mapping import columns_of

_HEAD: Final = ("customer_id", "ordered_at", "ordered_on", "status", "order_revenue", "order_refund", "order_discount", "order_postage", "cancelled_at", "currency",
                "channel", "store_id", "coupon_id", "campaign_id", "adviser_id")  # fmt: skip


def with_heads(lines: ir.Table, orders: ir.Table) -> ir.Table:
    """Fill what lines lack from the heads of their orders."""
    shared = [name for name in _HEAD if name in orders.columns]
    head = orders.select("order_id", **{f"_head_{name}": orders[name] for name in shared})
    joined = lines.left_join(head, lines.order_id == head.order_id)
    filled = {
        name: ibis.coalesce(lines[name], head[f"_head_{name}"])
        if name in lines.columns
        else head[f"_head_{name}"]
        for name in shared
    }
    return joined.select(*(lines[name] for name in lines.columns if name not in filled), **filled)


def with_rates(lines: ir.Table, rates: ir.Table | None, currency: str) -> ir.Table:
    """Convert amounts in other currencies at the last rate known on the day; ``_rule`` names lines that have none."""
    code = lines.currency.upper().strip()
    foreign = (code != currency.upper()).fill_null(False)
    if rates is None:
        return ruled(lines, foreign, "loading.currency")
    known = rates.select(_code=rates.currency.upper().strip(), _from=rates.day_on, _rate=rates.rate)
    foreigners = lines.select(ROW, _currency=code, _on=lines.ordered_on)
    ranked = foreigners.inner_join(
        known, [foreigners["_currency"] == known["_code"], known["_from"] <= foreigners["_on"]]
    )
    last = ranked.group_by(ROW).aggregate(_rate=ranked["_rate"].argmax(ranked["_from"]))
    joined = lines.left_join(last, ROW).drop(f"{ROW}_right")
    missing = foreign & joined["_rate"].isnull()
    factor = ibis.ifelse(foreign, joined["_rate"], 1.0).cast("decimal(18, 8)")
    amounts = {
        column.name: money(joined[column.name] * factor)
        for column in columns_of("order_lines")
        if column.kind == "money" and column.name in joined.columns
    }
    return ruled(joined.mutate(**amounts), missing, "loading.currency").drop("_rate")
