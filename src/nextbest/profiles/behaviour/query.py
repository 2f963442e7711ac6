"""Each customer's windows, rhythm and trend as of each day.

Nothing is counted distinctly: lines are first grouped by customer and order, and by customer and product, with the
last day of each. As every window ends at ``as_of``, an order or a product is in a window exactly where its last day is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from nextbest.profiles.behaviour.spec import FALLING_BELOW, WINDOW_DAYS
from nextbest.profiles.query import customers_lines, order_days

_CUSTOMER = ("as_of", "customer_id")
_MONEY = "decimal(18, 4)"
_QUARTER, _YEAR = 91, 364


def behaviour(lines: ir.Table, products: ir.Table, days: Sequence[date]) -> ir.Table:
    """Draw up every customer who bought and kept something before each day.

    Parameters
    ----------
    lines
        ``order_lines``.
    products
        ``products``; may be empty.
    days
        Days at which the profile is drawn up.
    """
    drawn = _rhythm(lines, days)
    for part in (_money(lines, days), _items(lines, products, days)):
        drawn = drawn.left_join(part, _CUSTOMER).drop("as_of_right", "customer_id_right")
    return _profile(drawn)


def changes(profiles: ir.Table, day: date) -> ir.Table:
    """Add up the customers of one day who spend much less than they used to."""
    known = profiles.filter(profiles.as_of == ibis.date(day), profiles.trend.notnull())
    falls = known.trend < FALLING_BELOW
    return known.aggregate(
        n_customers=known.count(where=falls),
        customer_share=falls.cast("int64").mean(),
        revenue_364d=known.revenue_364d.sum(where=falls).cast("float64"),
        revenue_91d=known.revenue_91d.sum(where=falls).cast("float64"),
    )


def _rhythm(lines: ir.Table, days: Sequence[date]) -> ir.Table:
    """Count orders by window and sum up the gaps between order days."""
    ordered = _aged(order_days(lines, days), "ordered_on")
    return ordered.group_by(*_CUSTOMER).aggregate(
        age_first=ordered.age.max(),
        age_last=ordered.age.min(),
        n_gaps=ordered.gap_days.count(),
        gap_days_squared=(ordered.gap_days * ordered.gap_days).sum(),
        **{f"n_orders_{n}d": ordered.n_orders.sum(where=ordered.age <= n).fill_null(0) for n in WINDOW_DAYS},
    )


def _money(lines: ir.Table, days: Sequence[date]) -> ir.Table:
    """Sum up money and lines by customer and day, then by window."""
    seen = customers_lines(lines, days)
    sums = seen.group_by(*_CUSTOMER, "ordered_on").aggregate(
        revenue=seen.net_revenue.sum(),
        kept_revenue=seen.net_revenue.sum(where=seen.is_kept),
        discount=seen.discount.sum(where=seen.is_kept),
        n_lines=seen.is_kept.sum(),
    )
    daily = _aged(sums, "ordered_on")
    windows = {
        f"{name}_{n}d": daily[name].sum(where=daily.age <= n).fill_null(0)
        for name in ("revenue", "kept_revenue", "discount", "n_lines")
        for n in WINDOW_DAYS
    }
    return daily.group_by(*_CUSTOMER).aggregate(
        has_revenue=daily.revenue.count() > 0, has_discount=daily.discount.count() > 0, **windows
    )


def _items(lines: ir.Table, products: ir.Table, days: Sequence[date]) -> ir.Table:
    """Count products and categories by window: by product, then by category, then by customer.

    Products without a category meet in a group of their own, which counts as no category. Categories are numbered
    first: their long names would cost more time than everything else here.
    """
    named = products.filter(products.category.notnull())
    numbered = named.select(
        "product_id", category=ibis.dense_rank().over(order_by=named.category).cast("int32")
    )
    seen = customers_lines(lines, days)
    kept = seen.filter(seen.is_kept & (seen.ordered_on >= seen.as_of - ibis.interval(days=max(WINDOW_DAYS))))
    last = kept.group_by(*_CUSTOMER, "product_id").aggregate(last_on=kept.ordered_on.max())
    bought = _aged(last, "last_on").left_join(numbered, "product_id")
    placed = bought.group_by(*_CUSTOMER, "category").aggregate(
        age=bought.age.min(), **{f"n_products_{n}d": bought.count(where=bought.age <= n) for n in WINDOW_DAYS}
    )
    is_named = placed.category.notnull()
    return placed.group_by(*_CUSTOMER).aggregate(
        **{f"n_products_{n}d": placed[f"n_products_{n}d"].sum() for n in WINDOW_DAYS},
        **{f"n_categories_{n}d": placed.count(where=is_named & (placed.age <= n)) for n in WINDOW_DAYS},
    )


def _aged(table: ir.Table, day: str) -> ir.Table:
    """Say how many days before ``as_of`` a day lies; whole numbers compare faster than days and intervals."""
    return table.mutate(age=table.as_of.delta(table[day], unit="day"))


def _profile(drawn: ir.Table) -> ir.Table:
    """Turn sums into shares, means and the trend; what the data do not give stays null."""
    n_gaps, span = drawn.n_gaps, drawn.age_first - drawn.age_last
    spread = (drawn.gap_days_squared - span.cast("float64") * span / n_gaps.nullif(0)) / (n_gaps - 1).nullif(
        0
    )
    windows = {name: column for n in WINDOW_DAYS for name, column in _window(drawn, n).items()}
    return drawn.select(
        "customer_id",
        "as_of",
        **windows,
        days_since_first_order=drawn.age_first,
        days_since_last_order=drawn.age_last,
        mean_gap_days=span / n_gaps.nullif(0),
        sd_gap_days=ibis.ifelse(n_gaps > 1, ibis.greatest(spread, 0.0).sqrt(), ibis.null("float64")),
        trend=_trend(drawn),
    )


def _window(drawn: ir.Table, n: int) -> dict[str, ir.Value]:
    revenue = ibis.ifelse(drawn.has_revenue, drawn[f"revenue_{n}d"], ibis.null())
    discount = ibis.ifelse(drawn.has_discount, drawn[f"discount_{n}d"], ibis.null()).cast("float64")
    before_discount = drawn[f"kept_revenue_{n}d"].cast("float64") + discount
    return {
        f"revenue_{n}d": revenue.cast(_MONEY),
        f"n_orders_{n}d": drawn[f"n_orders_{n}d"],
        f"n_lines_{n}d": drawn[f"n_lines_{n}d"].cast("int64"),
        f"n_products_{n}d": drawn[f"n_products_{n}d"].fill_null(0),
        f"n_categories_{n}d": drawn[f"n_categories_{n}d"].fill_null(0),
        f"discount_share_{n}d": ibis.ifelse(
            before_discount > 0, discount / before_discount, ibis.null("float64")
        ),
    }


def _trend(drawn: ir.Table) -> ir.Value:
    """Compare the last quarter with the mean quarter before it, within a year.

    Null where the customer was not there for a quarter before, or brought nothing in it.
    """
    lately = drawn.revenue_91d.cast("float64")
    before = drawn.revenue_364d.cast("float64") - lately
    n_quarters = (ibis.least(drawn.age_first, _YEAR) - _QUARTER) / _QUARTER
    is_known = drawn.has_revenue & (n_quarters >= 1) & (before > 0)
    return ibis.ifelse(is_known, lately * n_quarters / before, ibis.null("float64"))
