"""Profit by customer and period, first purchases of heads, and how many products customers held."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

import ibis
import ibis.expr.types as ir

from nextbest.models.profit.spec import ProfitSettings
from nextbest.profiles.query import customers_lines

Unit = Literal["day", "month"]
_MONEY = "decimal(18, 4)"


def heads_of(rules: ir.Table, settings: ProfitSettings) -> ir.Table:
    """List the heads of the positive rules worth acting on: level, head_id, head, margin_at_stake (the most of its rules).

    Rules that a person approved or wrote count always, rejected ones never.
    """
    positive = rules.filter(rules.sign == "+", rules.review.fill_null("") != "rejected")
    is_vouched = (positive.review.fill_null("") == "approved") | (positive.origin == "written")
    is_sure = (positive.size_q_value < settings.max_size_q_value) & (positive.size_lift > 1)
    # Very few products: basket size leaves nothing to chance, size_lift is null.
    is_sure_of_few = (
        positive.size_lift.isnull()
        & (positive.q_value < settings.max_size_q_value)
        & (positive.rule_lift > 1)
    )
    is_new = ~positive.is_redundant & (is_sure.fill_null(False) | is_sure_of_few.fill_null(False))
    worth = positive.filter(is_vouched | is_new)
    return worth.group_by("level", "head_id").aggregate(
        head=worth["head"].min(), margin_at_stake=worth.margin_at_stake.max()
    )


def margin_shares(profiles: ir.Table, as_of: date) -> ir.Table:
    """Take each product's margin share from the last profile drawn up by the day: product_id, margin_share, margin_source."""
    past = profiles.filter(profiles.as_of <= ibis.date(as_of))
    last = past.aggregate(last_on=past.as_of.max())
    return past.inner_join(last, past.as_of == last.last_on).select(
        "product_id", "margin_share", "margin_source"
    )


def bought(lines: ir.Table, shares: ir.Table | None, as_of: date) -> ir.Table:
    """List what known customers bought before the day: customer_id, product_id, bought_on, is_kept, margin.

    Returns stay with their negative margin on their own day; ``is_kept`` marks what still counted as bought on the day.
    """
    seen = customers_lines(lines, [as_of])
    dated = seen.filter(seen.ordered_on.notnull(), seen.product_id.notnull())
    named = dated.select("customer_id", "product_id", "net_revenue", "is_kept", bought_on=dated.ordered_on)
    if shares is None:
        return named.drop("net_revenue").mutate(margin=ibis.null(_MONEY))
    priced = named.left_join(shares, "product_id")
    margin = (priced.net_revenue.cast("float64") * priced.margin_share).cast(_MONEY)
    return priced.select("customer_id", "product_id", "bought_on", "is_kept", margin=margin)


def opened(holdings: ir.Table, as_of: date) -> ir.Table:
    """List what customers hold or held as purchases; where nobody knows since when, ``bought_on`` is null."""
    past = holdings.filter((holdings.opened_on < ibis.date(as_of)).fill_null(True))
    return past.select(
        "customer_id",
        "product_id",
        bought_on=past.opened_on,
        is_kept=ibis.literal(True),
        margin=ibis.null(_MONEY),
    )


def earned_by_day(purchases: ir.Table) -> ir.Table:
    """Sum up each customer's days: customer_id, on, profit, size (products kept)."""
    return purchases.group_by("customer_id", on=purchases.bought_on).aggregate(
        profit=purchases.margin.sum(), size=purchases.is_kept.cast("int64").sum()
    )


def earned_by_month(profit: ir.Table, as_of: date) -> ir.Table:
    """Take each customer's months that were over before the day: customer_id, on, profit, size (1)."""
    month = ibis.date(as_of.replace(day=1))
    past = profit.filter(profit.customer_id.notnull(), profit.month_on < month)
    months = past.group_by("customer_id", on=past.month_on.truncate("M")).aggregate(profit=past.profit.sum())
    return months.mutate(size=ibis.literal(1, "int64"))


def customers_of(earned: ir.Table, unit: Unit, start: int) -> ir.Table:
    """Give numbers to the customers in the order of their ids: customer_id, code, first_period."""
    first = earned.group_by("customer_id").aggregate(first_on=earned.on.min())
    return first.select(
        "customer_id",
        code=ibis.row_number().over(order_by=first.customer_id),
        first_period=number_of(first.first_on, unit) - start,
    )


def span_of(earned: ir.Table, unit: Unit) -> ir.Table:
    """Say in which periods the data begin and end: first, last."""
    return earned.aggregate(first=number_of(earned.on.min(), unit), last=number_of(earned.on.max(), unit))


def panel_of(earned: ir.Table, customers: ir.Table, unit: Unit, start: int) -> ir.Table:
    """Put profit on numbers: customer, period, profit (ten-thousandths), size; sorted."""
    coded = earned.inner_join(customers, "customer_id")
    return coded.select(
        customer=coded.code,
        period=number_of(coded.on, unit) - start,
        profit=(coded.profit.fill_null(0) * 10_000).cast("int64"),
        size=coded["size"],
    ).order_by("customer", "period")


def head_products(heads: ir.Table, products: ir.Table) -> ir.Table:
    """List the products of each head: level, head_id, product_id."""
    own = heads.filter(heads.level == "product").select("level", "head_id", product_id="head_id")
    parts = [own]
    for level in ("category", "department"):
        groups = products.filter(products[level].notnull())
        named = groups.select("product_id", level=ibis.literal(level), head_id=groups[level])
        parts.append(named.semi_join(heads, ["level", "head_id"]).select("level", "head_id", "product_id"))
    return ibis.union(*parts)


