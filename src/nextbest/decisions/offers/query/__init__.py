"""Which candidates each customer has, and what is known of customer and product: lazy tables, never executed here."""

from nextbest.decisions.offers.query.facts import (
    catalogue,
    customer_facts,
    every_customer,
    popularity,
    sampled,
    sizes,
    with_facts,
    within,
)
from nextbest.decisions.offers.query.pool import pool
from nextbest.decisions.offers.query.propensities import (
    category_shares,
    current_models,
    with_propensities,
)
from nextbest.decisions.offers.query.sources import (
    best_sellers,
    head_products,
    looked,
    new_arrivals,
    overused,
    recommended,
    ruled,
    upgrades,
)

__all__ = [
    "best_sellers",
    "catalogue",
    "category_shares",
    "current_models",
    "customer_facts",
    "every_customer",
    "head_products",
    "looked",
    "new_arrivals",
    "overused",
    "pool",
    "popularity",
    "recommended",
    "ruled",
    "sampled",
    "sizes",
    "upgrades",
    "with_facts",
    "with_propensities",
    "within",
]
