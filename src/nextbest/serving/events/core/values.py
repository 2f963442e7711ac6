"""Single values of an item: text, numbers, instants, names; what cannot be read is refused with its reason."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from nextbest.base.messages import Value
from nextbest.serving.events.spec import PERSONAL_PROPERTIES, EventSettings

MAX_ID: Final = 200
"""Characters of an id or a name."""
MAX_QUERY: Final = 500
"""Characters kept of words searched or of a page."""
_DAY_SECONDS: Final = 86_400.0
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GAP: Final = re.compile(r"[\W_]+")
_ADDRESSES: Final = frozenset({"url", "referrer", "path", "page"})
"""Properties that are addresses: what follows "?" or "#" may hold anything, and is cut off."""


class RefusedError(Exception):
    """An item cannot be kept; the code says why."""

    def __init__(self, reason: str, **values: Value) -> None:
        super().__init__(reason)
        self.code = f"events.{reason}"
        self.values = values


def as_id(value: object, name: str) -> str | None:
    """Read an id: text or a whole number.

    Examples
    --------
    >>> as_id(" c1 ", "customer_id"), as_id(7, "customer_id"), as_id("", "customer_id")
    ('c1', '7', None)
    """
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise RefusedError("wrong_type", field=name, expected="text", got=kind(value))
    text = value.strip()
    if len(text) > MAX_ID:
        raise RefusedError("id_too_long", field=name, got=len(text), expected=MAX_ID)
    return text or None


def as_words(value: object, name: str) -> str | None:
    """Read words that a person typed, cut to a length that is kept."""
    if value is None:
        return None
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise RefusedError("wrong_type", field=name, expected="text", got=kind(value))
    return str(value).strip()[:MAX_QUERY] or None


def as_seconds(value: object, name: str) -> float | None:
    """Read a length of time in seconds, up to a day."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedError("wrong_type", field=name, expected="number", got=kind(value))
    if not 0 <= value <= _DAY_SECONDS:
        raise RefusedError("out_of_range", field=name, expected="0 - 86,400", got=f"{value:.6g}")
    return float(value)


def as_instant(value: object, name: str) -> datetime | None:
    """Read an instant, ISO 8601 or RFC 3339; one without a zone is UTC.

    Examples
    --------
    >>> as_instant("2026-11-21T10:02:11.5+08:00", "timestamp")
    datetime.datetime(2026, 11, 21, 2, 2, 11, 500000)
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise RefusedError("wrong_type", field=name, expected="2026-11-21T10:02:11Z", got=kind(value))
    try:
        instant = datetime.fromisoformat(value)
        return (instant.astimezone(UTC) if instant.tzinfo else instant).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise RefusedError("no_time", field=name, got=value[:40]) from None


def when(
    said: datetime | None, sent_at: datetime | None, received_at: datetime, settings: EventSettings
) -> datetime:
    """Tell when something happened by the clock of the server.

    A device's clock may be wrong by years; how long before sending something happened is right all the same [1]_.

    Examples
    --------
    >>> noon = datetime(2026, 1, 31, 12)
    >>> when(datetime(1999, 1, 1, 0, 0), datetime(1999, 1, 1, 0, 5), noon, EventSettings())
    datetime.datetime(2026, 1, 31, 11, 55)

    References
    ----------
    .. [1] Segment Spec, Common Fields, Timestamps: timestamp = receivedAt - (sentAt - originalTimestamp).
    """
    if said is None:
        return received_at
    happened = said if sent_at is None else received_at - (sent_at - said)
    if happened > received_at + timedelta(days=settings.future_days):
        raise RefusedError("future", got=said.isoformat(), days=settings.future_days)
    if happened < received_at - timedelta(days=settings.ancient_days):
        raise RefusedError("ancient", got=said.isoformat(), days=settings.ancient_days)
    return min(happened, received_at)


@functools.lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """Write a name in snake case.

    Examples
    --------
    >>> snake("Product List Viewed"), snake("orderCompleted"), snake("加入购物车")
    ('product_list_viewed', 'order_completed', '加入购物车')
    """
    return _GAP.sub("_", _HUMP.sub("_", name)).strip("_").lower()


def page(value: object, name: str) -> str | None:
    """Read a page: the path of an address, without what follows "?" or "#".

    Examples
    --------
    >>> page("https://shop.example/cart?mail=ann@example.org", "page"), page("/cart#top", "page")
    ('/cart', '/cart')
    """
    text = as_words(value, name)
    if text is None:
        return None
    address = _bare(text)
    _, scheme, rest = address.partition("://")
    return f"/{rest.partition('/')[2]}" if scheme else address or None


def without_personal(properties: Mapping[str, Any], taken: frozenset[str]) -> dict[str, Any]:
    """Leave out what names or reaches a person, what has a column of its own, and the tails of addresses."""
    return {
        key: _kept(key, value)
        for key, value in properties.items()
        if key not in taken and snake(key) not in PERSONAL_PROPERTIES
    }


def depth(value: object) -> int:
    """Count how deep lists and objects are nested in one another.

    Examples
    --------
    >>> depth(1), depth([]), depth({"a": [{}]})
    (0, 1, 3)
    """
    if isinstance(value, dict):
        return 1 + max((depth(inner) for inner in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((depth(inner) for inner in value), default=0)
    return 0


def kind(value: object) -> str:
    """Name a JSON type."""
    names: dict[type, str] = {
        dict: "object",
        list: "list",
        str: "text",
        bool: "true/false",
        type(None): "null",
    }
    return names.get(type(value), "number")


def _kept(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return without_personal(value, frozenset())
    if isinstance(value, list):
        return [_kept(key, inner) for inner in value]
    return _bare(value) if key in _ADDRESSES and isinstance(value, str) else value


def _bare(address: str) -> str:
    return address.partition("?")[0].partition("#")[0]
