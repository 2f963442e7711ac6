"""Offers: what each customer should be offered next, why, what it is worth, and what was ruled out by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.base.messages import Message
from nextbest.base.settings import Settings
from nextbest.profiles.products import NEVER


def _several(typed: Any) -> Any:
    """Let ``a, b`` stand for a list."""
    if not isinstance(typed, str):
        return typed
    return tuple(word.strip() for word in typed.split(",") if word.strip())


Words = Annotated[tuple[str, ...], BeforeValidator(_several)]

SOURCES: Final = ("repeat", "overused", "upgrade", "rule", "looked", "discover", "new_arrival", "bestseller")
"""Where candidates come from; of several sources of one product, the first gives kind and reason."""

SHOP_SOURCES: Final = ("upgrade", "rule", "new_arrival", "bestseller")
"""Sources that can be drawn up as of any day, so that probabilities can be learnt from what followed."""

KINDS: Final[Mapping[str, str]] = {
    "repeat": "replenish",
    "overused": "up_sell",
    "upgrade": "up_sell",
    "rule": "cross_sell",
    "looked": "discover",
    "discover": "discover",
    "new_arrival": "discover",
    "bestseller": "discover",
}

GUARDRAILS: Final = (
    "rejected_rule",
    "losing_rule",
    "inactive",
    "never",
    "out_of_stock",
    "fading",
    "under_margin_floor",
    "risk_too_high",
    "just_bought",
    "rarely_again",
    "already_has",
    "has_alike",
)
"""What may forbid a candidate by itself, in the order in which it is asked; the first that does is the reason."""

PLACES: Final = ("too_weak", "same_name", "category_full", "kind_full", "list_full")
"""What may leave a permitted candidate without a place in the list."""

OFFERED: Final = "offered"
BEYOND_LIMIT: Final = "beyond_limit"

REASONS: Final = (
    "rhythm",
    "often",
    "once",
    "because",
    "popular",
    "fresh",
    "fresh_segment",
    "overused",
    "given",
    "next_band",
    "rule",
    "written_rule",
    "looked",
    "new_arrival",
    "bestseller",
)
"""Why a product is a candidate; ``offers.reason.<code>`` holds the sentence."""

REASON_VALUES: Final = ("product", "because", "n_orders", "since_days", "gap_days", "strength", "segment")
"""What the sentences may name."""


class OfferSettings(Settings):
    """Where candidates come from, what forbids them, and how many are offered."""

    max_offers: Annotated[int, Field(ge=1, le=100)] = 10
    """Offers per customer."""
    max_per_category: Annotated[int, Field(ge=1)] = 2
    """Offers of one category per customer."""
    max_per_kind: Annotated[int, Field(ge=1)] = 4
    """Offers of one kind (cross_sell, up_sell, replenish, discover) per customer."""
    max_candidates: Annotated[int, Field(ge=1, le=1000)] = 40
    """Candidates per customer that are looked at."""
    horizon_days: Annotated[int, Field(ge=1)] = 28
    """``probability``: the customer buys the product within this many days; keep it equal to recommend.horizon_days."""
    just_bought_days: Annotated[int, Field(ge=0)] = 14
    """What was bought less than this many days ago is not offered, unless it is used up by then."""
    due_from: Annotated[float, Field(ge=0)] = 0.75
    """A product that is bought again and again is due from this share of the customer's usual days between purchases."""
    margin_floor: float = 0.0
    """Least margin per order, in the shop's currency; products of unknown margin pass."""
    never: Words = NEVER
    """Never offered: products whose name, category or department holds one of these words. A list of your own replaces it."""
    offer_fading: bool = False
    """Offer what hardly anybody buys any more: the season is over, or it is no longer sold."""
    weak_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Offers less than this share as likely as the customer's likeliest one that is new to them are left out."""
    least_profit: float = 0.01
    """Offers expected to bring less than this, in the shop's currency, are left out; those of unknown worth stay."""
    again_days: Annotated[int, Field(ge=1)] = 180
    """What a customer bought once, longer ago than this, is not offered again."""
    again_from: Annotated[float, Field(ge=0)] = 0.25
    """What a customer bought once is offered again if it is bought again by at least this share of the customers who buy the shop's products again on average."""
    offer_alike: bool = False
    """Offer a product that is new to the customer although they have another one of the same name."""
    leave_out_losing: bool = False
    """Leave out rules after whose head customers' profit fell (table head_profit)."""
    new_days: Annotated[int, Field(ge=1)] = 56
    """A product is a new arrival for this many days."""
    looks: Annotated[int, Field(ge=1)] = 3
    """Views of a category's products within ``horizon_days``, with nothing of it bought, that make a candidate."""
    overused_from: Annotated[float, Field(gt=0)] = 1.0
    """Usage over allowance from which the better version is a candidate."""


