"""Monthly snapshots of what customers hold -> from when to when they held it."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from nextbest.sources.cleaning.spec import Rule

_KEY = ("customer_id", "product_id")


def join_snapshots(holdings: ir.Table) -> tuple[ir.Table, Rule]:
    """Turn rows with ``seen_on`` into one row per unbroken run of months.

    ``opened_on`` is the first month seen; in the shop's first snapshot nobody knows, so it stays null and is no purchase.
    ``closed_on`` is the first month no longer seen; ``seen_on`` the last one seen, whose balance and other columns stay.
    """
    seen = holdings.filter(holdings.seen_on.notnull())
    rest = holdings.filter(holdings.seen_on.isnull())
    runs = _runs(seen)
    said = [name for name in holdings.columns if name not in {*_KEY, "opened_on", "seen_on", "closed_on"}]
    spans = runs.group_by([*_KEY, "_run"]).aggregate(
        _given=runs.opened_on.min(),
        _first=runs.seen_on.min(),
        _first_month=runs["_month"].min(),
        _last_month=runs["_month"].max(),
        _closed=runs.closed_on.max(),
        seen_on=runs.seen_on.max(),
        **{name: runs[name].argmax(runs.seen_on) for name in said},
    )
    months = _months(seen).select(_next=lambda t: t["_month"], _next_on=lambda t: t.seen_on)
    ended = spans.left_join(months, months["_next"] == spans["_last_month"] + 1)
    opened = ibis.ifelse(ended["_first_month"] > 0, ended["_first"], ibis.null("date"))
    result = ended.mutate(
        opened_on=ibis.coalesce(ended["_given"], opened),
        closed_on=ibis.coalesce(ended["_closed"], ended["_next_on"]),
    )
    return result.select(*holdings.columns).union(rest), Rule(
        "snapshots", "changed", "holdings", lambda t: t.seen_on.notnull(), is_before=True
    )


def _months(seen: ir.Table) -> ir.Table:
    months = seen.select("seen_on").distinct()
    return months.mutate(_month=ibis.row_number().over(ibis.window(order_by=months.seen_on)))


def _runs(seen: ir.Table) -> ir.Table:
    """Find the runs of months that follow each other."""
    rows = seen.inner_join(_months(seen), "seen_on")
    place = ibis.dense_rank().over(
        ibis.window(group_by=[rows[name] for name in _KEY], order_by=rows["_month"])
    )
    return rows.mutate(_run=rows["_month"] - place)
