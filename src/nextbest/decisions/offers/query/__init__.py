"""Which candidates each customer has, and what is known of customer and product: lazy tables, never executed here."""

from nextbest.decisions.offers.query.facts import (
    bought_since,
    catalogue,
    customer_facts,
    drawn_up_on,
    every_customer,
    of_customers,
    popularity,
    sampled,
    sizes,
    with_facts,
    with_margins_of,
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
    "bought_since",
    "catalogue",
    "category_shares",
    "current_models",
    "customer_facts",
    "drawn_up_on",
    "every_customer",
    "head_products",
    "looked",
    "new_arrivals",
    "of_customers",
    "overused",
    "pool",
    "popularity",
    "recommended",
    "ruled",
    "sampled",
    "sizes",
    "upgrades",
    "with_facts",
    "with_margins_of",
    "with_propensities",
    "within",
]
