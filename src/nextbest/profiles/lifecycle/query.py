"""Each customer's order days, and the gaps between them, as of each day; and how many customers each stage holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from nextbest.profiles.query import order_days


def customer_gaps(lines: ir.Table, days: Sequence[date]) -> ir.Table:
    """Sum up the gaps between each customer's order days.

    Parameters
    ----------
    lines
        ``order_lines``.
    days
        Days at which the profile is drawn up.
    """
    ordered = order_days(lines, days)
    gaps = ordered.group_by("as_of", "customer_id").aggregate(
        first_on=ordered.ordered_on.min(),
        last_on=ordered.ordered_on.max(),
        n_orders=ordered.n_orders.sum(),
        n_gaps=ordered.gap_days.count(),
        gap_days_squared=(ordered.gap_days * ordered.gap_days).sum().fill_null(0),
        first_gap_days=ordered.gap_days.argmin(ordered.ordered_on, where=ordered.gap_days.notnull()),
    )
    return gaps.select(
        "customer_id",
        "as_of",
        "n_orders",
        "n_gaps",
        "gap_days_squared",
        "first_gap_days",
        days_since_first_order=gaps.as_of.delta(gaps.first_on, unit="day"),
        days_since_last_order=gaps.as_of.delta(gaps.last_on, unit="day"),
        days_first_to_last=gaps.last_on.delta(gaps.first_on, unit="day"),
    ).order_by("as_of", "customer_id")


def stage_totals(lifecycle: ir.Table, day: date) -> ir.Table:
    """Count the customers of each stage on one day."""
    held = (
        lifecycle.filter(lifecycle.as_of == ibis.date(day))
        .group_by("stage")
        .aggregate(
            n_customers=ibis._.count(),
            usual_gap_days=ibis._.usual_gap_days.median(),
            days_since_last_order=ibis._.days_since_last_order.median(),
        )
    )
    return held.mutate(customer_share=held.n_customers / held.n_customers.sum().over())
