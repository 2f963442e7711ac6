"""What is found about offers before it is put into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from nextbest.base.messages import Message


@dataclass(frozen=True, slots=True)
class OfferTotals:
    """What was offered to how many, and what the data did not give."""

    n_customers: int
    """Customers with at least one offer."""
    n_none: int
    """Customers with candidates and no offer."""
    n_offers: int
    n_candidates: int
    expected_profit: float | None
    """Of each customer's first offer, added up; null without margins."""
    margin_source: str | None
    """The weakest source among them."""
    n_without_margin: int
    n_without_probability: int


@dataclass(frozen=True, slots=True)
class Promises:
    """What the offers of one horizon ago promised in purchases, and what came."""

    n_offers: int
    promised: float
    n_bought: int
    low: float
    """Lower end of the 95 % interval of what came."""
    high: float
    starts_on: date
    """Day they were drawn up for."""


@dataclass(frozen=True, slots=True)
class KindTotals:
    """Offers of one kind, with the one that reads best."""

    kind: str
    n_offers: int
    n_customers: int
    customer_id: str
    product: str
    because: str | None
    """What they have that points there."""
    n_orders: int
    """Of the customer with the product."""
    since_days: float | None
    """Since the customer last bought it."""
    probability: float | None


@dataclass(frozen=True, slots=True)
class Funnel:
    """One customer's candidates, each with the stage that ruled it out."""

    offers: Sequence[Mapping[str, Any]]
    """Rows of ``offer_candidates`` that are offered, by rank."""
    ruled_out: Mapping[str, Sequence[Mapping[str, Any]]]
    """The others by stage, in the order in which the stages are asked."""
    sentences: Sequence[Message]
    """All of it in words: what is offered and why, then what was ruled out by what."""
