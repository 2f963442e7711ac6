"""Who asks for what: one entry per request and placement, with all that candidates are drawn from."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from nextbest.serving.decide.core.compiling import Compiled
from nextbest.serving.decide.core.shop import (
    DO_NOT_CONTACT,
    KINDS,
    MONEY,
    NO_PERSONALISATION,
    Bools,
    Ints,
    Snapshot,
    granted_bit,
)
from nextbest.serving.decide.spec import Request
from nextbest.serving.policy import CONTACT_CHANNELS, Placement
from nextbest.serving.state import SubjectState

_PERSONAL_PURPOSES = ("personalisation", "profiling")


@dataclass(slots=True)
class Subject:
    """Who asks, and what is true of them now."""

    request: Request
    state: SubjectState | None
    row: int
    """Of the customer; -1: anonymous, or not known."""
    unit: str
    """Id by which chance holds them out."""
    is_personal: bool
    """May be shown what was drawn up for them."""
    may_contact: bool
    is_channel_known: bool
    cart: Mapping[int, float]
    """Units by product; only known products."""
    cart_value: float | None
    """``None``: a price is not known."""
    viewed: int
    """Product looked at; -1: none."""
    bought: frozenset[int]
    """Bought online of late, since the run too."""
    rejected: frozenset[str]
    """Offers rejected of late."""
    rejected_products: frozenset[int]
    """Products among them: who rejected one does not want it on another page either."""
    n_unknown_products: int
    is_consent_unknown: bool
    birth_day: int


@dataclass(slots=True)
class Asked:
    """One placement to be filled."""

    subject: int
    placement: Placement
    limit: int
    turn: int = 0
    """Place among the placements that the request asks for."""


@dataclass(slots=True)
class Scene:
    """Everything one call of decide works on."""

    snapshot: Snapshot
    compiled: Compiled
    subjects: Sequence[Subject]
    asked: Sequence[Asked]
    now: datetime
    """UTC without zone."""
    seed: str
    memory: dict[str, Any] = field(default_factory=dict)

    def of_subjects(self, values: Sequence[Any], dtype: Any) -> Any:
        """Spread one value per subject over the placements asked."""
        return np.asarray(values, dtype)[[one.subject for one in self.asked]]

    def __len__(self) -> int:
        return len(self.asked)


def subject_of(
    snapshot: Snapshot, compiled: Compiled, request: Request, state: SubjectState | None, now: datetime
) -> Subject:
    """Bring together what snapshot, state and request say of who asks; the request has the last word."""
    customers, index = snapshot.customers, snapshot.products.index
    row = -1 if request.customer_id is None else customers.ids.find(request.customer_id)
    bits = int(customers.consent[row]) if row >= 0 else 0
    is_refused, may_contact, is_unknown = _consent(bits, state, request)
    is_channel_known = request.channel in compiled.channels
    lines = _lines(request, state)
    known = [(index[one], units, price) for one, units, price in lines if one in index]
    is_unknown_looked_at = request.product_id is not None and request.product_id not in index
    viewed = request.product_id or (
        state.views[0].product_id if state and state.views and state.session else None
    )
    lately = now - timedelta(compiled.policy.rest_days)
    rejected = frozenset(
        event.offer_id
        for event in (state.offers if state else ())
        if event.verb == "rejected" and event.offer_id and event.at > lately
    )
    return Subject(
        request=request,
        state=state,
        row=row,
        unit=request.customer_id or request.anonymous_id or request.session_id or request.request_id,
        is_personal=row >= 0 and not is_refused,
        may_contact=may_contact and is_channel_known,
        is_channel_known=is_channel_known,
        cart={one: units for one, units, _ in known},
        cart_value=_value(snapshot, known) if len(known) == len(lines) else None,
        viewed=index.get(viewed, -1) if viewed else -1,
        bought=frozenset(index[one] for one, _ in (state.ordered if state else ()) if one in index),
        rejected=rejected,
        rejected_products=frozenset(
            index[product]
            for kind, _, product in (one.partition(":") for one in rejected)
            if kind in KINDS and product in index
        ),
        n_unknown_products=len(lines) - len(known) + is_unknown_looked_at,
        is_consent_unknown=is_unknown,
        birth_day=int(customers.birth_day[row]) if row >= 0 else np.iinfo(np.int32).min,
    )


def _consent(bits: int, state: SubjectState | None, request: Request) -> tuple[bool, bool, bool]:
    """Tell whether personalisation is refused, whether the channel may be used, and whether nobody knows.

    What was said since the run has the last word.
    """
    said = state.consents if state else {}
    personal = [status for (purpose, _), status in said.items() if purpose in _PERSONAL_PURPOSES]
    is_refused = (
        any(status != "granted" for status in personal) if personal else bool(bits & NO_PERSONALISATION)
    )
    if request.channel not in CONTACT_CHANNELS:
        return is_refused, True, False
    bit = granted_bit(request.channel)
    granted, denied = bool(bits & bit), bool(bits & (bit << 1))
    spoken = [status for key, status in said.items() if _concerns(key, request.channel)]
    if spoken:
        granted, denied = (
            all(status == "granted" for status in spoken),
            any(status != "granted" for status in spoken),
        )
    return is_refused, granted and not denied and not bits & DO_NOT_CONTACT, not (granted or denied)


def _concerns(key: tuple[str, str | None], channel: str) -> bool:
    purpose, on = key
    on = None if on is None else on.replace("-", "")
    return purpose == channel or (purpose == "marketing" and on in (None, channel))


def _lines(request: Request, state: SubjectState | None) -> list[tuple[str, float, Decimal | None]]:
    if request.cart is not None:
        return [(item.product_id, item.quantity, item.price) for item in request.cart]
    return [(line.product_id, line.quantity, _decimal(line.price)) for line in (state.cart if state else ())]


def _decimal(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return None


def _value(snapshot: Snapshot, lines: Sequence[tuple[int, float, Decimal | None]]) -> float | None:
    """Add up a cart: prices of the request, else of the shop."""
    total = 0.0
    for product, units, price in lines:
        given = int(snapshot.products.price[product])
        if price is None and given < 0:
            return None
        total += units * (float(price) if price is not None else given / MONEY)
    return round(total, 4)


def local_time(now: datetime, time_zone: str) -> datetime:
    """Give the clock of a time zone, such as the shop's.

    Examples
    --------
    >>> local_time(datetime(2026, 1, 31, 12), "Asia/Shanghai").hour
    20
    """
    return now.replace(tzinfo=UTC).astimezone(ZoneInfo(time_zone))


@functools.lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Tell whether a time zone of this name exists.

    Examples
    --------
    >>> is_zone("Asia/Shanghai"), is_zone("the moon")
    (True, False)
    """
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def ages(scene: Scene) -> Ints:
    """Give the age of who asks, in years; -1: not known."""
    born = scene.of_subjects([subject.birth_day for subject in scene.subjects], np.int64)
    is_known = born > np.iinfo(np.int32).min
    if not is_known.any():
        return np.full(len(born), -1)
    today = local_time(scene.now, scene.snapshot.time_zone).date()
    day = np.where(is_known, born, 0).astype("datetime64[D]")
    month = day.astype("datetime64[M]").astype(np.int64)
    in_month = (day - day.astype("datetime64[M]")).astype(np.int64) + 1
    months = (today.year - 1970) * 12 + today.month - 1 - month - (in_month > today.day)
    return np.where(is_known, months // 12, -1)


def is_young(scene: Scene) -> Bools:
    """Tell who is too young to be offered anything."""
    if "young" not in scene.memory:
        age = ages(scene)
        scene.memory["young"] = (age >= 0) & (age < scene.compiled.policy.suitability.min_age)
    return np.asarray(scene.memory["young"])


__all__ = ["Asked", "Scene", "Subject", "ages", "is_young", "is_zone", "local_time", "subject_of"]
