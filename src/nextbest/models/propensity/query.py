"""What each customer did before a day, and when they bought what is to be predicted.

A purchase is an order line that was kept, or the opening of something held. A line cancelled later counts until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from nextbest.profiles.query import customers_lines

_EPOCH = date(1970, 1, 1)
_LONG_AGO = date(1900, 1, 1)
_NEVER = date(9999, 1, 1)
_MONEY = "decimal(18, 4)"
_LATELY, _QUARTER = 28, 91
_HOURS_AHEAD_OF_UTC = 14
"""Zone whose days begin first: an instant this long before midnight UTC is on an earlier day everywhere."""


def bought(lines: ir.Table, as_of: date) -> ir.Table:
    """List the products that known customers ordered before the day and did not return.

    Returns
    -------
    customer_id, product_id, order_id, on, cancelled_on (far in the future while the line is kept), revenue, discount.
    """
    seen = customers_lines(lines, [as_of])
    kept = seen.filter(~seen.is_return.fill_null(False), seen.ordered_on.notnull(), seen.product_id.notnull())
    is_cancelled = (kept.cancelled_on < ibis.date(as_of)).fill_null(False)
    return kept.select(
        "customer_id",
        "product_id",
        "order_id",
        on=kept.ordered_on,
        cancelled_on=ibis.ifelse(is_cancelled, kept.cancelled_on, ibis.date(_NEVER)),
        revenue=kept.net_revenue,
        discount=kept.discount,
    )


def opened(holdings: ir.Table, as_of: date) -> ir.Table:
    """List what customers opened before the day, as :func:`bought` does; what nobody saw being opened is no purchase."""
    past = holdings.filter(
        holdings.opened_on < ibis.date(as_of), holdings.customer_id.notnull(), holdings.product_id.notnull()
    )
    return past.select(
        "customer_id",
        "product_id",
        order_id=past.opened_on.cast("string"),
        on=past.opened_on,
        cancelled_on=ibis.date(_NEVER),
        revenue=ibis.null(_MONEY),
        discount=ibis.null(_MONEY),
    )


def held(holdings: ir.Table, as_of: date) -> ir.Table:
    """List what customers held at any time before the day: customer_id, product_id, since_on, until_on (first day without it)."""
    since = ibis.coalesce(holdings.opened_on, ibis.date(_LONG_AGO))
    past = holdings.filter(
        since < ibis.date(as_of), holdings.customer_id.notnull(), holdings.product_id.notnull()
    )
    is_closed = (past.closed_on < ibis.date(as_of)).fill_null(False)
    return past.select(
        "customer_id",
        "product_id",
        since_on=ibis.coalesce(past.opened_on, ibis.date(_LONG_AGO)),
        until_on=ibis.ifelse(is_closed, past.closed_on, ibis.date(_NEVER)),
    )


def customers_of(purchases: ir.Table, holds: ir.Table | None) -> ir.Table:
    """Give customers numbers in the order of their ids: customer_id, customer, first_day (of their first purchase, days since 1970)."""
    days = purchases.select("customer_id", "on")
    if holds is not None:
        days = days.union(holds.select("customer_id", on=holds.since_on))
    first = days.group_by("customer_id").aggregate(first_on=days.on.min())
    return first.select(
        "customer_id",
        customer=ibis.row_number().over(order_by=first.customer_id),
        first_day=_number(first.first_on),
    ).order_by("customer")


def days_of_items(purchases: ir.Table, customers: ir.Table, members: ir.Table) -> ir.Table:
    """List the days on which customers bought each item: item, customer, day, kept_until (days since 1970); sorted.

    Parameters
    ----------
    purchases
        From :func:`bought` or :func:`opened`.
    customers
        From :func:`customers_of`, executed.
    members
        The products of each item: item, product_id; executed.
    """
    chosen = purchases.inner_join(members, "product_id").inner_join(customers, "customer_id")
    days = chosen.group_by("item", "customer", "on").aggregate(cancelled_on=chosen.cancelled_on.max())
    return days.select(
        "item", "customer", day=_number(days.on), kept_until=_number(days.cancelled_on)
    ).order_by("item", "customer", "day")


def spells_of_items(holds: ir.Table, customers: ir.Table, members: ir.Table) -> ir.Table:
    """List from when to when customers held each item: item, customer, since, until (days since 1970); sorted."""
    chosen = holds.inner_join(members, "product_id").inner_join(customers, "customer_id")
    return (
        chosen.select("item", "customer", since=_number(chosen.since_on), until=_number(chosen.until_on))
        .distinct()
        .order_by("item", "customer", "since", "until")
    )


def habits(
    purchases: ir.Table, customers: ir.Table, origin: date, look_back: int, spans: Sequence[int]
) -> ir.Table:
    """Sum up what each customer ordered before the origin: one row per customer who did, sorted.

    Returns
    -------
    customer, then as in ``behaviour``: days since the first and last order, mean and longest gap, and by span of days
    n_orders, n_lines, revenue and discount.
    """
    seen = _seen(purchases, origin, look_back)
    orders = seen.group_by("customer_id", "order_id").aggregate(
        age=seen.age.min(), n_lines=seen.count(), revenue=seen.revenue.sum(), discount=seen.discount.sum()
    )
    days = orders.group_by("customer_id", "age").aggregate(
        n_orders=orders.count(),
        n_lines=orders.n_lines.sum(),
        revenue=orders.revenue.sum(),
        discount=orders.discount.sum(),
    )
    gap = days.age.lag().over(ibis.window(group_by="customer_id", order_by=days.age.desc())) - days.age
    gaps = days.mutate(gap=gap)
    sums = {
        f"{name}_{n}d": gaps[name].sum(where=gaps.age <= n).cast("float64")
        for name in ("n_orders", "n_lines", "revenue", "discount")
        for n in spans
    }
    drawn = gaps.group_by("customer_id").aggregate(
        days_since_first_order=gaps.age.max(),
        days_since_last_order=gaps.age.min(),
        mean_gap_days=gaps.gap.mean(),
        longest_gap_days=gaps.gap.max(),
        **sums,
    )
    return coded(drawn, customers)


def tastes(
    purchases: ir.Table, customers: ir.Table, groups: ir.Table, origin: date, look_back: int
) -> ir.Table:
    """Count each customer's days with each group of products before the origin: customer, group, n_days, age (of the last); sorted.

    Parameters
    ----------
    purchases
        From :func:`bought` or :func:`opened`.
    customers
        From :func:`customers_of`, executed.
    groups
        product_id, group (a number); executed.
    origin
        Nothing on or after it is seen.
    look_back
        Days that are seen.
    """
    placed = _seen(purchases, origin, look_back).inner_join(groups, "product_id")
    days = placed.group_by("customer_id", "group", "age").aggregate(n=placed.count())
    counted = days.group_by("customer_id", "group").aggregate(n_days=days.count(), age=days.age.min())
    coded = counted.inner_join(customers, "customer_id")
    return coded.select("customer", "group", "n_days", "age").order_by("customer", "group")


def instants(table: ir.Table, origin: date, look_back: int, kind: str) -> ir.Table:
    """Count what happened to each customer before the origin: customer_id, kind, n_28d, n_91d, age (of the last).

    Instants are UTC: what may already be the origin's day somewhere is not seen.

    Parameters
    ----------
    table
        ``events`` or ``interactions``.
    origin, look_back
        As in :func:`tastes`.
    kind
        Column that tells what happened.
    """
    on = _local_at_most(table.occurred_at)
    dated = table.mutate(kind=table[kind], age=ibis.date(origin).delta(on, unit="day"))
    seen = dated.filter(
        dated.customer_id.notnull(), dated.kind.notnull(), dated.age >= 1, dated.age <= look_back
    )
    return seen.group_by("customer_id", "kind").aggregate(
        n_28d=seen.count(where=seen.age <= _LATELY),
        n_91d=seen.count(where=seen.age <= _QUARTER),
        age=seen.age.min(),
    )


def looked_at(events: ir.Table, as_of: date) -> ir.Table:
    """List the products that customers did something with before the day, as :func:`bought` does, but for buying them."""
    on = _local_at_most(events.occurred_at)
    dated = events.mutate(on=on).filter(events.customer_id.notnull(), events.product_id.notnull())
    past = dated.filter(dated.on < ibis.date(as_of))
    return past.select("customer_id", "product_id", "on", cancelled_on=ibis.date(_NEVER))


def coded(counts: ir.Table, customers: ir.Table, *order: str) -> ir.Table:
    """Put customers' numbers in place of their ids, sorted by customer and more columns."""
    known = counts.inner_join(customers.select("customer_id", "customer"), "customer_id")
    return known.drop("customer_id").order_by("customer", *order)


