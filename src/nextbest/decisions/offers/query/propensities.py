"""Probabilities of purchase from propensity models, where one predicts the candidate's product or its category."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

KINDS = ("product", "category")


def current_models(models: ir.Table, windows: ir.Table, as_of: date, horizon_days: int) -> ir.Table:
    """List the models that predict exactly the horizon from today on: model_id, target, kind; one per target.

    Parameters
    ----------
    models, windows
        ``propensity_models`` and ``propensity_windows``.
    """
    until = ibis.date(as_of + timedelta(days=horizon_days - 1))
    today = windows.filter(
        windows.part == "application",
        windows.outcome_from == ibis.date(as_of),
        windows.outcome_until == until,
    )
    chosen = models.filter(models.is_chosen, models.kind.isin(KINDS)).semi_join(today, "model_id")
    one = ibis.window(group_by=["kind", "target"], order_by="model_id")
    ranked = chosen.mutate(nth=ibis.row_number().over(one)).filter(ibis._.nth == 0)
    return ranked.select("model_id", "target", "kind")


def category_shares(has: ir.Table, goods: ir.Table, as_of: date, horizon_days: int) -> ir.Table:
    """Say which share of a category's customers of late bought each of its products: product_id, category_share.

    Parameters
    ----------
    has
        From ``nextbest.models.ladders.owned``.
    """
    start = ibis.date(as_of - timedelta(days=horizon_days))
    recent = has.filter((has.last_on >= start).fill_null(False))
    placed = recent.inner_join(
        goods.filter(goods.category.notnull()).select("product_id", "category"), "product_id"
    )
    of_product = placed.group_by("product_id", "category").aggregate(n=placed.count())
    of_category = placed.group_by("category").aggregate(n_all=placed.customer_id.nunique())
    joined = of_product.inner_join(of_category, "category")
    return joined.select("product_id", category_share=joined.n / joined.n_all)


def with_propensities(
    candidates: ir.Table, scores: ir.Table, current: ir.Table, shares: ir.Table, goods: ir.Table
) -> ir.Table:
    """Add what models say of each candidate: product_p, product_model; category_p, category_model.

    ``category_p`` is the category's propensity times the product's share of the category's customers, and only for who has
    had nothing of the category: who has, goes on with what they know, and the share would promise too much.

    Parameters
    ----------
    candidates
        From ``with_facts``.
    scores
        ``propensity_scores``.
    current
        From :func:`current_models`.
    shares
        From :func:`category_shares`.
    """
    said = scores.inner_join(current.select("model_id", "kind"), "model_id")
    of_product = said.filter(said.kind == "product").select(
        "customer_id", product_id="target", product_p="propensity", product_model="model_id"
    )
    of_category = said.filter(said.kind == "category").select(
        "customer_id", category="target", propensity="propensity", category_model="model_id"
    )
    placed = candidates.left_join(of_product, ["customer_id", "product_id"])
    placed = placed.drop("customer_id_right", "product_id_right")
    placed = placed.inner_join(goods.select("product_id", "category"), "product_id")
    placed = placed.left_join(of_category, ["customer_id", "category"]).drop(
        "customer_id_right", "category_right"
    )
    placed = placed.left_join(shares, "product_id").drop("product_id_right")
    is_new = (placed.own_orders == 0) & (placed.category_orders == 0)
    category_p = ibis.ifelse(is_new, placed.propensity * placed.category_share, ibis.null("float64"))
    return placed.mutate(category_p=category_p).drop("category", "propensity", "category_share")
