"""What checks and replays of a policy tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nextbest.base.messages import Message


@dataclass(frozen=True, slots=True)
class Estimate:
    """What another policy would have brought, per decision, in the unit of the reward."""

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


@dataclass(frozen=True, slots=True)
class Changed:
    """A decision that the new policy would most likely make otherwise."""

    decision_id: str
    placement: str
    customer_id: str | None
    before: str | None
    """Offer that was given."""
    after: str | None
    """Offer that would be; ``None``: nothing would."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Who would get something else, and what it would bring."""

    n_decisions: int
    """First places that were decided, and left something to chance."""
    n_changed: int
    """Of these, where the new policy would most likely choose something else."""
    n_emptied: int
    """Of these, where it would choose nothing."""
    estimate: Estimate | None
    refusal: Message | None
    """Why there is no estimate."""
    changed: Sequence[Changed] = ()
    """Who would get something else, oldest first."""
