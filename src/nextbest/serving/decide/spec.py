"""Contract of decide: what is asked, what is answered, which stages a candidate passes, what a condition may name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from nextbest.base.contract import Kind
from nextbest.base.messages import Message
from nextbest.serving.log import AssignmentReason, Cap, Decision, Outcome
from nextbest.tables import CANONICAL

STAGES: Final = (
    "consent",
    "eligibility",
    "stock",
    "channel",
    "already_bought",
    "applicability",
    "risk",
    "suitability",
    "rejected_lately",
    "quiet_hours",
    "contact_policy",
    "diversity",
    "limit",
    "holdout",
    "decided",
)
"""What may stop a candidate, in the order in which it is asked; ``decided`` is the end."""

CAUSES: Final = (
    *STAGES[:-1],
    "no_candidates",
    "unknown_placement",
    "unknown_channel",
    "under_age",
    "budget",
    "snapshot_missing",
)
"""Why a placement got nothing, or a fallback; ``budget`` and ``snapshot_missing`` are given by the caller."""

CANDIDATE_COLUMNS: Final[Mapping[str, Kind]] = {
    "product_id": "string",
    "product_name": "string",
    "product_category": "string",
    "product_department": "string",
    "product_brand": "string",
    "product_risk_level": "int64",
    "product_is_replenishable": "boolean",
    "stock": "float64",
    "price": "float64",
    "margin": "float64",
    "kind": "string",
    "source": "string",
    "probability": "float64",
    "expected_profit": "float64",
}
REQUEST_COLUMNS: Final[Mapping[str, Kind]] = {
    "placement": "string",
    "moment": "string",
    "channel": "string",
    "page": "string",
    "intent": "float64",
    "cart_value": "float64",
    "n_cart": "int64",
    "hour": "int64",
    "weekday": "int64",
    "is_known": "boolean",
}
STATE_COLUMNS: Final[Mapping[str, Kind]] = {"age": "int64", "held": "string"}
"""``held``: ids of products held or bought lately, each between two bars, such as ``|p1|p7|``."""
PROFILE_COLUMNS: Final[Mapping[str, Kind]] = {
    "segment": "string",
    "stage": "string",
    "n_orders": "int64",
    "days_since_last_order": "int64",
    "revenue_total": "money",
    "r_score": "int64",
    "f_score": "int64",
    "m_score": "int64",
}
"""Of ``rfm`` and ``lifecycle``."""
CUSTOMER_COLUMNS: Final[Mapping[str, Kind]] = {
    column.name: column.kind for column in CANONICAL["customers"] if not column.personal
} | dict(PROFILE_COLUMNS)

COLUMNS: Final[Mapping[str, Kind]] = {
    **CUSTOMER_COLUMNS,
    **CANDIDATE_COLUMNS,
    **REQUEST_COLUMNS,
    **STATE_COLUMNS,
}
"""What a policy's conditions may name: of the customer, the candidate, the request."""


@dataclass(frozen=True, slots=True)
class CartItem:
    """One product in a cart."""

    product_id: str
    quantity: float = 1.0
    price: Decimal | None = None
    """Per unit, in the shop's currency."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One placement that is to be filled."""

    id: str
    limit: int | None = None
    """Fewer than the policy allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One subject, some placements, what is going on around them."""

    request_id: str
    placements: tuple[Ask, ...]
    customer_id: str | None = None
    anonymous_id: str | None = None
    session_id: str | None = None
    channel: str = "web"
    cart: tuple[CartItem, ...] | None = None
    """``None``: as the events tell it."""
    product_id: str | None = None
    """Looked at now; ``None``: the last one that the events tell of this visit."""
    page: str | None = None
    query: str | None = None
    results: tuple[str, ...] = ()
    """Product ids that a search found, best first, to be ranked anew."""
    locale: str = "en"
    intent: float | None = None
    """Probability that this visit ends in a purchase, 0-1."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    explain: bool = False


@dataclass(slots=True)
class Assignment:
    """How the decision came about. Made by the million, as offers and reasons: being frozen would cost four times as much."""

    reason: AssignmentReason
    probability: float
    """Chance with which this subject got this, 0-1."""
    experiment: str | None = None
    variant: str | None = None


@dataclass(slots=True)
class Reason:
    """Why a product is offered."""

    code: str
    text: str
    ref: str | None
    """What it rests on, such as ``rules/35185c287ecf0f47``."""


@dataclass(slots=True, kw_only=True)
class Offer:
    """One offer of an answer."""

    decision_id: str
    rank: int
    offer_id: str
    kind: str
    product_ids: tuple[str, ...]
    title: str
    price: str | None
    """Exact decimal in the shop's currency; ``None``: the shop gave none."""
    price_rule: str | None
    """What set a price that is not everybody's: an offer of the table ``offers``."""
    probability: float | None
    """This customer buys it within the horizon, 0-1."""
    expected_profit: float | None
    incremental_profit: float | None
    """What offering adds, from a test; ``None``: untested."""
    margin_source: str | None
    score: float | None
    """What it was ranked by."""
    assignment: Assignment
    reasons: tuple[Reason, ...]
    say: str | None
    """What to say to the customer, where staff read it."""
    accept_label: str
    reject_label: str
    caps: tuple[Cap, ...] = ()
    """To be reserved before it is answered."""

    @property
    def is_mandatory(self) -> bool:
        """Whether no cap may keep it back."""
        return self.assignment.reason == "mandatory"


@dataclass(frozen=True, slots=True)
class Traced:
    """What became of one candidate."""

    offer_id: str
    product_id: str | None
    source: str
    stage: str
    """Of ``STAGES``: what stopped it, or ``decided``."""
    rule: str | None
    """Rule of the policy that stopped it."""
    factors: Mapping[str, float | None]
    """probability, context, value and lever."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one placement got."""

    placement: str
    outcome: Outcome
    cause: str | None
    detail: Message | None
    """The cause in words."""
    offers: tuple[Offer, ...]
    n_candidates: int
    removed: Mapping[str, int]
    """Candidates by the stage that stopped them."""
    assignment: Assignment
    """Of the placement: holdout, fallback or the policy."""
    decision_id: str
    """Of the row that is logged where nothing was decided."""
    trace: tuple[Traced, ...] = ()
    """Every candidate, where it was asked for."""


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to one request."""

    request: Request
    policy_id: str
    policy_version: int
    snapshot: str | None
    model_as_of: str | None
    """Day of the profiles, ISO."""
    currency: str | None
    decided_at: datetime
    answers: tuple[Answer, ...]
    """In the order asked."""
    notes: Mapping[str, int] = field(default_factory=dict)
    """Counted, such as unknown products in the cart: ``unknown_customer``, ``unknown_product``, ``consent_unknown``."""


CountContacts: TypeAlias = Callable[[Collection[Cap]], Mapping[Cap, int]]
"""Counts the contacts of each cap so far: ``nextbest.serving.log.used`` with its connection and moment bound."""
LogRows: TypeAlias = list[Decision]
Language = Literal["en", "zh"]