def first_purchases(purchases: ir.Table, members: ir.Table) -> ir.Table:
    """Say since when each customer has had each head: level, head_id, customer_id, first_on, is_since_known."""
    kept = purchases.filter(purchases.is_kept).inner_join(members, "product_id")
    return kept.group_by("level", "head_id", "customer_id").aggregate(
        first_on=kept.bought_on.min(), is_since_known=kept.bought_on.notnull().all()
    )


def heads_with_buyers(
    heads: ir.Table, first: ir.Table, customers: ir.Table, unit: Unit, bounds: tuple[int, int, int]
) -> ir.Table:
    """Count each head's first purchases with enough history on both sides: level, head_id, head, margin_at_stake, n_buyers.

    Parameters
    ----------
    heads
        From :func:`heads_of`.
    first
        From :func:`first_purchases`.
    customers
        From :func:`customers_of`.
    unit
        Of the periods.
    bounds
        Number of the data's first period, how many are over, and how long a window is.
    """
    start, n_periods, window = bounds
    known = first.filter(first.is_since_known).inner_join(customers, "customer_id")
    period = number_of(known.first_on, unit) - start
    is_long = (period - window > known.first_period) & (period + window < n_periods)
    counts = known.filter(is_long).group_by("level", "head_id").aggregate(n_buyers=ibis._.count())
    joined = heads.left_join(counts, ["level", "head_id"])
    return joined.select("level", "head_id", "head", "margin_at_stake", n_buyers=joined.n_buyers.fill_null(0))


def head_starts(first: ir.Table, customers: ir.Table, unit: Unit, start: int) -> ir.Table:
    """Put first purchases on numbers: level, head_id, customer, period (-1: had it before anybody looked); sorted."""
    known = first.inner_join(customers, "customer_id")
    period = ibis.ifelse(known.is_since_known, number_of(known.first_on, unit) - start, -1)
    return known.select("level", "head_id", customer=known.code, period=period).order_by(
        "level", "head_id", "customer"
    )


def head_panel(
    purchases: ir.Table, members: ir.Table, customers: ir.Table, unit: Unit, start: int
) -> ir.Table:
    """Put the heads' own margins on numbers: level, head_id, customer, period, margin (ten-thousandths); sorted."""
    chosen = purchases.inner_join(members, "product_id").inner_join(customers, "customer_id")
    own = chosen.group_by(
        "level", "head_id", customer=chosen.code, period=number_of(chosen.bought_on, unit) - start
    ).aggregate(margin=chosen.margin.sum())
    return own.mutate(margin=(own.margin.fill_null(0) * 10_000).cast("int64")).order_by(
        "level", "head_id", "customer", "period"
    )


def number_of(day: ir.Value, unit: Unit) -> ir.Value:
    """Turn a day, or its month, into a number since 1970."""
    if unit == "day":
        return day.delta(ibis.date(1970, 1, 1), unit="day").cast("int64")
    return ((day.year() - 1970) * 12 + day.month() - 1).cast("int64")


def held_and_left(holdings: ir.Table, as_of: date, settings: ProfitSettings) -> ir.Table:
    """Count customers by products held when the watched days began, and those who hold none any more: n_products_held, n_customers, n_left."""
    start = as_of - timedelta(days=settings.left_after_days)
    then, now = (_held_on(holdings, day) for day in (start, as_of))
    held = then.select("customer_id", "product_id").distinct()
    return _left(held, now.select("customer_id").distinct(), settings.most_held)


def bought_and_left(
    purchases: ir.Table, products: ir.Table | None, as_of: date, settings: ProfitSettings
) -> ir.Table:
    """Count customers by categories (or products) bought in the days before, and those who bought nothing since: as above."""
    start = as_of - timedelta(days=settings.left_after_days)
    before = start - timedelta(days=settings.left_after_days)
    kept = purchases.filter(purchases.is_kept)
    earlier = kept.filter(kept.bought_on >= ibis.date(before), kept.bought_on < ibis.date(start))
    later = kept.filter(kept.bought_on >= ibis.date(start), kept.bought_on < ibis.date(as_of))
    if products is None:
        things = earlier.select("customer_id", thing=earlier.product_id)
    else:
        groups = products.select("product_id", thing="category")
        things = earlier.inner_join(groups, "product_id").select("customer_id", "thing")
    return _left(
        things.filter(things.thing.notnull()).distinct(),
        later.select("customer_id").distinct(),
        settings.most_held,
    )


def _held_on(holdings: ir.Table, day: date) -> ir.Table:
    """Take what was held when the day began, by what was known then."""
    at = ibis.date(day)
    return holdings.filter(
        (holdings.opened_on < at).fill_null(True), (holdings.closed_on >= at).fill_null(True)
    )


def _left(held: ir.Table, still_there: ir.Table, most: int) -> ir.Table:
    counts = held.group_by("customer_id").aggregate(n=ibis._.count())
    stayed = still_there.mutate(is_there=ibis.literal(True))
    joined = counts.left_join(stayed, "customer_id")
    by_number = joined.group_by(n_products_held=ibis.least(joined.n, most)).aggregate(
        n_customers=joined.count(), n_left=joined.is_there.isnull().cast("int64").sum()
    )
    return by_number.order_by("n_products_held")
