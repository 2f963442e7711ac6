"""Contract of events: what one is, which are known by name, what may be sent, why an item is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field

from nextbest.base.messages import Message, Value
from nextbest.base.settings import Settings

Call = Literal["track", "identify", "page", "screen", "alias", "group"]
CALLS: Final[tuple[Call, ...]] = ("track", "identify", "page", "screen", "alias", "group")
"""Calls of the Segment Spec; ``batch`` holds several of them."""

DECISION_VERBS: Final = {
    "decision_shown": "shown",
    "decision_clicked": "clicked",
    "decision_accepted": "accepted",
    "decision_rejected": "rejected",
    "decision_expired": "expired",
}
"""Events that tell what became of a decision; they need its ``decision_id``."""

PURPOSES: Final = (
    "analytics",
    "personalisation",
    "marketing",
    "profiling",
    "email",
    "sms",
    "phone",
    "wechat",
    "push",
)
"""What a customer can allow or refuse."""
CONSENT_CHANNELS: Final = ("email", "sms", "phone", "wechat", "push", "post", "web", "app")
STATUSES: Final = ("granted", "denied", "revoked")

PERSONAL_PROPERTIES: Final = frozenset(
    {
        "email",
        "e_mail",
        "phone",
        "mobile",
        "telephone",
        "first_name",
        "firstname",
        "last_name",
        "lastname",
        "full_name",
        "fullname",
        "username",
        "address",
        "shipping_address",
        "billing_address",
        "birthday",
        "birth_date",
        "birth_on",
        "id_card",
        "ip",
        "ip_address",
        "avatar",
        "password",
        "token",
    }
)
"""Properties that are taken off before anything is kept: events need ids, not names."""


class EventSettings(Settings):
    """What may be sent to the event log."""

    max_items: Annotated[int, Field(ge=1)] = 1_000
    """Most items of one batch; a longer one is refused whole."""
    max_body_bytes: Annotated[int, Field(ge=1_000)] = 1_000_000
    """Longest body in bytes."""
    max_item_bytes: Annotated[int, Field(ge=100)] = 32_768
    """Longest item in bytes, as compact JSON."""
    max_depth: Annotated[int, Field(ge=2, le=100)] = 12
    """Deepest nesting of an item."""
    future_days: Annotated[float, Field(ge=0)] = 1.0
    """An item that says it happened more than this many days from now is refused; below it, it happened when it came."""
    ancient_days: Annotated[float, Field(gt=0)] = 5 * 366.0
    """An item that says it happened more than this many days ago is refused."""


class Event(NamedTuple):
    """One thing a visitor did, ready to be written: a row of ``operational.EVENTS`` without its sequence number."""

    event_id: str
    type: str
    """Such as ``product_viewed``: the name in snake case, or the call with its verb (``page_viewed``, ``identify``)."""
    name: str
    """As it was sent, such as "Product Viewed"."""
    occurred_at: datetime
    """UTC without zone, by the clock of the server."""
    received_at: datetime
    """UTC without zone."""
    customer_id: str | None = None
    anonymous_id: str | None = None
    session_id: str | None = None
    product_id: str | None = None
    page: str | None = None
    query: str | None = None
    channel: str | None = None
    dwell_seconds: float | None = None
    decision_id: str | None = None
    offer_id: str | None = None
    properties: str | None = None
    """Everything else that was said, compact JSON; ``previous_id`` of an alias is here."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item that was refused while the others were kept."""

    index: int
    """Its place in the batch, 0 first."""
    code: str
    """Why: a code of the catalogues, ``events.<reason>``; counted by it."""
    values: Mapping[str, Value] = field(default_factory=dict)

    @property
    def message(self) -> Message:
        """The sentence."""
        return Message(self.code, self.values)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a body held."""

    events: tuple[Event, ...]
    rejected: tuple[Rejected, ...]
