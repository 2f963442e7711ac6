"""Contract of the subject's state: what the document holds, how much of it, and how it is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

Document: TypeAlias = dict[str, Any]
"""JSON of one subject. Lists of entries ``[milliseconds since 1970, short id of the event, ...]``, oldest first:

=========== ======================================== ======
``views``   product_id, dwell seconds                 60
``cart``    ``+`` or ``-``, product_id, units, price  100
``searches``  words                                   20
``offers``  verb, decision_id, offer_id               100
``orders``  product ids                               10
``others``  type of the event                         60
=========== ======================================== ======

``emptied`` is the last entry that said all there is in the cart (an order, a look at the whole cart): ``[at, id, lines]``;
what is in ``cart`` from before counts for the visit, not for the cart.
``consents`` holds the last entry per purpose and channel: ``{"email|": [at, id, "granted"]}``.
"""
LIMITS: Final = {"views": 60, "cart": 100, "searches": 20, "offers": 100, "orders": 10, "others": 60}
"""Entries kept of each list: the latest ones."""
MAX_LINES: Final = 50
"""Products kept of one order or of one look at the cart."""
MAX_TEXT: Final = 120
"""Characters kept of an id or of words searched."""
IDLE: Final = timedelta(minutes=30)
"""Silence that ends a session."""


@dataclass(frozen=True, slots=True)
class CartLine:
    """One product in the cart."""

    product_id: str
    quantity: float
    """Units."""
    price: str | None
    """Per unit, as it was last said."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A product that was viewed, with when and how long."""

    product_id: str
    at: datetime
    dwell_seconds: float | None


@dataclass(frozen=True, slots=True)
class OfferEvent:
    """What became of an offer."""

    verb: str
    """shown, clicked, accepted, rejected or expired."""
    decision_id: str
    offer_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """The running visit: everything since the last silence of half an hour."""

    started_at: datetime
    last_at: datetime
    n_events: int
    n_views: int
    n_searches: int
    n_cart_changes: int
    dwell_seconds: float


@dataclass(frozen=True, slots=True)
class SubjectState:
    """What is true of a visitor at one moment; instants are UTC without zone, lists latest first."""

    cart: tuple[CartLine, ...]
    views: tuple[Seen, ...]
    searches: tuple[tuple[str, datetime], ...]
    offers: tuple[OfferEvent, ...]
    ordered: tuple[tuple[str, datetime], ...]
    """Products of the last orders placed online."""
    session: Session | None
    """``None`` where the last one has ended."""
    consents: Mapping[tuple[str, str | None], str]
    """Status by purpose and channel (``None``: all channels)."""
    document: Document = field(default_factory=dict, repr=False, compare=False)
    """What it was seen from: ``acts_of`` tells the visitor's acts."""
