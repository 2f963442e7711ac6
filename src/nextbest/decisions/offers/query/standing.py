"""How a product stands: hardly bought any more, rarely bought again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir

_NOW_DAYS: Final = 7
_DOUBT: Final = 4
"""Customers' worth of doubt that a product sells like the rest of the shop."""
_SMALL: Final = 0.25
_CERTAIN: Final = 5
"""Purchases expected in the window, by a product's whole life, from which none at all means that it is over."""


def fading(has: ir.Table, as_of: date, recent_days: int) -> ir.Table:
    """List the products whose season is over or that nobody buys any more: product_id, is_fading.

    A product fades if the last week holds less than a quarter of what it would by the shop's own week, both after the last
    ``recent_days`` and over the product's whole life; or if nobody bought it in these days although its whole life leads to
    expect five purchases or more.

    Parameters
    ----------
    has
        From ``nextbest.models.ladders.owned``.
    """
    counted = _counted(has, as_of, recent_days)
    shop = counted.aggregate(
        all_now=counted.n_now.sum(),
        all_recent=counted.n_recent.sum(),
        all_usual=counted.per_day.cast("decimal(38, 12)").sum().cast("float64"),
    )
    rows = counted.cross_join(shop)
    week = rows.all_now / rows.all_recent.nullif(0)
    is_below_month = rows.n_now + _DOUBT * week < _SMALL * week * (rows.n_recent + _DOUBT)
    is_below_life = rows.n_now < _SMALL * rows.per_day / rows.all_usual.nullif(0) * rows.all_now
    expected = rows.per_day / rows.all_usual.nullif(0) * rows.all_recent
    is_over = (rows.n_recent == 0) & (expected >= _CERTAIN)
    return rows.select("product_id", is_fading=((is_below_month & is_below_life) | is_over).fill_null(False))


def _counted(has: ir.Table, as_of: date, recent_days: int) -> ir.Table:
    """Count, per product, customers of the last week and of the last ``recent_days``, and orders per day of its life."""
    day = ibis.date(as_of)
    totals = has.group_by("product_id").aggregate(
        n_now=(has.last_on >= ibis.date(as_of - timedelta(days=_NOW_DAYS))).fill_null(False).sum(),
        n_recent=(has.last_on >= ibis.date(as_of - timedelta(days=recent_days))).fill_null(False).sum(),
        n_orders=has.n_orders.sum(),
        first_on=has.first_on.min(),
    )
    days = day.delta(totals.first_on, unit="day")
    return totals.mutate(per_day=(totals.n_orders / ibis.greatest(days, recent_days)).round(12))


def bought_again(profiles: ir.Table) -> ir.Table:
    """Say how often a product is bought again, beside the shop as a whole: product_id, again_ratio.

    ``repeat_rate`` of products that few bought leans on their category's, with the weight of twenty customers.
    """
    rows = profiles.select("product_id", "category", "n_customers", "repeat_rate").filter(
        profiles.n_customers > 0, profiles.repeat_rate.notnull()
    )
    n_again = (rows.repeat_rate * rows.n_customers).round().cast("int64")
    counted = rows.mutate(n_again=n_again)
    of_category = ibis.window(group_by="category")
    share = counted.n_again.sum().over(of_category) / counted.n_customers.sum().over(of_category)
    own = (counted.n_again + 20 * share) / (counted.n_customers + 20)
    shop = counted.n_again.sum().over(ibis.window()) / counted.n_customers.sum().over(ibis.window())
    return counted.select("product_id", again_ratio=own / shop.nullif(0))
