"""Quantity, amount and return, line by line."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from nextbest.sources.cleaning import is_refunded
from nextbest.sources.loading.query.names import COPIES, MONEY, money

_FAST: Final = 1e5
"""Below this a price times units is exact to the fourth digit in floats."""


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
            lines = lines.mutate(net_revenue=value if value.type() == ibis.dtype(MONEY) else money(value))
        return _returns(_absolute(lines, has), units)
    lines = lines.drop("order_discount") if "order_discount" in has else lines
    if "refund" in has:
        lines = lines.mutate(net_revenue=money(lines.net_revenue - lines.refund.fill_null(0).abs()))
    return _returns(_absolute(lines, has), units)


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


def _absolute(lines: ir.Table, has: set[str]) -> ir.Table:
    return lines.mutate(discount=lines.discount.abs()) if "discount" in has else lines


def _line_value(lines: ir.Table, units: ir.FloatingValue, has: set[str]) -> ir.DecimalValue | None:
    if "gross_revenue" in has:
        return lines.gross_revenue
    if "unit_price" in has:
        return _times(lines.unit_price, units)
    return None


def _times(price: ir.DecimalValue, units: ir.FloatingValue) -> ir.DecimalValue:
    """Multiply exactly; with whole units the product has the price's four digits, which floats hold, five times faster."""
    fast = (price.cast("float64") * units).round(4).cast(MONEY)
    is_whole = (units == units.round(0)) & (units.abs() < _FAST) & (price.abs() < _FAST)
    return ibis.ifelse(is_whole, fast, money(price * units.cast(MONEY)))


def _returns(lines: ir.Table, units: ir.FloatingValue) -> ir.Table:
    """Say which lines take something back, and give their quantity and amount the negative sign."""
    changed: dict[str, ir.Value] = {"quantity": units}
    back: ir.BooleanValue = ibis.literal(False)
    if "is_return" in lines.columns:
        back = lines.is_return.fill_null(False)
        changed["quantity"] = ibis.ifelse(back, -units.abs(), units)
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
