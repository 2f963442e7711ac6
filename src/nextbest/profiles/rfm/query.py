"""Each customer's last order, number of orders and revenue as of each day; and what each segment holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from nextbest.profiles.query import customers_lines


def customer_totals(lines: ir.Table, days: Sequence[date]) -> ir.Table:
    """Sum up what each customer ordered before each day.

    An order counts where it keeps a product; returns lower the revenue on their own day.

    Parameters
    ----------
    lines
        ``order_lines``.
    days
        Days at which the profile is drawn up.
    """
    seen = customers_lines(lines, days)
    orders = seen.group_by("as_of", "customer_id", "order_id").aggregate(
        last_on=seen.ordered_on.max(where=seen.is_kept), revenue=seen.net_revenue.sum()
    )
    totals = orders.group_by("as_of", "customer_id").aggregate(
        last_on=orders.last_on.max(), n_orders=orders.last_on.count(), revenue_total=orders.revenue.sum()
    )
    buyers = totals.filter(totals.n_orders > 0)
    return buyers.select(
        "customer_id",
        "as_of",
        days_since_last_order=buyers.as_of.delta(buyers.last_on, unit="day"),
        n_orders=buyers.n_orders,
        revenue_total=buyers.revenue_total.cast("decimal(18, 4)"),
    )


def segment_totals(rfm: ir.Table, day: date) -> ir.Table:
    """Add up the customers and the revenue of each segment on one day."""
    held = (
        rfm.filter(rfm.as_of == ibis.date(day))
        .group_by("segment")
        .aggregate(n_customers=ibis._.count(), revenue=ibis._.revenue_total.sum())
    )
    return held.select(
        "segment",
        "n_customers",
        customer_share=held.n_customers / held.n_customers.sum().over(),
        revenue_total=held.revenue.cast("float64"),
        revenue_share=held.revenue.cast("float64") / held.revenue.sum().over().cast("float64").nullif(0),
    )
