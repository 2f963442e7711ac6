"""What the page needs of tables that are too long to read whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import ibis
import ibis.expr.types as ir

from nextbest.advice.report.spec import FIRST_SCORES, LADDER_STEPS, OFFER_EXAMPLES, OFFER_REACH

_EXAMPLES: Final = 30
"""Offers per kind among which examples are looked for."""
_STEPS: Final = 12
"""Steps up that are drawn."""
_FIRST: Final = 5
"""Customers per model who are called first."""


def shop_totals(lines: ir.Table) -> ir.Table:
    """Sum up ``order_lines`` as one row of ``SHOP_TOTALS``.

    Postage, fees and samples do not count; lines without an order number do not make an order. Distinct counts go in
    two stages, which is four times as fast on large tables.
    """
    bought = lines.filter(lines.is_product.fill_null(True))

    def n_distinct(name: str) -> ir.IntegerScalar:
        ids = bought.filter(bought[name].notnull()).select(name).distinct()
        return ids.count().as_scalar()

    return bought.aggregate(
        n_orders=n_distinct("order_id"),
        n_customers=n_distinct("customer_id"),
        n_products=n_distinct("product_id"),
        n_lines=bought.count(),
        revenue_total=bought.net_revenue.sum(),
        first_on=bought.ordered_on.min(),
        last_on=bought.ordered_on.max(),
    )


def offer_kinds(offers: ir.Table) -> ir.Table:
    """Sum up ``next_best_offers`` by kind."""
    return offers.group_by("kind").aggregate(
        n_offers=offers.count(),
        n_customers=offers.customer_id.nunique(),
        probability=offers.probability.mean(),
        expected_profit=offers.expected_profit.mean(),
        incremental_profit=offers.incremental_profit.mean(),
        # assumed < category_default < given: the first by name is the weakest
        margin_source=offers.margin_source.min(),
        n_tested=offers.incremental_profit.count(),
    )


def offer_examples(offers: ir.Table) -> ir.Table:
    """Take the offers of each kind with most expected profit, one a product."""
    order = [
        offers.expected_profit.desc(nulls_first=False),
        offers.probability.desc(nulls_first=False),
        offers.customer_id,
        offers.product_id,
    ]
    of_product = ibis.window(group_by=["kind", "product_id"], order_by=order)
    best = offers.mutate(place=ibis.row_number().over(of_product)).filter(ibis._.place == 0)
    of_kind = ibis.window(
        group_by="kind",
        order_by=[
            best.expected_profit.desc(nulls_first=False),
            best.probability.desc(nulls_first=False),
            best.customer_id,
            best.product_id,
        ],
    )
    placed = best.mutate(place=ibis.row_number().over(of_kind))
    return placed.filter(placed.place < _EXAMPLES).select(*OFFER_EXAMPLES.names)


def offer_reach(candidates: ir.Table) -> ir.Table:
    """Count candidates of ``offer_candidates``, and the customers who got an offer."""
    served = _by_customer(candidates)
    reach = served.aggregate(
        n_candidates=served.n_candidates.sum(),
        n_offered=served.n_offered.sum(),
        n_customers=served.count(),
        n_served=(served.n_offered > 0).sum(),
    )
    return reach.select(*OFFER_REACH.names)


def offer_unserved(candidates: ir.Table) -> ir.Table:
    """Count, by reason, the customers who have candidates and no offer."""
    served = _by_customer(candidates)
    unserved = candidates.semi_join(served.filter(served.n_offered == 0), "customer_id")
    return unserved.group_by(reason="stage").aggregate(n_customers=unserved.customer_id.nunique())


def _by_customer(candidates: ir.Table) -> ir.Table:
    return candidates.group_by("customer_id").aggregate(
        n_candidates=candidates.count(), n_offered=(candidates.stage == "offered").sum()
    )


def ladder_steps(ladders: ir.Table) -> ir.Table:
    """Take the steps of ``ladders`` that customers were seen to take, furthest above chance first, then given ones."""
    seen = ladders.filter(ladders.is_supported)
    order = [
        (seen.n_stepped / seen.expected_stepped).desc(nulls_first=False),
        seen.n_stepped.desc(nulls_first=False),
        seen.product_id,
        seen.upgrade_id,
    ]
    placed = seen.mutate(place=ibis.row_number().over(ibis.window(order_by=order)), n_steps=seen.count())
    return placed.filter(placed.place < _STEPS).select(*LADDER_STEPS.names)


def first_scores(scores: ir.Table) -> ir.Table:
    """Take each model's first customers of ``propensity_scores``."""
    return scores.filter(scores["rank"] <= _FIRST).select(*FIRST_SCORES.names)


def scored_customers(scores: ir.Table) -> ir.Table:
    """Count the customers each model scored."""
    return scores.group_by("model_id").aggregate(
        n_customers=scores.count(), propensity=scores.propensity.mean()
    )


def campaign_consents(audience: ir.Table) -> ir.Table:
    """Count the customers of ``campaign_audience`` by group and state of their consent."""
    return audience.group_by("campaign_id", "group", "consent").aggregate(n_customers=audience.count())


DIGESTS: Final[Mapping[str, tuple[str, Callable[[ir.Table], ir.Table]]]] = {
    "shop_totals": ("order_lines", shop_totals),
    "offer_kinds": ("next_best_offers", offer_kinds),
    "offer_examples": ("next_best_offers", offer_examples),
    "offer_reach": ("offer_candidates", offer_reach),
    "offer_unserved": ("offer_candidates", offer_unserved),
    "ladder_steps": ("ladders", ladder_steps),
    "campaign_consents": ("campaign_audience", campaign_consents),
    "first_scores": ("propensity_scores", first_scores),
    "scored_customers": ("propensity_scores", scored_customers),
}
"""Short tables that the page is written from: the long table behind each, and how it is summed up."""
