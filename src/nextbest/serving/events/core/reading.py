"""The body of a request turned into events: one item, a list, or a batch, each item kept or refused by itself."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from nextbest.base.errors import DataError
from nextbest.serving.events.core.items import Frame, read_item
from nextbest.serving.events.core.values import RefusedError, as_instant, kind
from nextbest.serving.events.spec import Call, Event, EventSettings, Parsed, Rejected


def parse(body: bytes, received_at: datetime, settings: EventSettings, *, call: Call | None = None) -> Parsed:
    """Read the body of a request: an item, a list of items, ``{"batch": [...]}`` or ``{"events": [...]}``.

    Parameters
    ----------
    body
        JSON in UTF-8.
    received_at
        When it came, with its time zone.
    settings
        What may be sent.
    call
        Of the route (``/v1/track``), where items do not name theirs.

    Raises
    ------
    DataError
        The body is too long, no JSON, or holds no items; single items that cannot be kept are in ``rejected``.

    Examples
    --------
    >>> noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    >>> parsed = parse(b'[{"type": "Cart Viewed", "customer_id": "ann"}, 7]', noon, EventSettings())
    >>> [event.type for event in parsed.events], [(item.index, item.code) for item in parsed.rejected]
    (['cart_viewed'], [(1, 'events.no_object')])
    """
    if len(body) > settings.max_body_bytes:
        raise DataError("events.body_too_large", got=len(body), expected=settings.max_body_bytes)
    content = _content(body)
    return read_items(content, received_at, settings, call=call)


def read_items(
    content: object, received_at: datetime, settings: EventSettings, *, call: Call | None = None
) -> Parsed:
    """Read what was parsed from JSON already; see :func:`parse`."""
    if received_at.tzinfo is None:
        raise DataError("events.received_without_zone", got=received_at.isoformat())
    frame = Frame(received_at.astimezone(UTC).replace(tzinfo=None), settings, call=call)
    items, frame = _items(content, frame)
    if len(items) > settings.max_items:
        raise DataError("events.too_many", got=len(items), expected=settings.max_items)
    events: list[Event] = []
    rejected: list[Rejected] = []
    for index, item in enumerate(items):
        try:
            events.append(read_item(item, index, frame))
        except RefusedError as refused:
            rejected.append(Rejected(index, refused.code, refused.values))
    return Parsed(tuple(events), tuple(rejected))


def _content(body: bytes) -> object:
    """Parse a body; where it is not quite JSON, let what is wrong with a text or a number cost only its own item."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        reason = (
            str(error) if isinstance(error, json.JSONDecodeError) else "numbers too long or nested too deep"
        )
        raise DataError("events.body_no_json", reason=reason) from None


def _finite(text: str) -> object:
    """Read a number; one that is not finite becomes what no JSON can hold, so that its item is refused."""
    number = float(text)
    return number if math.isfinite(number) else object()


def _items(content: object, frame: Frame) -> tuple[Sequence[object], Frame]:
    """Take the items out of their envelope, with what it says of all of them."""
    if isinstance(content, list):
        return content, frame
    if not isinstance(content, dict):
        raise DataError("events.body_no_items", got=kind(content))
    held = content.get("batch", content.get("events"))
    if held is None and content.get("type") != "batch":
        return [content], frame
    if not isinstance(held, list):
        raise DataError("events.body_no_items", got=kind(held))
    return held, frame._replace(sent_at=_sent_at(content), context=_context(content))


def _sent_at(envelope: Mapping[str, Any]) -> datetime | None:
    try:
        return as_instant(envelope.get("sentAt", envelope.get("sent_at")), "sentAt")
    except RefusedError as refused:
        raise DataError(refused.code, **refused.values) from None


def _context(envelope: Mapping[str, Any]) -> Mapping[str, Any]:
    context = envelope.get("context")
    return context if isinstance(context, dict) else {}
