"""What is answered to who looks something up, described for OpenAPI: logged decisions, policies, customers, lists."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from nextbest.web.api.answers import Answer, Proposed


class Followed(Answer):
    """What became of a decision."""

    verb: Literal["shown", "clicked", "accepted", "rejected", "expired"]
    at: datetime


class LoggedDecision(Answer):
    """A decision as it was logged, and what became of it."""

    decision_id: str
    request_id: str
    decided_at: datetime
    placement: str
    outcome: Literal["decided", "none", "fallback"]
    cause: str | None
    n_candidates: int
    customer_id: str | None
    anonymous_id: str | None
    session_id: str | None
    channel: str | None
    rank: int | None
    offer_id: str | None
    kind: str | None
    product_ids: list[str] | None
    price: str | None
    probability: float | None
    expected_profit: float | None
    incremental_profit: float | None
    margin_source: str | None
    assignment_reason: str
    assignment_probability: float
    experiment_id: str | None
    experiment_version: int | None
    variant: str | None
    policy_id: str
    policy_version: int
    snapshot: str | None
    trace: dict[str, Any]
    followed: list[Followed]


class Version(Answer):
    """The version that holds now."""

    version: int


class PublishedVersion(Answer):
    """A version of the policy."""

    version: int
    restores: int | None
    """Older version that it lets hold again."""
    note: str | None
    published_at: datetime
    published_by: str | None


class Policies(Answer):
    """The policy that holds, and all versions, newest first."""

    policy: dict[str, Any]
    """As for ``/v1/policies/publish``, with its version."""
    versions: list[PublishedVersion]


class Wrong(Answer):
    """One thing that is wrong."""

    code: str
    detail: str


class Checked(Answer):
    """Everything that is wrong with a policy; empty: it may be published."""

    problems: list[Wrong]


class Changed(Answer):
    """A decision that would be another one."""

    decision_id: str
    placement: str
    customer_id: str | None
    before: str | None
    after: str | None
    """Offer in its place; null: none."""


class Estimated(Answer):
    """What the other policy would have brought, per decision."""

    n_decisions: int
    effective_size: float
    """Equally weighted decisions that are worth as much."""
    mean: float
    logged_mean: float
    change: float
    ci_low: float
    """Of the change, 95 %."""
    ci_high: float
    largest_weight: float


class Replayed(Answer):
    """Who would get something else, and what it would have brought."""

    n_decisions: int
    is_cut: bool
    """There were more; the newest were used."""
    since: datetime | None
    n_changed: int
    n_emptied: int
    """Of these, where nothing would be offered."""
    changed_by_placement: dict[str, int]
    changed: list[Changed]
    """The newest 50 of them."""
    reward: Literal["accepted", "clicked"]
    estimate: Estimated | None
    refusal: Wrong | None
    """Why there is no estimate."""


class Named(Answer):
    """A word of ours and what people call it."""

    code: str
    text: str


class Category(Answer):
    """A category that is bought again and again."""

    category: str
    n_orders: int


class Factor(Answer):
    """What raises or lowers a probability."""

    factor: str
    value: str | float | None
    saying: str
    adds: float
    """To the log-odds."""
    text: str


class Propensity(Answer):
    """What a model says of a customer."""

    model_id: str
    target: str
    probability: float
    decile: int | None
    """1: the likeliest tenth."""
    reasons: list[Factor]


class Consent(Answer):
    """The last word on a purpose and channel."""

    purpose: str
    channel: str | None
    """null: all."""
    status: str


class CartLine(Answer):
    """A product in the cart."""

    product_id: str
    quantity: float
    price: str | None


class Seen(Answer):
    """A product that was looked at."""

    product_id: str
    at: datetime
    dwell_seconds: float | None


class Ordered(Answer):
    """A product that was ordered online."""

    product_id: str
    at: datetime


class OfferEvent(Answer):
    """What became of an offer."""

    verb: Literal["shown", "clicked", "accepted", "rejected", "expired"]
    decision_id: str
    offer_id: str | None
    at: datetime


class Session(Answer):
    """The running visit."""

    started_at: datetime
    last_at: datetime
    n_events: int
    n_views: int
    n_searches: int
    n_cart_changes: int
    dwell_seconds: float


class Now(Answer):
    """What a customer did since, latest first."""

    cart: list[CartLine]
    viewed: list[Seen]
    ordered: list[Ordered]
    offers: list[OfferEvent]
    session: Session | None
    """null: no visit is running."""


class Profile(Answer):
    """What the run says."""

    as_of: date | None = None
    n_orders: int | None = None
    days_since_last_order: int | None = None
    revenue_total: str | None = None
    """Exact decimal in the shop's currency."""
    usual_gap_days: float | None = None


class Customer(Answer):
    """What is known of a customer; nothing in it names or reaches a person."""

    customer_id: str
    snapshot: str | None
    currency: str | None
    facts: dict[str, str | int]
    """What the table of customers knows, without personal columns."""
    profile: Profile
    segment: Named | None
    lifecycle_stage: Named | None
    tags: list[str]
    top_categories: list[Category]
    propensities: list[Propensity]
    offers: list[Proposed]
    consents: list[Consent]
    now: Now


class Listed(Answer):
    """A list, best first."""

    kind: str
    snapshot: str | None
    model_as_of: str | None
    currency: str | None
    cause: str | None
    """Why it is empty."""
    detail: str | None
    offers: list[Proposed]
    notes: dict[str, int]
