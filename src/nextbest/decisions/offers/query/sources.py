"""Candidates by source: one row per customer and product, the likeliest first.

``has`` is always the table from ``nextbest.models.ladders.owned``: customer_id, product_id, n_orders, first_on, last_on.
``goods`` is from ``catalogue``, ``popular`` from ``popularity``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import ibis
import ibis.expr.types as ir

from nextbest.decisions.offers.spec import OfferSettings

_MOST_OF_A_SOURCE = 20
_LEAST_BUYERS = 10
"""Known customers who must have bought a new arrival."""
COLUMNS: Final = {
    "customer_id": "string",
    "product_id": "string",
    "source": "string",
    "place": "int64",
    "reason_code": "string",
    "rule_id": "string",
    "because_id": "string",
    "because": "string",
    "probability": "float64",
    "n_orders": "int64",
    "since_days": "float64",
    "gap_days": "float64",
    "strength": "float64",
    "segment": "string",
}


def _candidates(rows: ir.Table, source: str, **columns: Any) -> ir.Table:
    """Give every source the same columns, null where it knows nothing."""
    known = rows.mutate(source=ibis.literal(source), **columns)
    return known.select(
        **{
            name: known[name].cast(kind) if name in known.columns else ibis.null(kind)
            for name, kind in COLUMNS.items()
        }
    )


def _first_per_customer(rows: ir.Table, order: Sequence[ir.Value], most: int = _MOST_OF_A_SOURCE) -> ir.Table:
    """Keep the first rows of each customer, numbered."""
    own = ibis.window(group_by=rows.customer_id, order_by=[*order, rows.product_id])
    return rows.mutate(place=ibis.row_number().over(own) + 1).filter(ibis._.place <= most)


def recommended(recommendations: ir.Table, has: ir.Table) -> ir.Table:
    """Take the two lists of *recommend*; "because you bought" only for those who bought it."""
    at_product = recommendations.filter(recommendations.level == "product")
    bought = has.select("customer_id", because_id="product_id", is_had=ibis.literal(True))
    joined = at_product.left_join(bought, ["customer_id", "because_id"])
    kept = joined.filter(joined.because_id.isnull() | joined.is_had.notnull())
    named = kept.select(
        *(name for name in COLUMNS if name in kept.columns), place="rank", list=kept["list"]
    ).mutate(source=ibis.ifelse(ibis._["list"] == "repeat", "repeat", "discover"))
    return named.select(
        **{
            name: named[name].cast(kind) if name in named.columns else ibis.null(kind)
            for name, kind in COLUMNS.items()
        }
    )


def head_products(rules: ir.Table, goods: ir.Table, popular: ir.Table) -> ir.Table:
    """Say which product each rule's head stands for: itself, or the most bought of a category or department.

    Returns
    -------
    rule_id, product_id, body, size_lift, origin, n_recent.
    """
    is_open = goods.is_active & ~goods.is_never & ~goods.is_fading
    known = goods.left_join(popular, "product_id").select(
        "product_id", "category", "department", is_open=is_open, n_recent=ibis._.n_recent.fill_null(0)
    )
    tables = [known.select("product_id", "n_recent", level=ibis.literal("product"), item=known.product_id)]
    for level in ("category", "department"):
        most = ibis.window(group_by=level, order_by=[known.n_recent.desc(), known.product_id])
        open_ = known.filter(known[level].notnull(), known.is_open)
        first = open_.mutate(place=ibis.row_number().over(most)).filter(ibis._.place == 0)
        tables.append(first.select("product_id", "n_recent", level=ibis.literal(level), item=first[level]))
    heads = ibis.union(*tables)
    joined = rules.inner_join(heads, [rules.level == heads.level, rules.head_id == heads.item])
    return joined.select("rule_id", "product_id", "body", "size_lift", "origin", "n_recent")


def ruled(audience: ir.Table, heads: ir.Table, has: ir.Table) -> ir.Table:
    """Take who has a rule's body and lacks its head.

    Rules are put in order by ``size_lift`` times the head's recent buyers: their confidence takes no part.

    Parameters
    ----------
    audience
        customer_id, rule_id.
    heads
        From :func:`head_products`.
    """
    buyers = has.select("customer_id").distinct()
    lacking = audience.semi_join(buyers, "customer_id").select("customer_id", "rule_id")
    rows = lacking.inner_join(heads, "rule_id").mutate(lift=ibis._.size_lift.fill_null(1.0))
    best = ibis.window(
        group_by=[rows.customer_id, rows.product_id],
        order_by=[(rows.origin == "written").desc(), rows.lift.desc(), rows.rule_id],
    )
    one = rows.mutate(nth=ibis.row_number().over(best)).filter(ibis._.nth == 0)
    first = _first_per_customer(one, [(one.lift * one.n_recent).desc()])
    code = ibis.ifelse(first.origin == "written", "written_rule", "rule")
    # Bodies name products by name and id where names repeat; people read the name.
    because = first.body.re_replace(r" \(\d{5,}\)", "")
    return _candidates(first, "rule", reason_code=code, because=because, strength=first.size_lift)


def upgrades(ladders: ir.Table, has: ir.Table) -> ir.Table:
    """Take the better versions of what customers have and lack: of what they buy most often first."""
    steps = ladders.filter(ladders.is_supported).select(
        "product_id", "upgrade_id", "share_stepped", reason_code=ladders["source"]
    )
    rows = has.inner_join(steps, "product_id").select(
        "customer_id",
        "reason_code",
        "last_on",
        product_id=steps.upgrade_id,
        because_id=has.product_id,
        n_had=has.n_orders,
        strength=steps.share_stepped,
    )
    lacking = rows.anti_join(has, ["customer_id", "product_id"])
    most = [lacking.n_had.desc(), lacking.last_on.desc(nulls_first=False), lacking.because_id]
    best = ibis.window(group_by=[lacking.customer_id, lacking.product_id], order_by=most)
    one = lacking.mutate(nth=ibis.row_number().over(best)).filter(ibis._.nth == 0)
    return _candidates(
        _first_per_customer(one, [one.n_had.desc(), one.last_on.desc(nulls_first=False)]), "upgrade"
    )


def overused(holdings: ir.Table, ladders: ir.Table, as_of: date | None, settings: OfferSettings) -> ir.Table:
    """Take the better versions of what is used beyond its allowance, by the last month seen."""
    known = holdings.filter(holdings.allowance > 0, holdings.usage.notnull())
    since = ibis.coalesce(known.seen_on, known.opened_on)
    if as_of is not None:
        day = ibis.date(as_of)
        known = known.filter(
            (since < day).fill_null(True), known.closed_on.isnull() | (known.closed_on >= day)
        )
    else:
        known = known.filter(known.closed_on.isnull())
    last = ibis.window(
        group_by=["customer_id", "product_id"],
        order_by=[
            known.seen_on.desc(nulls_first=False),
            known.opened_on.desc(nulls_first=False),
            known.usage,
        ],
    )
    now = known.mutate(nth=ibis.row_number().over(last)).filter(ibis._.nth == 0)
    over = now.mutate(strength=now.usage / now.allowance).filter(ibis._.strength >= settings.overused_from)
    steps = ladders.select("product_id", "upgrade_id")
    rows = over.inner_join(steps, "product_id").select(
        "customer_id", "strength", product_id=steps.upgrade_id, because_id=over.product_id
    )
    best = ibis.window(
        group_by=["customer_id", "product_id"], order_by=[rows.strength.desc(), rows.because_id]
    )
    one = rows.mutate(nth=ibis.row_number().over(best)).filter(ibis._.nth == 0)
    return _candidates(
        _first_per_customer(one, [one.strength.desc()]), "overused", reason_code=ibis.literal("overused")
    )


def looked(
    events: ir.Table, has: ir.Table, goods: ir.Table, as_of: date, settings: OfferSettings
) -> ir.Table:
    """Take the most viewed product of each category that was looked at again and again, with nothing of it bought."""
    start = ibis.date(as_of - timedelta(days=settings.horizon_days))
    day = events.occurred_at.date()
    views = events.filter(
        events.customer_id.notnull(),
        events.type.lower().contains("view"),
        day >= start,
        day < ibis.date(as_of),
    )
    groups = goods.filter(goods.category.notnull()).select("product_id", "category")
    seen = views.inner_join(groups, "product_id").group_by("customer_id", "category", "product_id")
    counted = seen.aggregate(n_views=ibis._.count())
    of_category = ibis.window(group_by=["customer_id", "category"])
    most = of_category.order_by([counted.n_views.desc(), counted.product_id])
    ranked = counted.mutate(
        strength=counted.n_views.sum().over(of_category), nth=ibis.row_number().over(most)
    )
    often = ranked.filter(ranked.nth == 0, ranked.strength >= settings.looks)
    bought = has.filter(has.last_on >= start).inner_join(groups, "product_id")
    rows = often.anti_join(bought, ["customer_id", "category"])
    first = _first_per_customer(rows, [rows.strength.desc()])
    return _candidates(first, "looked", reason_code=ibis.literal("looked"), because=first.category)


def new_arrivals(
    has: ir.Table, goods: ir.Table, popular: ir.Table, as_of: date, settings: OfferSettings
) -> ir.Table:
    """Take what came into the shop of late, in the categories a customer buys and lacking to them."""
    start = ibis.date(as_of - timedelta(days=settings.new_days))
    sold = has.group_by("product_id").aggregate(first_on=has.first_on.min())
    opened = has.first_on.min().as_scalar()
    is_old_shop = opened < ibis.date(as_of - timedelta(days=2 * settings.new_days))
    shown = goods.filter(goods.category.notnull(), ~goods.is_never, ~goods.is_fading)
    known = shown.inner_join(sold, "product_id")
    on_sale = known.launched_on.fill_null(known.first_on)
    is_new = (on_sale >= start) & (known.launched_on.notnull() | is_old_shop)
    fresh = known.filter(is_new).inner_join(popular, "product_id").filter(ibis._.n_recent >= _LEAST_BUYERS)
    most = ibis.window(group_by="category", order_by=[fresh.n_recent.desc(), fresh.product_id])
    first = fresh.mutate(nth=ibis.row_number().over(most)).filter(ibis._.nth == 0)
    chosen = first.select("product_id", "category", strength="n_recent")
    buys = has.inner_join(goods.select("product_id", "category"), "product_id")
    rows = buys.select("customer_id", "category").distinct().inner_join(chosen, "category")
    lacking = rows.anti_join(has, ["customer_id", "product_id"])
    placed = _first_per_customer(lacking, [lacking.strength.desc()])
    return _candidates(
        placed, "new_arrival", reason_code=ibis.literal("new_arrival"), because=placed.category
    )


def best_sellers(has: ir.Table, popular: ir.Table) -> ir.Table:
    """Take what most customers bought of late and a customer lacks."""
    first = popular.order_by([popular.n_recent.desc(), popular.product_id]).limit(_MOST_OF_A_SOURCE)
    customers = has.select("customer_id").distinct()
    rows = customers.cross_join(first.select("product_id", strength="n_recent"))
    lacking = rows.anti_join(has, ["customer_id", "product_id"])
    return _candidates(
        _first_per_customer(lacking, [lacking.strength.desc()]),
        "bestseller",
        reason_code=ibis.literal("bestseller"),
    )
