"""Each customer's windows, rhythm and trend as of each day.

Nothing is counted distinctly: lines are first grouped by customer and order, with the last day of each. As every window
ends at ``as_of``, an order is in a window exactly where its last day is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from nextbest.profiles.behaviour.spec import CUSTOMER_SHIFT, FALLING_BELOW, PRODUCT_SHIFT, WINDOW_DAYS
from nextbest.profiles.query import customers_lines, order_days

_CUSTOMER = ("as_of", "customer_id")
_MONEY = "decimal(18, 4)"
_QUARTER, _YEAR = 91, 364


def behaviour(lines: ir.Table, items: ir.Table, days: Sequence[date]) -> ir.Table:
    """Draw up every customer who bought and kept something before each day.

    Parameters
    ----------
    lines
        ``order_lines``.
    items
        ``n_products_<days>d`` and ``n_categories_<days>d`` by ``as_of`` and ``customer_id``.
    days
        Days at which the profile is drawn up.
    """
    drawn = _rhythm(lines, days)
    for part in (_money(lines, days), items):
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


def known_customers(lines: ir.Table) -> ir.Table:
    """List who ever ordered, in the order of their ids."""
    return lines.filter(lines.customer_id.notnull()).select("customer_id").distinct().order_by("customer_id")


def numbered_products(lines: ir.Table, products: ir.Table) -> ir.Table:
    """Give numbers from 0 to the products sold, category by category; of no category is number -1."""
    sold = lines.select("product_id").distinct()
    named = sold.left_join(products.select("product_id", "category"), "product_id")
    order = [named.category, named.product_id]
    numbered = named.select(
        named.product_id,
        product=ibis.row_number().over(order_by=order),
        category=ibis.ifelse(
            named.category.notnull(), ibis.dense_rank().over(order_by=named.category), -1
        ).cast("int32"),
    )
    return numbered.order_by("product")


def purchases(lines: ir.Table, customers: ir.Table, products: ir.Table, day: date) -> ir.Table:
    """Write each kept line of the customers within the longest window as one number, see :mod:`.core`.

    Parameters
    ----------
    lines
        ``order_lines``.
    customers, products
        Their numbers ``customer`` and ``product``, executed: the engine must know that there are few of them.
    day
        End of the windows.
    """
    seen = _aged(customers_lines(lines, [day]), "ordered_on")
    kept = seen.filter(seen.is_kept & (seen.age <= max(WINDOW_DAYS)))
    bought = kept.join(customers, "customer_id").join(products, "product_id")
    window = _first_window(bought.age, range(len(WINDOW_DAYS)))
    return bought.select(
        purchase=bought.customer * 2**CUSTOMER_SHIFT + bought.product * 2**PRODUCT_SHIFT + window
    )


def _first_window(age: ir.IntegerValue, names: Sequence[int]) -> ir.Value:
    """Name the shortest window that holds an age; what lies before all windows has none."""
    return ibis.cases(*((age <= n, name) for n, name in zip(WINDOW_DAYS, names, strict=True)))


def _rhythm(lines: ir.Table, days: Sequence[date]) -> ir.Table:
    """Count orders by window and sum up the gaps between order days."""
    ordered = _aged(order_days(lines, days), "ordered_on")
    return ordered.group_by(*_CUSTOMER).aggregate(
        age_first=ordered.age.max(),
        age_last=ordered.age.min(),
        n_gaps=ordered.gap_days.count(),
        longest_gap_days=ordered.gap_days.max(),
        n_order_days_364d=ordered.count(where=ordered.age <= _YEAR),
        gap_days_squared=(ordered.gap_days * ordered.gap_days).sum(),
        **{f"n_orders_{n}d": ordered.n_orders.sum(where=ordered.age <= n).fill_null(0) for n in WINDOW_DAYS},
    )


def _money(lines: ir.Table, days: Sequence[date]) -> ir.Table:
    """Sum up money and lines by customer and shortest window that holds them, then by window."""
    seen = _aged(customers_lines(lines, days), "ordered_on")
    dated = seen.mutate(window=_first_window(seen.age, WINDOW_DAYS))
    sums = dated.group_by(*_CUSTOMER, "window").aggregate(
        revenue=dated.net_revenue.sum(),
        kept_revenue=dated.net_revenue.sum(where=dated.is_kept),
        discount=dated.discount.sum(where=dated.is_kept),
        n_lines=dated.is_kept.sum(),
    )
    windows = {
        f"{name}_{n}d": sums[name].sum(where=sums.window <= n).fill_null(0)
        for name in ("revenue", "kept_revenue", "discount", "n_lines")
        for n in WINDOW_DAYS
    }
    return sums.group_by(*_CUSTOMER).aggregate(
        has_revenue=sums.revenue.count() > 0, has_discount=sums.discount.count() > 0, **windows
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
        longest_gap_days=drawn.longest_gap_days,
        n_order_days_364d=drawn.n_order_days_364d,
        trend=_trend(drawn),
        **_year(drawn),
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


def _year(drawn: ir.Table) -> dict[str, ir.Value]:
    """Say what a usual order of the last year brings, how recent the year's revenue is, and how much is bought again."""
    revenue = ibis.ifelse(drawn.has_revenue, drawn.revenue_364d, ibis.null()).cast("float64")
    return {
        "mean_order_revenue_364d": revenue / drawn.n_orders_364d.nullif(0),
        "recent_revenue_share": ibis.ifelse(
            revenue > 0, drawn.revenue_30d.cast("float64") / revenue, ibis.null("float64")
        ),
        "repeat_line_share_364d": 1 - drawn.n_products_364d.fill_null(0) / drawn.n_lines_364d.nullif(0),
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