_CUSTOMER = Column("customer_id", "string", "key of the customer", required=True)
_PRODUCT = Column("product_id", "string", "what is proposed", required=True)
_WORTH: Final = (
    Column(
        "probability",
        "float64",
        "the customer buys it within horizon_days, with or without the offer, 0-1; null where nothing could be learnt",
    ),
    Column(
        "model_id",
        "string",
        "where the probability comes from: a propensity model, recommend or offers.simple",
    ),
    Column("margin", "float64", "margin per order with the product, in the shop's currency"),
    Column("margin_source", "string", "given, category_default or assumed"),
    Column(
        "expected_profit",
        "float64",
        "probability x margin, in the shop's currency, with or without the offer",
    ),
)
_WHY: Final = (
    Column("rule_id", "string", "rule behind it"),
    Column(
        "reason_code",
        "string",
        "rhythm, often, once, because, popular, fresh, fresh_segment, overused, given, next_band, rule, written_rule, looked, "
        "new_arrival or bestseller",
        required=True,
    ),
)
_KIND = Column("kind", "string", "cross_sell, up_sell, replenish or discover", required=True)

NEXT_BEST_OFFERS: Final = Table(
    "next_best_offers",
    "one row per customer and offer",
    ("customer_id", "rank"),
    (
        _CUSTOMER,
        Column(
            "rank",
            "int64",
            "place, 1 first: by expected_profit, then probability, then place in its source",
            required=True,
        ),
        Column("offer_id", "string", "kind and product", required=True),
        _PRODUCT,
        _KIND,
        *_WORTH,
        Column(
            "incremental_profit",
            "float64",
            "what the offer adds less its cost, from a test; null: untested",
        ),
        *_WHY,
        Column("placeholders", "string", "what the reason names, JSON", required=True),
        Column("reason", "string", "the reason in English", required=True),
    ),
)

OFFER_CANDIDATES: Final = Table(
    "offer_candidates",
    "one row per customer and product looked at, offered or not",
    ("customer_id", "product_id"),
    (
        _CUSTOMER,
        _PRODUCT,
        Column("stage", "string", "offered, or what ruled it out", required=True),
        Column("rank", "int64", "place among the customer's offers; null: not offered"),
        _KIND,
        *_WORTH,
        *_WHY,
        Column("product", "string", "name of the product", required=True),
        Column("category", "string", "category of the product"),
        Column("because", "string", "name of what the customer has that points here"),
        Column("n_orders", "int64", "orders of the customer with the product"),
        Column("since_days", "float64", "days since the customer last bought it"),
        Column("gap_days", "float64", "usual days from one purchase of it to the next"),
        Column(
            "strength",
            "float64",
            "rules: size_lift; ladders: share who stepped up; overused: usage over allowance; looked: views; arrivals "
            "and bestsellers: customers who bought it of late",
        ),
        Column("segment", "string", "where it is popular, for customers who have not bought yet"),
    ),
)

OFFER_EXCLUSIONS: Final = Table(
    "offer_exclusions",
    "one row per reason why candidates are not offered",
    ("reason",),
    (
        Column(
            "reason",
            "string",
            "rejected_rule, losing_rule, inactive, never, out_of_stock, fading, under_margin_floor, risk_too_high, just_bought, "
            "rarely_again, already_has, has_alike, too_weak, same_name, category_full, kind_full, list_full or beyond_limit",
            required=True,
        ),
        Column("n_candidates", "int64", "pairs of customer and product", required=True),
        Column("n_customers", "int64", "customers among them", required=True),
    ),
)

EVERY_KIND: Final = "all"

OFFER_CALIBRATION: Final = Table(
    "offer_calibration",
    "one row per kind of offer and tenth of the offers by probability, of one horizon ago",
    ("kind", "decile"),
    (
        Column("kind", "string", "cross_sell, up_sell, replenish, discover, or all", required=True),
        Column(
            "starts_on",
            "date",
            "day the offers were drawn up for, horizon_days before the run's; no purchase on or after it was seen",
            required=True,
        ),
        Column(
            "decile",
            "int64",
            "1 holds the least likely tenth, 10 the most likely; 0 is all ten together",
            required=True,
        ),
        Column("n", "int64", "offers", required=True),
        Column("n_bought", "int64", "offers whose product the customer bought since", required=True),
        Column("predicted", "float64", "mean probability, 0-1", required=True),
        Column("observed", "float64", "share that was bought, 0-1", required=True),
        Column("low", "float64", "lower end of the 95 % interval of the share, 0-1", required=True),
        Column("high", "float64", "upper end of it, 0-1", required=True),
    ),
)

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
