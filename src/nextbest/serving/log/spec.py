"""Contract of the log: what appending tells, what a decision records, what a cap is, how many wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from nextbest.base.settings import Settings

Outcome = Literal["decided", "none", "fallback"]
AssignmentReason = Literal["policy", "experiment", "explore", "holdout", "mandatory", "fallback"]


class WriterSettings(Settings):
    """How work waits for the disk."""

    gather_ms: Annotated[float, Field(ge=0, le=100)] = 0.0
    """Milliseconds the writer waits for more work before it commits; while one commit is on its way, work gathers anyway."""
    max_waiting: Annotated[int, Field(ge=1)] = 50_000
    """Rows that may wait; beyond it callers are told to come back later."""
    max_commit: Annotated[int, Field(ge=1)] = 5_000
    """Rows of one commit."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a batch of events; the rows are on the disk."""

    n_accepted: int
    n_duplicates: int
    """Were there already, by event_id: a client's retry."""
    n_erased: int
    """Of erased customers, from before the erasure: dropped."""


@dataclass(slots=True, kw_only=True)
class Decision:
    """One offer decided on, or a placement that got none or a fallback: a row of ``operational.DECISIONS``.

    Made by the million: being frozen would cost three times as much.
    """

    decision_id: str
    request_id: str
    decided_at: datetime
    """UTC without zone."""
    placement: str
    outcome: Outcome
    n_candidates: int
    """That entered the funnel."""
    assignment_reason: AssignmentReason
    assignment_probability: float
    """Chance with which this subject got this decision, 0-1; never unknown."""
    policy_id: str
    policy_version: int
    snapshot: str | None
    """Run whose tables were used."""
    cause: str | None = None
    """Why there is none, or a fallback."""
    customer_id: str | None = None
    anonymous_id: str | None = None
    session_id: str | None = None
    channel: str | None = None
    rank: int | None = None
    offer_id: str | None = None
    kind: str | None = None
    product_ids: Sequence[str] | None = None
    price: str | None = None
    """Decimal, in the shop's currency."""
    probability: float | None = None
    expected_profit: float | None = None
    incremental_profit: float | None = None
    margin_source: str | None = None
    experiment_id: str | None = None
    experiment_version: int | None = None
    variant: str | None = None
    trace: Mapping[str, object] | None = None
    """Stages, factors and reasons, as ``explain`` shows them."""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most ``limit`` contacts of one scope within a rolling window."""

    scope: str
    """Whose contacts count, such as ``c:ann/email``, ``c:ann/offer:o9`` or ``offer:o9``."""
    limit: int
    window: timedelta | None
    """``None``: for ever, such as the stock of a coupon."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A cap that left no room."""

    cap: Cap
    n_before: int
    """Contacts of its scope within its window."""
