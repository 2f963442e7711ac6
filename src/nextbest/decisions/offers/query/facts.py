"""What is known of products, of customers, and of a customer and a product together."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from nextbest.decisions.offers.query.standing import bought_again, fading
from nextbest.decisions.offers.spec import OfferSettings
from nextbest.profiles.products import never_proposed


def catalogue(
    has: ir.Table,
    products: ir.Table | None,
    profiles: ir.Table | None,
    stock: ir.Table | None,
    as_of: date | None,
    settings: OfferSettings,
) -> ir.Table:
    """List every product that is known or was bought.

    Returns
    -------
    product_id, name, category, department, is_active, is_replenishable, risk_level, launched_on, is_never, is_fading,
    margin, margin_source, again_ratio, on_hand (null: not counted).
    """
    bought = has.select("product_id").distinct()
    if products is None:
        every = bought.mutate(
            name=ibis.null("string"),
            category=ibis.null("string"),
            department=ibis.null("string"),
            is_active=ibis.null("boolean"),
            is_replenishable=ibis.null("boolean"),
            risk_level=ibis.null("int64"),
            launched_on=ibis.null("date"),
        )
    else:
        facts = products.select(
            "product_id",
            "name",
            "category",
            "department",
            "is_active",
            "is_replenishable",
            "risk_level",
            "launched_on",
        )
        ids = ibis.union(bought, facts.select("product_id"), distinct=True)
        every = ids.left_join(facts, "product_id").drop("product_id_right")
    every = every.mutate(
        name=ibis.coalesce(every.name, every.product_id),
        is_active=every.is_active.fill_null(True),
        is_never=never_proposed(every, settings.never),
    )
    known = _with_margin(_with_season(every, has, as_of, settings), profiles, as_of)
    return _with_stock(known, stock)


def _with_season(every: ir.Table, has: ir.Table, as_of: date | None, settings: OfferSettings) -> ir.Table:
    if as_of is None or settings.offer_fading:
        return every.mutate(is_fading=ibis.literal(False))
    joined = every.left_join(fading(has, as_of, settings.horizon_days), "product_id")
    return joined.drop("product_id_right").mutate(is_fading=joined.is_fading.fill_null(False))


def _with_margin(every: ir.Table, profiles: ir.Table | None, as_of: date | None) -> ir.Table:
    if profiles is None:
        unknown = ibis.null("float64")
        return every.mutate(margin=unknown, margin_source=ibis.null("string"), again_ratio=unknown)
    today = profiles if as_of is None else profiles.filter(profiles.as_of == ibis.date(as_of))
    margins = today.select("product_id", "margin_source", margin="margin_per_order")
    joined = every.left_join(margins, "product_id").drop("product_id_right")
    return joined.left_join(bought_again(today), "product_id").drop("product_id_right")


def _with_stock(every: ir.Table, stock: ir.Table | None) -> ir.Table:
    """Take each store's last count and add the stores up."""
    if stock is None:
        return every.mutate(on_hand=ibis.null("float64"))
    store = stock.store_id if "store_id" in stock.columns else ibis.literal("")
    counted = stock.counted_on if "counted_on" in stock.columns else ibis.null("date")
    rows = stock.select("product_id", on_hand=stock.on_hand.cast("float64"), store=store, counted=counted)
    last = ibis.window(
        group_by=["product_id", "store"], order_by=[rows.counted.desc(nulls_first=False), rows.on_hand]
    )
    now = rows.mutate(nth=ibis.row_number().over(last)).filter(ibis._.nth == 0)
    held = now.group_by("product_id").aggregate(on_hand=now.on_hand.sum())
    return every.left_join(held, "product_id").drop("product_id_right")


def popularity(has: ir.Table, as_of: date | None, recent_days: int) -> ir.Table:
    """Count the known customers who bought each product of late: product_id, n_recent; ever, where there are no days."""
    seen = (
        has
        if as_of is None
        else has.filter((has.last_on >= ibis.date(as_of - timedelta(days=recent_days))).fill_null(True))
    )
    return seen.group_by("product_id").aggregate(n_recent=seen.count())


