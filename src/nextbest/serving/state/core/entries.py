"""What one event says of its subject, as entries of the document."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from nextbest.serving.events import DECISION_VERBS, Event
from nextbest.serving.state.core.joining import Entry, join
from nextbest.serving.state.spec import MAX_LINES, MAX_TEXT, Document

EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  instants here are UTC without zone
MILLISECOND: Final = timedelta(milliseconds=1)


def take_in(document: Document, event: Event) -> Document:
    """Take one event into a document; the document given stays as it is.

    Examples
    --------
    >>> noon = datetime(2026, 1, 31, 12)
    >>> viewed = Event("e1", "product_viewed", "Product Viewed", noon, noon, "ann", product_id="tea")
    >>> take_in(take_in({}, viewed), viewed)
    {'views': [[1769860800000, 'be920eda9b', 'tea', None]]}
    """
    at = (event.occurred_at - EPOCH) // MILLISECOND
    mark = [at, hashlib.blake2b(event.event_id.encode(), digest_size=5).hexdigest()]
    return join(document, _WAYS.get(event.type, _other)(event, mark))


def _other(event: Event, mark: Entry) -> Document:
    return {"others": [[*mark, _short(event.type)]]}


def _view(event: Event, mark: Entry) -> Document:
    if event.product_id is None:
        return _other(event, mark)
    return {"views": [[*mark, _short(event.product_id), event.dwell_seconds]]}


def _search(event: Event, mark: Entry) -> Document:
    return {"searches": [[*mark, _short(event.query)]]} if event.query else _other(event, mark)


def _cart_change(sign: str, units_if_unsaid: float | None) -> Callable[[Event, Entry], Document]:
    def change(event: Event, mark: Entry) -> Document:
        if event.product_id is None:
            return _other(event, mark)
        said = _properties(event)
        units = _number(said.get("quantity"), units_if_unsaid)
        return {"cart": [[*mark, sign, _short(event.product_id), units, _price(said.get("price"))]]}

    return change


def _whole_cart(event: Event, mark: Entry) -> Document:
    products = _properties(event).get("products")
    if not isinstance(products, list):
        return _other(event, mark)
    return _other(event, mark) | {"emptied": [*mark, _lines(products)]}


def _order(event: Event, mark: Entry) -> Document:
    products = _properties(event).get("products")
    lines = _lines(products) if isinstance(products, list) else []
    named = [line[0] for line in lines] or ([_short(event.product_id)] if event.product_id else [])
    return {"orders": [[*mark, named]], "emptied": [*mark, []]}


def _decision(event: Event, mark: Entry) -> Document:
    offer_id = None if event.offer_id is None else _short(event.offer_id)
    return {"offers": [[*mark, DECISION_VERBS[event.type], _short(event.decision_id or ""), offer_id]]}


def _consent(event: Event, mark: Entry) -> Document:
    said = _properties(event)
    key = f"{said.get('purpose')}|{said.get('channel') or ''}"
    return _other(event, mark) | {"consents": {key: [*mark, said.get("status")]}}


_WAYS: Final[dict[str, Callable[[Event, Entry], Document]]] = {
    "product_viewed": _view,
    "product_clicked": _view,
    "product_added": _cart_change("+", 1.0),
    "product_removed": _cart_change("-", None),
    "products_searched": _search,
    "cart_viewed": _whole_cart,
    "checkout_started": _whole_cart,
    "order_completed": _order,
    "consent_changed": _consent,
    **dict.fromkeys(DECISION_VERBS, _decision),
}
"""What each type of event says of its subject; a removal without a quantity takes the whole line."""


def _lines(products: Sequence[object]) -> list[Entry]:
    lines = (
        [
            _short(str(product["product_id"])),
            _number(product.get("quantity"), 1.0),
            _price(product.get("price")),
        ]
        for product in products[:MAX_LINES]
        if isinstance(product, dict) and isinstance(product.get("product_id"), str | int)
    )
    return [line for line in lines if line[1]]


def _properties(event: Event) -> Mapping[str, Any]:
    said: Mapping[str, Any] = orjson.loads(event.properties) if event.properties else {}
    return said


def _number(value: object, otherwise: float | None) -> float | None:
    """Read units: a positive number, also as text; anything else is not said."""
    try:
        units = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else 0.0
    except (ValueError, OverflowError):
        return otherwise
    return units if 0 < units < _MANY else otherwise


_MANY: Final = 1e6
"""Nobody puts so many units into a cart."""


def _price(value: object) -> str | None:
    is_said = isinstance(value, int | float | str) and not isinstance(value, bool)
    return str(value)[:20] if is_said else None


def _short(text: str) -> str:
    return text[:MAX_TEXT]
