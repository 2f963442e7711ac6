"""Looking at a document: cart, views, searches, offers, orders, the running session, consents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from nextbest.models.intent import Act
from nextbest.serving.state.core.acting import acts_of
from nextbest.serving.state.core.entries import EPOCH, MILLISECOND
from nextbest.serving.state.spec import (
    IDLE,
    CartLine,
    Document,
    OfferEvent,
    Seen,
    Session,
    SubjectState,
)

_NEVER = [0, "", []]


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
    acts = acts_of(document)
    session = _session(acts, now)
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
        session=session,
        acts=tuple(acts) if session else (),
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


def _session(acts: Sequence[Act], now: datetime) -> Session | None:
    idle = IDLE // MILLISECOND
    if not acts or (now - EPOCH) // MILLISECOND - acts[-1].at > idle:
        return None
    start = len(acts) - 1
    while start and acts[start].at - acts[start - 1].at <= idle:
        start -= 1
    its = acts[start:]
    kinds = Counter(act.kind for act in its)
    return Session(
        started_at=_instant(its[0].at),
        last_at=_instant(its[-1].at),
        n_events=len(its),
        n_views=kinds["view"],
        n_searches=kinds["search"],
        n_cart_changes=kinds["add"] + kinds["remove"],
        dwell_seconds=sum((act.amount or 0.0 for act in its if act.kind == "view"), 0.0),
    )


def _consent_key(key: str) -> tuple[str, str | None]:
    purpose, _, channel = key.partition("|")
    return purpose, channel or None


def _instant(milliseconds: int) -> datetime:
    return EPOCH + milliseconds * MILLISECOND
