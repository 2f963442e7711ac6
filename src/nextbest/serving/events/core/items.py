"""One item, in Segment's words or ours, turned into an event."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from nextbest.serving.events.core.values import (
    RefusedError,
    as_id,
    as_instant,
    as_seconds,
    as_words,
    depth,
    kind,
    page,
    snake,
    when,
    without_personal,
)
from nextbest.serving.events.spec import (
    CALLS,
    CONSENT_CHANNELS,
    DECISION_VERBS,
    PURPOSES,
    STATUSES,
    Call,
    Event,
    EventSettings,
)


class Frame(NamedTuple):
    """What all items of a body share."""

    received_at: datetime
    settings: EventSettings
    sent_at: datetime | None = None
    context: Mapping[str, Any] = {}
    call: Call | None = None
    """Of the route: items need not repeat it."""


_NAMES: Final = {
    "identify": ("identify", "Identify"),
    "alias": ("alias", "Alias"),
    "group": ("group", "Group"),
    "page": ("page_viewed", "Page Viewed"),
    "screen": ("screen_viewed", "Screen Viewed"),
}
"""Type and name of the calls that bring none."""
_COLUMNS: Final = frozenset(
    {
        "product_id",
        "query",
        "dwell_seconds",
        "decision_id",
        "offer_id",
        "channel",
        "session_id",
    }
)
"""Properties that have a column of their own."""
_NOT_CONTENT: Final = frozenset({"sentAt", "sent_at", "receivedAt", "received_at"})
_NOTHING: Final[Mapping[str, Any]] = {}


def read_item(item: object, place: int, frame: Frame) -> Event:
    """Turn an item into an event.

    Parameters
    ----------
    item
        As it was parsed from JSON.
    place
        In its batch; tells items apart that carry neither id nor time.
    frame
        What the batch says.

    Raises
    ------
    RefusedError
        It cannot be kept.

    Examples
    --------
    >>> noon = datetime(2026, 1, 31, 12)
    >>> body = {"type": "track", "event": "Product Viewed", "userId": "ann", "messageId": "m1",
    ...         "properties": {"product_id": "tea", "price": 3}}
    >>> event = read_item(body, 0, Frame(noon, EventSettings()))
    >>> event.type, event.name, event.customer_id, event.product_id, event.properties
    ('product_viewed', 'Product Viewed', 'ann', 'tea', '{"price":3}')
    """
    if not isinstance(item, dict):
        raise RefusedError("no_object", got=kind(item))
    _check_size(item, frame.settings)
    call = _call(item, frame)
    properties = _mapping(item, "properties")
    context = _mapping(item, "context") or frame.context
    type_, name = _named(item, call)
    said = as_instant(_first(item, "timestamp", "occurred_at", "originalTimestamp"), "timestamp")
    sent_at = as_instant(_first(item, "sentAt", "sent_at"), "sentAt") or frame.sent_at
    event = Event(
        as_id(_first(item, "messageId", "event_id"), "messageId") or _derived_id(item, said, place, frame),
        type_,
        name,
        when(said, sent_at, frame.received_at, frame.settings),
        frame.received_at,
        as_id(_first(item, "userId", "customer_id"), "userId"),
        as_id(_first(item, "anonymousId", "anonymous_id"), "anonymousId"),
        as_id(_session(item, properties, context), "session_id"),
        as_id(_product(item, properties), "product_id"),
        page(_page(item, properties, context), "page"),
        as_words(_anywhere("query", item, properties), "query"),
        as_id(_anywhere("channel", item, properties, context), "channel"),
        as_seconds(_anywhere("dwell_seconds", item, properties), "dwell_seconds"),
        as_id(_anywhere("decision_id", item, properties), "decision_id"),
        as_id(_anywhere("offer_id", item, properties), "offer_id"),
        _rest(item, call, type_, properties),
    )
    _check_sense(event, call)
    return event


def compact(value: object) -> str:
    """Write JSON without spaces; what UTF-8 or a database cannot hold is refused."""
    return _bytes(value).decode()


def _bytes(value: object) -> bytes:
    try:
        content = orjson.dumps(value)
    except TypeError as error:
        raise RefusedError("bad_text" if "UTF-8" in str(error) else "bad_number") from None
    if rb"\u0000" in content:
        raise RefusedError("bad_text")
    return content


def _check_size(item: object, settings: EventSettings) -> None:
    content = _bytes(item)
    if len(content) > settings.max_item_bytes:
        raise RefusedError("too_large", got=len(content), expected=settings.max_item_bytes)
    # As many brackets as levels are allowed cannot be nested deeper than that.
    n_brackets = content.count(b"{") + content.count(b"[")
    if n_brackets > settings.max_depth and depth(item) > settings.max_depth:
        raise RefusedError("too_deep", expected=settings.max_depth)


def _call(item: Mapping[str, Any], frame: Frame) -> Call | None:
    """Tell which call of the Segment Spec an item is; ``None``: one of ours, whose type is its name."""
    given = item.get("type", frame.call)
    if given is not None and not isinstance(given, str):
        raise RefusedError("wrong_type", field="type", expected="text", got=kind(given))
    return next((call for call in CALLS if call == given), None)


def _named(item: Mapping[str, Any], call: Call | None) -> tuple[str, str]:
    if call in _NAMES:
        return _NAMES[call]
    field = "event" if call == "track" or "event" in item else "type"
    name = as_id(item.get(field), field)
    type_ = snake(name) if name else ""
    if name is None or not type_:
        raise RefusedError("no_name", field=field)
    return type_, name


def _check_sense(event: Event, call: Call | None) -> None:
    """Refuse what can belong to nobody or joins nothing."""
    if event.customer_id is None and event.anonymous_id is None:
        raise RefusedError("nobody")
    if event.type in DECISION_VERBS and event.decision_id is None:
        raise RefusedError("no_decision", name=event.name)
    if call == "alias" and event.customer_id is None:
        raise RefusedError("alias_incomplete")


def _rest(
    item: Mapping[str, Any], call: Call | None, type_: str, properties: Mapping[str, Any]
) -> str | None:
    """Write down everything that has no column: traits of people are not kept at all."""
    if call == "alias":
        previous = as_id(_first(item, "previousId", "previous_id"), "previousId")
        if previous is None:
            raise RefusedError("alias_incomplete")
        return compact({"previous_id": previous})
    if type_ == "consent_changed":
        return compact(_consent(item, properties))
    kept = without_personal(properties, _COLUMNS)
    if call in {"page", "screen"} and isinstance(item.get("name"), str):
        kept["name"] = item["name"]
    return compact(kept) if kept else None


def _consent(item: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, str | None]:
    said = {name: as_id(_anywhere(name, item, properties), name) for name in ("purpose", "channel", "status")}
    known = {"purpose": PURPOSES, "channel": (*CONSENT_CHANNELS, None), "status": STATUSES}
    for name, value in said.items():
        if value not in known[name]:
            words = [word for word in known[name] if word is not None]
            raise RefusedError("consent_unknown", field=name, expected=words, got=value or "null")
    return said


def _product(item: Mapping[str, Any], properties: Mapping[str, Any]) -> object:
    """Find the product an item is about: named, or the only one of a list."""
    given = _anywhere("product_id", item, properties)
    products = properties.get("products")
    if given is not None or not isinstance(products, list) or len(products) != 1:
        return given
    return products[0].get("product_id") if isinstance(products[0], dict) else None


def _session(item: Mapping[str, Any], properties: Mapping[str, Any], context: Mapping[str, Any]) -> object:
    return _anywhere("session_id", item, properties, context) or _anywhere("sessionId", item, context)


def _page(item: Mapping[str, Any], properties: Mapping[str, Any], context: Mapping[str, Any]) -> object:
    said = item.get("page") or properties.get("path") or properties.get("url") or properties.get("page")
    shown = context.get("page")
    return said or (shown.get("path") or shown.get("url") if isinstance(shown, dict) else None)


def _derived_id(item: Mapping[str, Any], said: datetime | None, place: int, frame: Frame) -> str:
    """Name an event by its content, so that sending it again adds nothing; without a time it is new each time."""
    content = {key: value for key, value in item.items() if key not in _NOT_CONTENT}
    mark = [] if said else [frame.received_at.isoformat(), place]
    text = json.dumps([content, frame.call, *mark], sort_keys=True, ensure_ascii=False)
    return f"h-{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


def _mapping(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = item.get(name)
    if value is None:
        return _NOTHING
    if not isinstance(value, dict):
        raise RefusedError("wrong_type", field=name, expected="object", got=kind(value))
    return value


def _first(item: Mapping[str, Any], *names: str) -> object:
    for name in names:
        value = item.get(name)
        if value is not None:
            return value
    return None


def _anywhere(name: str, *places: Mapping[str, Any]) -> object:
    """Look a value up in the item, its properties and its context, in this order."""
    for place in places:
        value = place.get(name)
        if value is not None:
            return value
    return None
