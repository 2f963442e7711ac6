"""Reviews and written rules as people meet them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

State = Literal["approved", "rejected", "noted"]
STATES: Final[tuple[State, ...]] = ("approved", "rejected", "noted")


@dataclass(frozen=True, slots=True)
class Review:
    """What one person said about a rule at one moment."""

    rule_id: str
    state: State
    note: str | None
    reviewed_by: str | None
    reviewed_at: datetime
    """UTC."""
    sequence: int


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A rule that a person wrote: who buys the body should be offered (``+``) or not be offered (``-``) the head."""

    rule_id: str
    """Given by ``nextbest.models.rules``."""
    level: str
    body_ids: tuple[str, ...]
    head_id: str
    sign: str = "+"
    is_ordered: bool = False
    note: str | None = None
    written_by: str | None = None