def buyers_by_group(purchases: ir.Table, groups: ir.Table, day: date) -> ir.Table:
    """Count the customers who bought of each group of products before a day: group, n; sorted."""
    past = purchases.filter(purchases.on < ibis.date(day)).inner_join(groups, "product_id")
    return (
        past.select("group", "customer_id")
        .distinct()
        .group_by("group")
        .aggregate(n=ibis._.count())
        .order_by("group")
    )


def kinds_of(table: ir.Table, day: date, kind: str, most: int) -> ir.Table:
    """List what happened most often before a day: kind."""
    past = table.filter(
        table.occurred_at < ibis.timestamp(f"{day} 00:00:00"),
        table[kind].notnull(),
        table.customer_id.notnull(),
    )
    counts = past.group_by(kind=past[kind]).aggregate(n=past.count())
    return counts.order_by(counts.n.desc(), counts.kind).limit(most).select("kind")


def most_held(holds: ir.Table, day: date, most: int) -> ir.Table:
    """List the products held by most customers before a day: product_id."""
    past = holds.filter(holds.since_on < ibis.date(day)).select("product_id", "customer_id").distinct()
    counts = past.group_by("product_id").aggregate(n=past.count())
    return counts.order_by(counts.n.desc(), counts.product_id).limit(most).select("product_id")


