"""Rules that look at one row: rows that are no purchase, or no act of a person, and why."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from nextbest.sources.cleaning.lists import (
    BAD_DEBT,
    DISCOUNT,
    RECEIPT_LINES,
    RECEIPT_PARTS,
    REFUNDED,
    TEST,
    UNPAID,
    UNPAID_PARTS,
)
from nextbest.sources.cleaning.spec import CleaningSettings


def set_aside(rows: ir.Table, table: str, settings: CleaningSettings) -> ir.StringValue:
    """Name the rule by which each row is quarantined: ``cleaning.<name>``, null for rows that stay.

    Parameters
    ----------
    rows
        Typed rows of one file, with the columns that are used up while loading (``status``, ``unit_price``,
        ``products.name``, ...) where the file has them.
    table
        Canonical table the file feeds.
    settings
        Which rules apply.
    """
    if table == "order_lines":
        return _first(_of_lines(rows, settings))
    if table == "events":
        return _first(_of_events(rows, settings))
    return ibis.null("string")


def is_refunded(status: ir.StringValue) -> ir.BooleanValue:
    """Tell the states of orders of which everything came back."""
    return status.lower().strip().re_search(REFUNDED).fill_null(False)


def _first(rules: list[tuple[str, ir.BooleanValue]]) -> ir.StringValue:
    if not rules:
        return ibis.null("string")
    branches = [(condition.fill_null(False), f"cleaning.{name}") for name, condition in rules]
    return ibis.cases(*branches, else_=ibis.null("string"))


def _of_lines(rows: ir.Table, settings: CleaningSettings) -> list[tuple[str, ir.BooleanValue]]:
    rules = []
    if settings.set_aside_receipt_parts and "line_type" in rows.columns:
        rules.append(("receipt_parts", _receipt_parts(rows)))
    if settings.set_aside_unpaid and ("status" in rows.columns or "cancelled_at" in rows.columns):
        rules.append(("unpaid", _unpaid(rows, settings)))
    if settings.set_aside_tests:
        rules.append(("tests", _says(rows, TEST, "product_id", "products.name")))
    if settings.set_aside_bad_debt and "products.name" in rows.columns:
        rules.append(("bad_debt", _says(rows, BAD_DEBT, "products.name")))
    if settings.set_aside_write_offs and {"quantity", "net_revenue", "customer_id"} <= set(rows.columns):
        free = (rows.quantity < 0) & (rows.net_revenue == 0) & rows.customer_id.isnull()
        rules.append(("write_offs", free))
    if settings.set_aside_impossible and {"quantity", "net_revenue"} <= set(rows.columns):
        nothing = (rows.quantity == 0) & (rows.net_revenue.fill_null(0) == 0)
        negative = (
            (rows.quantity > 0)
            & (rows.net_revenue < 0)
            & ~_says(rows, DISCOUNT, "product_id", "products.name")
        )
        if "is_return" in rows.columns:
            negative &= ~rows.is_return.fill_null(False)
        rules.append(("impossible", nothing | negative))
    return rules


def _receipt_parts(rows: ir.Table) -> ir.BooleanValue:
    kind = rows.line_type.lower().strip()
    has_lines = kind.re_search(RECEIPT_LINES).fill_null(False).any().over(ibis.window())
    return has_lines & kind.re_search(RECEIPT_PARTS)


def _unpaid(rows: ir.Table, settings: CleaningSettings) -> ir.BooleanValue:
    unpaid: ir.BooleanValue = ibis.literal(False)
    if "status" in rows.columns:
        state = rows.status.lower().strip()
        words = [*UNPAID, *(word.lower() for word in settings.unpaid_statuses)]
        unpaid = (state.isin(words) | state.re_search(UNPAID_PARTS)).fill_null(False)
    if "cancelled_at" in rows.columns:
        unpaid |= rows.cancelled_at.notnull()
    return unpaid


def _says(rows: ir.Table, words: str, *columns: str) -> ir.BooleanValue:
    found: ir.BooleanValue = ibis.literal(False)
    for column in columns:
        if column in rows.columns:
            found |= rows[column].lower().strip().re_search(words).fill_null(False)
    return found


def _of_events(rows: ir.Table, settings: CleaningSettings) -> list[tuple[str, ir.BooleanValue]]:
    rules = []
    visitor = [rows[name] for name in ("anonymous_id", "session_id", "customer_id") if name in rows.columns]
    if settings.set_aside_bots and visitor and "occurred_at" in rows.columns:
        who = ibis.coalesce(*visitor)
        window = ibis.window(group_by=[who, rows.occurred_at.truncate("m")])
        rules.append(("bots", who.notnull() & (rows.count().over(window) > settings.bot_events_per_minute)))
    if settings.set_aside_misclicks and {"dwell_seconds", "type"} <= set(rows.columns):
        view = rows.type.lower().re_search("view|浏览")
        rules.append(("misclicks", view & (rows.dwell_seconds < settings.misclick_seconds)))
    return rules
