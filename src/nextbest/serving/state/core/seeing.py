"""Looking at a document: cart, views, searches, offers, orders, the running session, consents."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from nextbest.serving.state.core.entries import EPOCH, MILLISECOND
from nextbest.serving.state.spec import (
    IDLE,
    LIMITS,
    CartLine,
    Document,
    OfferEvent,
    Seen,
    Session,
    SubjectState,
)

_NOT_VISITS: Final = frozenset({"shown", "expired", "adviser_contacted"})
"""What is done to a visitor, not by one: opens no session."""
_NEVER: Final = [0, "", []]


def see(document: Document, now: datetime) -> SubjectState:
    """Look at a document.

    Parameters
    ----------
    document
        As it was kept.
    now
        UTC without zone; tells whether the session still runs.
    """
    consents = document.get("consents", {})
    return SubjectState(
        cart=_cart(document),
        views=tuple(
            Seen(product, _instant(at), dwell)
            for at, _, product, dwell in reversed(document.get("views", ()))
        ),
        searches=tuple((words, _instant(at)) for at, _, words in reversed(document.get("searches", ()))),
        offers=tuple(
            OfferEvent(verb, decision_id, offer_id, _instant(at))
            for at, _, verb, decision_id, offer_id in reversed(document.get("offers", ()))
        ),
        ordered=tuple(
            (product, _instant(at))
            for at, _, products in reversed(document.get("orders", ()))
            for product in products
        ),
        session=_session(document, now),
        document=document,
        consents={_consent_key(key): entry[2] for key, entry in sorted(consents.items())},
    )


def _cart(document: Document) -> tuple[CartLine, ...]:
    """Play what was put in and taken out since the last look at the whole cart."""
    lines: dict[str, tuple[float, str | None]] = {}
    for product, units, price in document.get("emptied", _NEVER)[2]:
        lines[product] = (units, price)
    since = document.get("emptied", _NEVER)[:2]
    for at, mark, sign, product, units, price in document.get("cart", ()):
        if [at, mark] <= since:
            continue
        held, last_price = lines.pop(product, (0.0, None))
        left = held + units if sign == "+" else (0.0 if units is None else held - units)
        if left > 0:
            lines[product] = (left, last_price if price is None else price)
    return tuple(CartLine(product, units, price) for product, (units, price) in lines.items())


def _session(document: Document, now: datetime) -> Session | None:
    acts = sorted(
        (entry[0], name, entry)
        for name in LIMITS
        for entry in document.get(name, ())
        if name not in {"offers", "others"} or entry[2] not in _NOT_VISITS
    )
    idle = IDLE // MILLISECOND
    if not acts or (now - EPOCH) // MILLISECOND - acts[-1][0] > idle:
        return None
    start = len(acts) - 1
    while start and acts[start][0] - acts[start - 1][0] <= idle:
        start -= 1
    names = [name for _, name, _ in acts[start:]]
    return Session(
        started_at=_instant(acts[start][0]),
        last_at=_instant(acts[-1][0]),
        n_events=len(names),
        n_views=names.count("views"),
        n_searches=names.count("searches"),
        n_cart_changes=names.count("cart"),
        dwell_seconds=sum((entry[3] or 0.0 for _, name, entry in acts[start:] if name == "views"), 0.0),
    )


def _consent_key(key: str) -> tuple[str, str | None]:
    purpose, _, channel = key.partition("|")
    return purpose, channel or None


def _instant(milliseconds: int) -> datetime:
    return EPOCH + milliseconds * MILLISECOND
