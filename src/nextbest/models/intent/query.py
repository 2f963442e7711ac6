"""Questions to the tables: the newest events before a day, and what an order earns; lazy, never executed here."""

from __future__ import annotations

from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir

_COLUMNS: Final = (
    "event_id",
    "occurred_at",
    "type",
    "customer_id",
    "anonymous_id",
    "session_id",
    "product_id",
    "query",
    "dwell_seconds",
    "properties",
)
_HOURS_AHEAD_OF_UTC: Final = 14


def events_before(events: ir.Table, as_of: date | None, since: date | None = None) -> ir.Table:
    """Give the events that lie before a day wherever the visitor is, and on or after another, as rows of ``reading.Row``."""
    known = events.filter(events.type.notnull(), events.occurred_at.notnull())
    if as_of is not None:
        known = known.filter(
            known.occurred_at + ibis.interval(hours=_HOURS_AHEAD_OF_UTC) < ibis.timestamp(f"{as_of} 00:00:00")
        )
    if since is not None:
        known = known.filter(known.occurred_at >= ibis.timestamp(f"{since} 00:00:00"))
    return known.select(*_COLUMNS)


def per_day(events: ir.Table) -> ir.Table:
    """Count events by day, newest first: on, n."""
    dated = events.group_by(on=events.occurred_at.date()).aggregate(n=ibis._.count())
    return dated.order_by(ibis.desc("on"))


def margin_shares(profiles: ir.Table) -> ir.Table:
    """Give margin over net revenue where margins are known, by source: margin_source, margin_share, revenue_total."""
    latest = profiles.filter(profiles.as_of == profiles.as_of.max())
    known = latest.filter(
        latest.margin_source.isin(["given", "category_default"]),
        latest.margin_share.notnull(),
        latest.revenue_total > 0,
    )
    revenue = known.revenue_total.cast("float64")
    return (
        known.group_by("margin_source")
        .aggregate(margin=(revenue * known.margin_share).sum(), revenue_total=revenue.sum())
        .order_by("margin_source")
    )