def buyers_of(purchases: ir.Table, products: ir.Table, level: str, start: date) -> ir.Table:
    """Count the customers who bought each product or category, ever and since a day: id, n_ever, n_since; sorted."""
    placed = purchases.inner_join(products, "product_id") if level != "product" else purchases
    key = level if level != "product" else "product_id"
    named = placed.filter(placed[key].notnull())
    last = named.group_by("customer_id", id=named[key]).aggregate(on=named.on.max())
    return (
        last.group_by("id")
        .aggregate(n_ever=last.count(), n_since=last.count(where=last.on >= ibis.date(start)))
        .order_by("id")
    )


def active_since(purchases: ir.Table, start: date) -> ir.Table:
    """Count the customers who bought anything since a day: n."""
    return (
        purchases.filter(purchases.on >= ibis.date(start))
        .select("customer_id")
        .distinct()
        .aggregate(n=ibis._.count())
    )


def profit_by_month(profit: ir.Table, customers: ir.Table, as_of: date) -> ir.Table:
    """Put monthly profit on numbers: customer, month (months since 1970), profit; months before the day's only; sorted."""
    past = profit.filter(profit.month_on < ibis.date(as_of.replace(day=1)))
    month = (past.month_on.year() - 1970) * 12 + past.month_on.month() - 1
    sums = past.group_by("customer_id", month=month.cast("int64")).aggregate(profit=past.profit.sum())
    known = sums.inner_join(customers, "customer_id")
    return known.select("customer", "month", profit=known.profit.cast("float64")).order_by(
        "customer", "month"
    )


def _seen(purchases: ir.Table, origin: date, look_back: int) -> ir.Table:
    """Show what was bought before the origin and not cancelled by then, with its ``age`` in days."""
    day = ibis.date(origin)
    aged = purchases.mutate(age=day.delta(purchases.on, unit="day"))
    return aged.filter(aged.age >= 1, aged.age <= look_back, aged.cancelled_on >= day)


def _number(day: ir.Value) -> ir.Value:
    """Turn a day into days since 1970."""
    return day.delta(ibis.date(_EPOCH), unit="day").cast("int64")


def _local_at_most(instant: ir.Value) -> ir.Value:
    """Give the latest day that an instant falls on anywhere."""
    return (instant + ibis.interval(hours=_HOURS_AHEAD_OF_UTC)).date()
