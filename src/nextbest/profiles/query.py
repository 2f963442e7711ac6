"""Which order lines a profile may see on a day, and which of them still count as bought then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir


def seen_lines(lines: ir.Table, days: Sequence[date]) -> ir.Table:
    """Show each day the product lines ordered before it, one row per line and day that sees it.

    Postage, fees and other lines that are no products are left out. Returns stay, with their negative revenue on
    their own day. ``is_kept`` marks what still counts as bought: no return, and not cancelled before the day; a
    cancellation that comes later is not known yet.

    Parameters
    ----------
    lines
        ``order_lines``.
    days
        Days at which the profile is drawn up.
    """
    products = lines.filter(lines.is_product.fill_null(True))
    dated = products.mutate(
        as_of=_each(days), order_id=products.order_id.fill_null(products.ordered_on.cast("string"))
    )
    seen = dated.filter(dated.ordered_on < dated.as_of)
    is_cancelled = (seen.cancelled_on < seen.as_of).fill_null(False)
    return seen.mutate(is_kept=~seen.is_return.fill_null(False) & ~is_cancelled)


def customers_lines(lines: ir.Table, days: Sequence[date]) -> ir.Table:
    """Show the seen lines of known customers; guests have no profile."""
    return seen_lines(lines.filter(lines.customer_id.notnull()), days)


def _each(days: Sequence[date]) -> ir.Value:
    """Repeat a row for each day; a single day costs nothing."""
    literals = [ibis.date(day) for day in days]
    return literals[0] if len(literals) == 1 else ibis.array(literals).unnest()


def order_days(lines: ir.Table, days: Sequence[date]) -> ir.Table:
    """List the days on which each known customer ordered, with ``n_orders`` and the ``gap_days`` since the last one.

    Two stages, by order and then by day, instead of a distinct count: a quarter of the time on millions of orders.
    An order falls on the day of its last kept line.

    Parameters
    ----------
    lines
        ``order_lines``.
    days
        Days at which the profile is drawn up.
    """
    seen = customers_lines(lines, days)
    kept = seen.filter(seen.is_kept)
    orders = kept.group_by("as_of", "customer_id", "order_id").aggregate(ordered_on=kept.ordered_on.max())
    ordered = orders.group_by("as_of", "customer_id", "ordered_on").aggregate(n_orders=orders.count())
    own = ibis.window(group_by=["as_of", "customer_id"], order_by="ordered_on")
    return ordered.mutate(gap_days=ordered.ordered_on.delta(ordered.ordered_on.lag().over(own), unit="day"))
