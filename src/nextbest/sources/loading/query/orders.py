"""Amounts that a file states for whole orders, shared out to their lines to the last cent."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from nextbest.sources.loading.query.names import MONEY, ROW, money

_STATED: Final = ("order_revenue", "order_discount", "order_postage", "order_refund")
_CENT: Final = 0.011
"""Amounts this near are the same, whatever was rounded."""


def spread(kept: ir.Table) -> ir.Table:
    """Give each line its share of what the file states for its order, by what the lines are worth.

    With the lines worth ``W`` (``G`` before their own discounts), an order's discount of which ``D`` is not in the lines yet,
    and a stated amount ``S`` of which ``P`` is postage, the lines make together

    - ``W - D`` where nothing is stated, or ``S`` is ``G``: a subtotal before discounts;
    - ``W`` where ``S`` less the discount is ``W``: the lines' prices are net already;
    - ``S - P`` else.

    What was given back is taken off in the end, never more than was paid: the rest was postage.
    """
    stated = [name for name in _STATED if name in kept.columns]
    if not stated:
        return kept
    worth = kept.net_revenue if "net_revenue" in kept.columns else ibis.null(MONEY)
    own = kept.discount if "discount" in kept.columns else ibis.null(MONEY)
    rows = kept.mutate(_worth=worth.cast("float64"), _own=own.cast("float64").fill_null(0.0))
    orders = _paid(_sums(rows, stated))
    joined = rows.left_join(orders, "order_id").drop("order_id_right")
    paid = _share(joined, joined["_paid"])
    value = ibis.ifelse(joined["_is_stated"], paid, joined["_worth"])
    back = _share(joined, joined["_back"])
    amounts = {"net_revenue": _money(value - ibis.ifelse(joined["_back"] > 0, back, 0.0))}
    if "order_discount" in stated:
        amounts["discount"] = _money((joined["_own"] + joined["_worth"] - value).clip(lower=0.0))
    return joined.mutate(**amounts).select(*dict.fromkeys([*kept.columns, *amounts])).drop(*stated)


def _sums(rows: ir.Table, stated: list[str]) -> ir.Table:
    """Add up each order's lines, and read what is stated of it, on whichever line."""

    def of_order(name: str) -> ir.FloatingValue:
        return rows[name].max().cast("float64") if name in stated else ibis.null("float64")

    return rows.group_by("order_id").aggregate(
        _lines=rows["_worth"].sum(),
        _gross=(rows["_worth"] + rows["_own"]).sum(),
        _taken=rows["_own"].sum(),
        _stated=of_order("order_revenue"),
        _discount=of_order("order_discount").abs().fill_null(0.0),
        _postage=of_order("order_postage").fill_null(0.0),
        _given_back=of_order("order_refund").abs().fill_null(0.0),
        _weight_all=_weight(rows).sum(),
        _n_all=rows.count(),
    )


def _paid(orders: ir.Table) -> ir.Table:
    """Decide what was paid for the lines of each order, and what came back."""
    stated, lines = orders["_stated"], orders["_lines"]
    rest = ibis.ifelse(
        orders["_discount"] >= orders["_taken"] - _CENT,
        ibis.greatest(orders["_discount"] - orders["_taken"], 0.0),
        orders["_discount"],
    )

    def same(left: ir.FloatingValue, right: ir.FloatingValue) -> ir.BooleanValue:
        return ((left - right).abs() < _CENT).fill_null(False)

    before = stated.isnull() | same(stated, orders["_gross"])
    net = same(stated, lines) | same(stated - orders["_discount"], lines)
    paid = ibis.cases(
        (before & lines.notnull(), lines - rest), (net, lines), else_=stated - orders["_postage"]
    ).round(4)
    back = ibis.least(orders["_given_back"], ibis.greatest(paid, 0.0))
    return orders.select(
        "order_id",
        "_weight_all",
        "_n_all",
        _paid=paid,
        _back=back.fill_null(0.0),
        _is_stated=paid.notnull() & ~same(paid, lines),
    )


def _weight(rows: ir.Table) -> ir.FloatingValue:
    return ibis.coalesce(rows["_worth"], 0.0 if "net_revenue" in rows.columns else rows.quantity).abs()


def _share(rows: ir.Table, amount: ir.FloatingValue) -> ir.FloatingValue:
    """Cut an amount where the running sum of the weights stands before and after the line: the parts add up exactly."""
    order = [rows.product_id, rows[ROW]] if "product_id" in rows.columns else [rows[ROW]]
    so_far = ibis.window(group_by=rows.order_id, order_by=order, preceding=None, following=0)
    place = ibis.row_number().over(ibis.window(group_by=rows.order_id, order_by=order)) + 1
    weight = _weight(rows)
    total = weight.sum().over(so_far)
    even, each = rows["_weight_all"] == 0, rows["_n_all"]
    to = ibis.ifelse(even, place / each, total / rows["_weight_all"].nullif(0.0))
    since = ibis.ifelse(even, (place - 1) / each, (total - weight) / rows["_weight_all"].nullif(0.0))
    upper = ibis.ifelse(place == each, amount, (amount * to).round(2))
    return upper - ibis.ifelse(place == 1, 0.0, (amount * since).round(2))


def _money(value: ir.FloatingValue) -> ir.DecimalValue:
    return money(value.round(4))
