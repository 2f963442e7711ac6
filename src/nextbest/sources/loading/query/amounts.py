"""Quantity, amount and return, line by line and spread over the lines of an order."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from nextbest.sources.cleaning import is_refunded
from nextbest.sources.loading.query.names import COPIES, MONEY, ROW, money


def with_amounts(lines: ir.Table) -> ir.Table:
    """Work out quantity, ``net_revenue`` and ``is_return`` from what the file gives, line by line."""
    has = set(lines.columns)
    if "refunded_quantity" in has and "quantity" in has:
        back = lines.refunded_quantity.fill_null(0).abs()
        lines = lines.mutate(quantity=lines.quantity - back)
    units = lines.quantity.fill_null(1.0) if "quantity" in has else ibis.literal(1.0)
    if "net_revenue" not in has:
        value = _line_value(lines, units, has)
        if value is not None:
            for less in ("discount", "refund"):
                value = (value - lines[less].fill_null(0).abs()) if less in has else value
            lines = lines.mutate(net_revenue=money(value))
    elif "refund" in has:
        lines = lines.mutate(net_revenue=money(lines.net_revenue - lines.refund.fill_null(0).abs()))
    if "discount" in has:
        lines = lines.mutate(discount=lines.discount.abs())
    return _returns(lines, units)


def with_units(kept: ir.Table, *, has_quantity: bool) -> ir.Table:
    """Count equal rows of an order as units, in a file that does not say how many."""
    if has_quantity:
        return kept
    times = kept[COPIES].cast("float64")
    changed = {"quantity": kept.quantity * times}
    for name in ("net_revenue", "discount"):
        if name in kept.columns:
            changed[name] = money(kept[name] * kept[COPIES])
    return kept.mutate(**changed)


def spread(kept: ir.Table, total: str, target: str, sign: int) -> ir.Table:
    """Share an order's amount out to its lines by what they are worth, to the last cent."""
    worth = kept[target] if target in kept.columns else kept.quantity.cast(MONEY)
    weight = ibis.coalesce(worth, 0).abs().cast("float64")
    rows = kept.mutate(_weight=weight)
    order = [rows.product_id, rows[ROW]] if "product_id" in rows.columns else [rows[ROW]]
    whole = ibis.window(group_by=rows.order_id)
    before = ibis.window(group_by=rows.order_id, order_by=order, preceding=(None, 1))
    so_far = ibis.window(group_by=rows.order_id, order_by=order, preceding=None, following=0)
    weight_all, n_all = rows["_weight"].sum().over(whole), rows.count().over(whole)
    even = weight_all == 0
    share_to = ibis.ifelse(
        even, rows.count().over(so_far) / n_all, rows["_weight"].sum().over(so_far) / weight_all
    )
    share_from = ibis.ifelse(
        even,
        rows.count().over(before) / n_all,
        rows["_weight"].sum().over(before).fill_null(0.0) / weight_all,
    )
    amount = rows[total].max().over(whole)
    part = _part(amount, share_to) - _part(amount, share_from)
    if sign > 0:
        value = ibis.ifelse(
            amount.isnull(), rows[target] if target in rows.columns else ibis.null(MONEY), part
        )
    else:
        value = rows[target] - part.fill_null(0)
    return rows.mutate(**{target: money(value)}).drop("_weight", total)


def _line_value(lines: ir.Table, units: ir.FloatingValue, has: set[str]) -> ir.DecimalValue | None:
    if "gross_revenue" in has:
        return lines.gross_revenue
    if "unit_price" in has:
        return lines.unit_price * units.cast(MONEY)
    return None


def _returns(lines: ir.Table, units: ir.FloatingValue) -> ir.Table:
    """Say which lines take something back, and give their quantity and amount the negative sign."""
    back = lines.is_return.fill_null(False) if "is_return" in lines.columns else ibis.literal(False)
    quantity = ibis.ifelse(back, -units.abs(), units)
    changed = {"quantity": quantity}
    if "net_revenue" in lines.columns:
        changed["net_revenue"] = money(ibis.ifelse(back, -lines.net_revenue.abs(), lines.net_revenue))
    refunded = ibis.literal(False)
    if "status" in lines.columns:
        refunded = is_refunded(lines.status)
    cancelled = (
        ibis.ifelse(refunded, lines.ordered_on, ibis.null("date")) if "ordered_on" in lines.columns else None
    )
    if cancelled is not None:
        changed["cancelled_on"] = cancelled
    return lines.mutate(**changed).mutate(is_return=lambda t: back | (t.quantity < 0))


def _part(amount: ir.DecimalValue, share: ir.FloatingValue) -> ir.DecimalValue:
    return money((amount.cast("float64") * share).round(4))