def customer_facts(has: ir.Table, as_of: date, recent_days: int) -> ir.Table:
    """Sum up each customer: n_products ever, n_recent_products, days since the last purchase."""
    day = ibis.date(as_of)
    recent = (has.last_on >= ibis.date(as_of - timedelta(days=recent_days))).fill_null(False)
    return has.group_by("customer_id").aggregate(
        n_products=has.count(),
        n_recent_products=recent.sum(),
        silence_days=day.delta(has.last_on.max(), unit="day"),
    )


def with_facts(candidates: ir.Table, has: ir.Table, goods: ir.Table, as_of: date | None) -> ir.Table:
    """Add what the customer has of each candidate, of its category and of its name.

    Returns
    -------
    The candidates with own_orders, own_days (since the last purchase; null: never or undated), category_orders,
    n_alike (other products of the same name that the customer has), is_open (may be proposed at all).
    """
    named = has.inner_join(goods.select("product_id", "name", "category"), "product_id")
    since = ibis.null("int64") if as_of is None else ibis.date(as_of).delta(has.last_on, unit="day")
    own = has.select("customer_id", "product_id", own_orders=has.n_orders, own_days=since)
    groups = named.filter(named.category.notnull()).group_by("customer_id", "category")
    of_category = groups.aggregate(category_orders=ibis._.n_orders.sum())
    of_name = named.group_by("customer_id", "name").aggregate(n_of_name=named.count())
    is_open = goods.is_active & ~goods.is_never & ~goods.is_fading
    facts = goods.select("product_id", "name", "category", is_open=is_open)
    known = candidates.inner_join(facts, "product_id")
    joined = known.left_join(own, ["customer_id", "product_id"]).drop("customer_id_right", "product_id_right")
    joined = joined.left_join(of_category, ["customer_id", "category"]).drop(
        "customer_id_right", "category_right"
    )
    joined = joined.left_join(of_name, ["customer_id", "name"]).drop("customer_id_right", "name_right")
    has_it = joined.own_orders.notnull().cast("int64")
    return joined.mutate(
        own_orders=joined.own_orders.fill_null(0),
        category_orders=joined.category_orders.fill_null(0),
        n_alike=joined.n_of_name.fill_null(0) - has_it,
    ).drop("n_of_name", "name", "category")


def sampled(has: ir.Table, every: int, also: ir.Table | None = None) -> ir.Table:
    """Keep each n-th customer, in the order of their ids, and those of some other rows."""
    customers = has.select("customer_id").distinct()
    numbered = customers.mutate(nth=ibis.row_number().over(order_by=customers.customer_id))
    chosen = numbered.filter(numbered.nth % every == 0).select("customer_id")
    return has.semi_join(chosen if also is None else chosen.union(also.select("customer_id")), "customer_id")


def sizes(has: ir.Table, since: date) -> ir.Table:
    """Count customers, and what customers bought on or after a day: n_customers, n_since."""
    return has.aggregate(
        n_customers=has.customer_id.nunique(),
        n_since=(has.last_on >= ibis.date(since)).fill_null(False).sum().fill_null(0),
    )


def bought_since(has: ir.Table, since: date) -> ir.Table:
    """List what customers bought on or after a day: customer_id, product_id, n_since (orders with it, ever)."""
    bought = has.filter((has.last_on >= ibis.date(since)).fill_null(False))
    return bought.select("customer_id", "product_id", n_since="n_orders")


def with_margins_of(goods: ir.Table, other: ir.Table) -> ir.Table:
    """Take margins, and how often products are bought again, from the catalogue of another day."""
    names = ("margin", "margin_source", "again_ratio")
    joined = goods.drop(*names).left_join(other.select("product_id", *names), "product_id")
    return joined.drop("product_id_right")


def of_customers(has: ir.Table, rows: ir.Table) -> ir.Table:
    """Keep the customers of some rows."""
    return has.semi_join(rows, "customer_id")


def drawn_up_on(earlier: ir.Table, day: date) -> ir.Table:
    """Keep the lists of a day."""
    return earlier.filter(earlier.starts_on == ibis.date(day)).drop("starts_on")


def within(rows: ir.Table, first: str, last: str) -> ir.Table:
    """Keep the customers from one id to another, both included."""
    return rows.filter(rows.customer_id.between(first, last))


def every_customer(has: ir.Table, recommendations: ir.Table) -> ir.Table:
    """List the customers who have something or were recommended something, in the order of their ids."""
    both = ibis.union(has.select("customer_id"), recommendations.select("customer_id"), distinct=True)
    return both.order_by("customer_id")
