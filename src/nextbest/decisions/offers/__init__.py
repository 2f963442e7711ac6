"""Offers: what each customer should be offered next, why, what it is worth, and what was ruled out by what.

Reads ``recommendations``, ``ladders``, ``audiences`` and ``rules``, ``product_profiles``, ``events``, ``stock`` and what
customers bought or hold; writes ``next_best_offers``, ``offer_candidates`` and ``offer_exclusions``. ``explain_offers``
turns one customer's candidates into the whole funnel, in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.decisions.offers.spec import (
    CARD,
    KINDS,
    NEXT_BEST_OFFERS,
    OFFER_CANDIDATES,
    OFFER_EXCLUSIONS,
    OFFERED,
    PLACES,
    REASONS,
    Funnel,
    OfferSettings,
)

if TYPE_CHECKING:
    from nextbest.decisions.offers.words import explain_offers

__all__ = [
    "CARD",
    "KINDS",
    "NEXT_BEST_OFFERS",
    "OFFERED",
    "OFFER_CANDIDATES",
    "OFFER_EXCLUSIONS",
    "PLACES",
    "REASONS",
    "Funnel",
    "OfferSettings",
    "explain_offers",
]


def __getattr__(name: str) -> Any:
    if name == "explain_offers":
        from nextbest.decisions.offers.words import explain_offers

        return explain_offers
    raise AttributeError(name)
