"""What is answered, described for OpenAPI; answers are made elsewhere, a test holds real ones against this."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """Base of descriptions."""

    model_config = ConfigDict(
        use_attribute_docstrings=True, json_schema_serialization_defaults_required=False
    )


def told(model: type[Answer], status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Describe what a route answers when all is well."""
    return {status: {"model": model, "description": (model.__doc__ or "").split("\n")[0]}}


class Live(Answer):
    """The process is there."""

    status: Literal["live"]


class Ready(Answer):
    """A run and a policy hold."""

    status: Literal["ready"]
    snapshot: str
    """Name of the run."""
    policy_version: int


class Reason(Answer):
    """Why a product is offered."""

    code: str
    text: str
    """In the language of the request."""
    ref: str | None
    """What it rests on, such as ``rules/35185c287ecf0f47``."""


class Assignment(Answer):
    """How a decision came about."""

    reason: Literal["policy", "experiment", "explore", "holdout", "mandatory", "fallback"]
    experiment: str | None
    variant: str | None
    probability: float
    """Chance with which this subject got this, 0-1."""


class Proposed(Answer):
    """What is proposed and why."""

    rank: int
    offer_id: str
    kind: Literal["cross_sell", "up_sell", "replenish", "discover", "offer", "mandatory"]
    product_ids: list[str]
    title: str
    price: str | None
    """Exact decimal in the shop's currency; null: the shop gave none."""
    price_rule: str | None
    """What set a price that is not everybody's."""
    probability: float | None
    """This customer buys it within the horizon, 0-1."""
    reasons: list[Reason]
    say: str | None
    """What to say to the customer, where staff read it."""
    expected_profit: float | None = None
    """Probability times margin; server keys only, as the next three."""
    incremental_profit: float | None = None
    """What offering adds, from a test; null: untested."""
    margin_source: str | None = None


class Decided(Proposed):
    """An offer that was decided on and logged."""

    decision_id: str
    """Joins what becomes of it."""
    score: float | None = None
    """What it was ranked by; server keys only."""
    assignment: Assignment
    accept_label: str
    reject_label: str


class Candidate(Answer):
    """What became of one candidate."""

    offer_id: str
    product_id: str | None
    source: str
    stage: str
    """What stopped it, or ``decided``."""
    rule: str | None
    """Rule of the policy that stopped it."""
    factors: dict[str, float | None]


class Filled(Answer):
    """What one placement got."""

    outcome: Literal["decided", "none", "fallback"]
    cause: str | None
    """Why there are no offers."""
    detail: str | None
    """The cause in words."""
    decision_id: str
    offers: list[Decided]
    n_candidates: int = 0
    """With ``explain``, as the next two."""
    removed: dict[str, int] = {}
    """Candidates by the stage that stopped them."""
    trace: list[Candidate] = []


class PolicyName(Answer):
    """Which policy decided."""

    id: str
    version: int


class Decision(Answer):
    """What each placement got."""

    request_id: str
    took_ms: float
    policy: PolicyName
    snapshot: str | None
    """Run that was decided on; null: there is none yet."""
    model_as_of: str | None
    currency: str | None
    placements: dict[str, Filled]
    notes: dict[str, int]
    """Counted: unknown_customer, unknown_product, consent_unknown."""


class Rejected(Answer):
    """An event that was refused while the others were kept."""

    index: int
    """Its place in the batch, 0 first."""
    code: str
    detail: str


class Kept(Answer):
    """What was kept is on the disk."""

    accepted: int
    duplicates: int
    """Were there already."""
    erased: int
    """Of erased customers, from before the erasure."""
    rejected: list[Rejected]


class Misplaced(Answer):
    """One thing that is wrong, and where."""

    where: str | None = None
    expected: str | None = None
    code: str | None = None
    detail: str | None = None


class Problem(Answer):
    """What went wrong, by RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    """In the caller's language."""
    code: str
    request_id: str
    errors: list[Misplaced] = []
