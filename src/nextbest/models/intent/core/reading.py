"""Events as acts: what each row says of a visit, and which visitor's it is."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson

from nextbest.models.intent.spec import NOT_ACTS, TYPES, Act

EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  instants here are UTC without zone
MILLISECOND: Final = timedelta(milliseconds=1)
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GAP: Final = re.compile(r"[\W_]+")
_MOST_LINES: Final = 50
_MANY: Final = 1e6
"""Nobody puts so many units into a cart."""
_NEED_PRODUCT: Final = frozenset({"view", "add", "remove"})
_WHOLE: Final = frozenset({"cart", "checkout"})


class Row(NamedTuple):
    """One row of ``events``."""

    event_id: str
    occurred_at: datetime
    """UTC without zone."""
    type: str
    customer_id: str | None = None
    anonymous_id: str | None = None
    session_id: str | None = None
    product_id: str | None = None
    query: str | None = None
    dwell_seconds: float | None = None
    properties: str | None = None


def act_of(row: Row) -> Act | None:
    """Read an event; ``None``: nothing that the visitor did.

    Examples
    --------
    >>> act_of(Row("e1", datetime(1970, 1, 1, 0, 0, 1), "Product Added", product_id="tea", properties='{"quantity": 2}'))
    Act(at=1000, mark='be920eda9b', kind='add', product_id='tea', amount=2.0, price=None, lines=None, session_id=None)
    >>> act_of(Row("e2", EPOCH, "Decision Shown"))
    """
    named = _snake(row.type)
    if named in NOT_ACTS:
        return None
    kind = TYPES.get(named, "other")
    if (kind in _NEED_PRODUCT and row.product_id is None) or (kind == "search" and not row.query):
        kind = "other"
    mark = hashlib.blake2b(row.event_id.encode(), digest_size=5).hexdigest()
    act = Act((row.occurred_at - EPOCH) // MILLISECOND, mark, kind, session_id=row.session_id)
    if kind == "view":
        return act._replace(product_id=row.product_id, amount=row.dwell_seconds)
    if kind in {"add", "remove"}:
        said = _said(row.properties)
        units = units_of(said.get("quantity"), 1.0 if kind == "add" else None)
        return act._replace(product_id=row.product_id, amount=units, price=price_of(said.get("price")))
    return act._replace(lines=_lines(_said(row.properties))) if kind in _WHOLE else act


def by_visitor(rows: Iterable[Row]) -> dict[str, list[Act]]:
    """Sort acts by visitor and instant, whatever the order of the rows.

    A visitor is a device, so that nothing is known before the visitor says who it is; what comes without a device belongs to the one
    that the customer used last.

    Examples
    --------
    >>> rows = [
    ...     Row("e2", datetime(2026, 1, 31, 13), "Order Completed", "ann"),
    ...     Row("e1", datetime(2026, 1, 31, 12), "Product Viewed", "ann", "phone", product_id="tea"),
    ... ]
    >>> {visitor: [act.kind for act in acts] for visitor, acts in by_visitor(rows).items()}
    {'a:phone': ['view', 'order']}
    """
    read = sorted(
        ((act, row) for row in rows if (act := act_of(row)) is not None),
        key=lambda pair: (*pair[0].place, pair[1].event_id),
    )
    used_last: dict[str, str] = {}
    visitors: dict[str, list[Act]] = {}
    for act, row in read:
        visitors.setdefault(_visitor(row, used_last), []).append(act)
    return visitors


def _visitor(row: Row, used_last: dict[str, str]) -> str:
    if row.anonymous_id is not None:
        if row.customer_id is not None:
            used_last[row.customer_id] = row.anonymous_id
        return f"a:{row.anonymous_id}"
    if row.customer_id is None:
        return f"s:{row.session_id or row.event_id}"
    device = used_last.get(row.customer_id)
    return f"c:{row.customer_id}" if device is None else f"a:{device}"


def units_of(value: object, otherwise: float | None) -> float | None:
    """Read units: a positive number, also as text; anything else is not said."""
    units = _number(value)
    return units if units is not None and 0 < units < _MANY else otherwise


def price_of(value: object) -> float | None:
    """Read a price, also as text."""
    price = _number(value)
    return price if price is not None and price >= 0 else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _said(properties: str | None) -> Mapping[str, Any]:
    try:
        said = orjson.loads(properties) if properties else {}
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _lines(said: Mapping[str, Any]) -> tuple[tuple[str, float, float | None], ...] | None:
    products = said.get("products")
    if not isinstance(products, list):
        return None
    lines = (
        (str(one["product_id"]), units_of(one.get("quantity"), 1.0), price_of(one.get("price")))
        for one in products[:_MOST_LINES]
        if isinstance(one, dict) and isinstance(one.get("product_id"), str | int)
    )
    return tuple((product, units, price) for product, units, price in lines if units)


def _snake(name: str) -> str:
    return _GAP.sub("_", _HUMP.sub("_", name)).strip("_").lower()
