"""Counts, prices and margins of every product as of each day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir

from nextbest.profiles.products.spec import ProductProfileSettings
from nextbest.profiles.query import seen_lines

_MONEY = "decimal(18, 4)"
_KNOWN: Final = 0.5
"""From this share of products on that have names, a shop is taken to name its products."""


def product_profiles(
    lines: ir.Table, products: ir.Table, days: Sequence[date], settings: ProductProfileSettings
) -> ir.Table:
    """Draw up every product that somebody bought and kept before each day.

    Guests count in orders, units and money; customers are the known ones.

    Parameters
    ----------
    lines
        ``order_lines``.
    products
        ``products``; may be empty.
    days
        Days at which the profile is drawn up.
    settings
        Margins where the data give none.
    """
    seen = seen_lines(lines, days)
    known = products.select("product_id", "name", "category", "department", list_cost="unit_cost")
    sold = (
        _sales(seen, known)
        .left_join(_buyers(seen), ["as_of", "product_id"])
        .drop(ibis.selectors.endswith("_right"))
    )
    named = sold.left_join(known.drop("list_cost"), "product_id").drop("product_id_right")
    shop = _customers_of_the_shop(seen)
    return _profile(named.left_join(shop, "as_of").drop("as_of_right"), settings)


def margin_totals(profiles: ir.Table, day: date) -> ir.Table:
    """Add up products and revenue by where their margin comes from."""
    on_day = profiles.filter(profiles.as_of == ibis.date(day))
    held = on_day.group_by("margin_source").aggregate(
        n_products=ibis._.count(), revenue=ibis._.revenue_total.sum().fill_null(0)
    )
    return held.select(
        "margin_source",
        "n_products",
        revenue_total=held.revenue.cast("float64"),
        revenue_share=held.revenue.cast("float64") / held.revenue.sum().over().cast("float64").nullif(0),
    )


def _sales(seen: ir.Table, known: ir.Table) -> ir.Table:
    """Sum up each product's lines; sums of decimals do not depend on the order of rows."""
    costed = seen.left_join(known.select("product_id", "list_cost"), "product_id").drop("product_id_right")
    unit_cost = costed.unit_cost.fill_null(costed.list_cost).cast("float64")
    priced = costed.mutate(
        units=costed.quantity.cast(_MONEY), cost=(unit_cost * costed.quantity).cast(_MONEY)
    )
    with_units = priced.is_kept & (priced.units > 0)
    with_cost = priced.is_kept & priced.cost.notnull()
    return priced.group_by("as_of", "product_id").aggregate(
        units=priced.units.sum().cast("float64"),
        revenue_total=priced.net_revenue.sum(),
        kept_revenue=priced.net_revenue.sum(where=priced.is_kept).cast("float64"),
        kept_units=priced.units.sum(where=with_units).cast("float64"),
        revenue_of_units=priced.net_revenue.sum(where=with_units).cast("float64"),
        cost=priced.cost.sum(where=with_cost).cast("float64"),
        revenue_of_cost=priced.net_revenue.sum(where=with_cost).cast("float64"),
    )


def _buyers(seen: ir.Table) -> ir.Table:
    """Count orders and known customers in two stages: by order, then by customer, then by product."""
    kept = seen.filter(seen.is_kept)
    orders = kept.select("as_of", "product_id", "customer_id", "order_id").distinct()
    customers = orders.group_by("as_of", "product_id", "customer_id").aggregate(n_orders=orders.count())
    is_known = customers.customer_id.notnull()
    return customers.group_by("as_of", "product_id").aggregate(
        n_orders=customers.n_orders.sum(),
        n_customers=customers.count(where=is_known),
        n_repeating=customers.count(where=is_known & (customers.n_orders > 1)),
    )


def _customers_of_the_shop(seen: ir.Table) -> ir.Table:
    """Count the known customers who kept anything before each day."""
    kept = seen.filter(seen.is_kept, seen.customer_id.notnull())
    customers = kept.select("as_of", "customer_id").distinct()
    return customers.group_by("as_of").aggregate(n_shop=customers.count())


def _profile(sold: ir.Table, settings: ProductProfileSettings) -> ir.Table:
    """Turn counts and sums into shares, prices and margins."""
    bought = sold.filter(sold.n_orders > 0)
    priced = bought.mutate(mean_price=bought.revenue_of_units / bought.kept_units.nullif(0))
    given = 1 - priced.cost / priced.revenue_of_cost.nullif(0)
    default = _category_default(priced.category, settings)
    margin_share = ibis.coalesce(given, default, settings.assumed_margin_share)
    return priced.select(
        "product_id",
        "as_of",
        "name",
        "category",
        "department",
        "n_orders",
        "n_customers",
        "units",
        revenue_total=priced.revenue_total.cast(_MONEY),
        mean_price=priced.mean_price,
        price_band=_price_band(priced),
        repeat_rate=priced.n_repeating / priced.n_customers.nullif(0),
        penetration=priced.n_customers / priced.n_shop,
        margin_share=margin_share,
        margin_per_order=margin_share * priced.kept_revenue / priced.n_orders,
        margin_source=ibis.cases(
            (given.notnull(), "given"), (default.notnull(), "category_default"), else_="assumed"
        ),
    )


def _category_default(category: ir.StringValue, settings: ProductProfileSettings) -> ir.Value:
    shares = settings.category_margin_share
    return category.cases(*shares.items()) if shares else ibis.null("float64")


def _price_band(priced: ir.Table) -> ir.Value:
    """Give the third of the category's prices; equal prices share a band."""
    is_compared = priced.category.notnull() & priced.mean_price.notnull()
    peers = ibis.window(group_by=[priced.as_of, priced.category, is_compared])
    n_peers = priced.count().over(peers)
    band = 1 + 3 * ibis.rank().over(peers.order_by(priced.mean_price)) // n_peers
    return ibis.ifelse(is_compared & (n_peers > 1), band, ibis.null("int64"))


def never_proposed(goods: ir.Table, words: Sequence[str]) -> ir.BooleanValue:
    """Tell products of which a name, category or department holds one of the words, or that lack a name where others have one.

    Words begin where a word of the text begins, so that "cigarette" finds CIGARETTES and "fuel" no refuelling; words in
    scripts without blanks are found anywhere.
    """
    parts = [goods[name].fill_null("") for name in ("name", "category", "department")]
    text = ibis.literal(" | ").join(parts).lower().re_replace(r"[\s\p{P}]+", " ")
    either = "|".join(re.escape(f" {word.lower()}" if word.isascii() else word) for word in words)
    is_found = (ibis.literal(" ") + text).re_search(either) if words else ibis.literal(False)
    is_named = goods["name"].notnull()
    is_nameless = ~is_named & (is_named.cast("float64").mean().over(ibis.window()) >= _KNOWN)
    return is_nameless | is_found
