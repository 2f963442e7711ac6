"""Offers: what each customer should be offered next, why, what it is worth, and what was ruled out by what."""

from __future__ import annotations

from typing import Final

from nextbest.base.capability import Capability
from nextbest.decisions.offers.spec.results import (
    Funnel,
    KindTotals,
    OfferTotals,
    Promises,
)
from nextbest.decisions.offers.spec.settings import (
    BEYOND_LIMIT,
    GUARDRAILS,
    KINDS,
    OFFERED,
    PLACES,
    REASON_VALUES,
    REASONS,
    SHOP_SOURCES,
    SOURCES,
    OfferSettings,
)
from nextbest.decisions.offers.spec.tables import (
    EVERY_KIND,
    NEXT_BEST_OFFERS,
    OFFER_CALIBRATION,
    OFFER_CANDIDATES,
    OFFER_EXCLUSIONS,
)

__all__ = [
    "BEYOND_LIMIT",
    "CARD",
    "EVERY_KIND",
    "GUARDRAILS",
    "KINDS",
    "NEXT_BEST_OFFERS",
    "OFFERED",
    "OFFER_CALIBRATION",
    "OFFER_CANDIDATES",
    "OFFER_EXCLUSIONS",
    "PLACES",
    "REASONS",
    "REASON_VALUES",
    "SHOP_SOURCES",
    "SOURCES",
    "Funnel",
    "KindTotals",
    "OfferSettings",
    "OfferTotals",
    "Promises",
]

CARD: Final = Capability(
    name="offers",
    question="What should each customer be offered next, why, and what is it worth?",
    recipe="nextbest.decisions.offers.run:run",
    settings=OfferSettings,
    writes=(NEXT_BEST_OFFERS, OFFER_CANDIDATES, OFFER_EXCLUSIONS, OFFER_CALIBRATION),
    requires=(
        "recommendations.customer_id",
        "order_lines.customer_id | holdings.customer_id",
    ),
    uses=(
        "earlier_recommendations",
        "products",
        "customers",
        "product_profiles",
        "rules",
        "audiences",
        "ladders",
        "head_profit",
        "reviews",
        "events",
        "holdings",
        "stock",
        "propensity_scores",
        "propensity_models",
        "propensity_windows",
    ),
)
