"""The running visit: a small state that takes in one act after the other, and what the model sees of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from nextbest.models.intent.spec import CEILING, COUNTED, IDLE_MS, MOST_STEPS, Act

Line = tuple[float, float | None]
"""Units and price per unit."""
_NOTHING: Final[Mapping[str, Line]] = MappingProxyType({})
_PLACE: Final = {kind: place for place, kind in enumerate(COUNTED)}
_OF_CART: Final = frozenset({"add", "remove", "cart", "checkout"})
_NONE: Final = (0,) * len(COUNTED)
_DAY_MS: Final = 86_400_000
_UNKNOWN: Final = float("nan")
_MOST_ORDERS: Final = 10
"""The state of a visitor remembers as many."""


class Visit(NamedTuple):
    """What is known of a visit after its last act, and of the visitor's visits before; instants in milliseconds."""

    number: int = 0
    """Of the visitor, 1 first; 0: nothing happened yet."""
    started_at: int = 0
    last_at: int = 0
    session_id: str | None = None
    counts: tuple[int, ...] = _NONE
    """Acts by kind, as in ``COUNTED``."""
    last_kind: float = _UNKNOWN
    """Place of the last act's kind there."""
    products: frozenset[str] = frozenset()
    """Looked at."""
    n_returns: int = 0
    """Views of a product that was looked at before."""
    gap: float = _UNKNOWN
    """Milliseconds between the last two acts."""
    dwell_seconds: float = 0.0
    """On pages that were left: how long the last one is looked at shows only later."""
    last_dwell: float = 0.0
    cart: Mapping[str, Line] = _NOTHING
    previous_at: float = _UNKNOWN
    """End of the visit before."""
    n_orders: int = 0
    last_order_at: float = _UNKNOWN
    is_over: bool = False
    """It ended in an order."""

    @property
    def n_events(self) -> int:
        """Acts so far."""
        return sum(self.counts)

    @property
    def has_cart(self) -> bool:
        """Something is in the cart, or somebody goes to the checkout."""
        return bool(self.cart) or self.counts[_PLACE["checkout"]] > 0


def update(visit: Visit, act: Act) -> Visit:
    """Take one act in; a visit ends with an order, half an hour of silence, or another session id.

    Examples
    --------
    >>> first = update(Visit(), Act(0, "a", "view", "tea"))
    >>> again = update(first, Act(60_000, "b", "view", "tea"))
    >>> again.number, again.n_events, again.n_returns, again.gap
    (1, 2, 1, 60000)
    >>> update(again, Act(60_000 + IDLE_MS + 1, "c", "search")).number
    2
    """
    if not visit.number or visit.is_over or _is_elsewhere(act, visit.last_at, visit.session_id):
        return _with(_anew(visit, act), act, {})
    gone_on = {
        "gap": act.at - visit.last_at,
        "last_at": act.at,
        "session_id": act.session_id or visit.session_id,
        "dwell_seconds": visit.dwell_seconds + visit.last_dwell,
        "last_dwell": 0.0,
    }
    return _with(visit, act, gone_on)


def _with(visit: Visit, act: Act, changes: dict[str, Any]) -> Visit:
    if act.kind == "order":
        changes |= {
            "is_over": True,
            "n_orders": visit.n_orders + 1,
            "last_order_at": act.at,
            "cart": _NOTHING,
        }
        return visit._replace(**changes)
    place = _PLACE[act.kind]
    changes["last_kind"] = place
    changes["counts"] = (*visit.counts[:place], visit.counts[place] + 1, *visit.counts[place + 1 :])
    if act.kind in _OF_CART:
        changes["cart"] = _cart(visit.cart, act)
    elif act.product_id is not None:
        changes["n_returns"] = visit.n_returns + (act.product_id in visit.products)
        changes["products"] = visit.products | {act.product_id}
        changes["last_dwell"] = act.amount or 0.0
    return visit._replace(**changes)


def follow(acts: Sequence[Act]) -> Visit:
    """Take in all acts of a visitor, oldest first: what :func:`update` gives act by act, sooner."""
    visit, start = _before_the_last(acts)
    for act in acts[start:]:
        visit = update(visit, act)
    return visit


def _before_the_last(acts: Sequence[Act]) -> tuple[Visit, int]:
    """Give what is remembered when the last visit begins, and the place of its first act."""
    before, start = Visit(), 0
    number, n_orders, last_at, last_order_at = 0, 0, 0, _UNKNOWN
    session_id, cart, is_over = None, _NOTHING, True
    for place, act in enumerate(acts):
        if is_over or _is_elsewhere(act, last_at, session_id):
            before = Visit(number, last_at=last_at, session_id=session_id, cart=cart, n_orders=n_orders, last_order_at=last_order_at, is_over=is_over)  # fmt: skip
            number, start, session_id, is_over = number + 1, place, act.session_id, False
        last_at, session_id = act.at, act.session_id or session_id
        if act.kind == "order":
            n_orders, last_order_at, cart, is_over = n_orders + 1, act.at, _NOTHING, True
        elif act.kind in _OF_CART:
            cart = _cart(cart, act)
    return before, start


def with_cart(visit: Visit, lines: Iterable[tuple[str, float, float | None]]) -> Visit:
    """Put a cart that is known better in place of the one that was followed."""
    return visit._replace(cart={product: (units, price) for product, units, price in lines})


def features(visit: Visit) -> tuple[float, ...]:
    """Give what the model sees, in the order of ``FEATURES``; NaN where not known.

    Examples
    --------
    >>> visit = follow([Act(0, "a", "view", "tea", 20.0), Act(60_000, "b", "add", "tea", 2.0, 3.5)])
    >>> last_kind, n_events, n_views, n_products, *others = features(visit)
    >>> COUNTED[last_kind], n_events, n_views, n_products, others[10]
    ('add', 2, 1, 1, 7.0)
    """
    views, searches, adds, removes, carts, checkouts, offers, others = visit.counts
    cart = visit.cart.values()
    known = [units * price for units, price in cart if price is not None]
    return (
        visit.last_kind,
        min(visit.n_events, MOST_STEPS),
        *(min(n, CEILING) for n in (views, len(visit.products), visit.n_returns)),
        *(min(n, CEILING) for n in (searches, adds, removes, carts, checkouts, offers, others)),
        len(cart),
        sum(units for units, _ in cart),
        sum(known) if known or not cart else _UNKNOWN,
        (visit.last_at - visit.started_at) / 60_000,
        visit.gap / 1000,
        visit.dwell_seconds,
        (visit.started_at - visit.previous_at) / _DAY_MS,
        min(visit.n_orders, _MOST_ORDERS),
        (visit.last_at - visit.last_order_at) / _DAY_MS,
    )


def _is_elsewhere(act: Act, last_at: int, session_id: str | None) -> bool:
    """Tell whether an act belongs to another visit than the last one."""
    if act.session_id and session_id:
        return act.session_id != session_id
    return act.at - last_at > IDLE_MS


def _anew(visit: Visit, act: Act) -> Visit:
    """Begin the next visit: the cart and what is known of the visitor stay."""
    return Visit(
        number=visit.number + 1,
        started_at=act.at,
        last_at=act.at,
        session_id=act.session_id,
        cart=visit.cart,
        previous_at=visit.last_at if visit.number else _UNKNOWN,
        n_orders=visit.n_orders,
        last_order_at=visit.last_order_at,
    )


def _cart(cart: Mapping[str, Line], act: Act) -> Mapping[str, Line]:
    if act.lines is not None:
        return {product: (units, price) for product, units, price in act.lines}
    if act.product_id is None:
        return cart
    held, price = cart.get(act.product_id, (0.0, None))
    left = (
        held + (act.amount or 0.0)
        if act.kind == "add"
        else held - (held if act.amount is None else act.amount)
    )
    others = {product: line for product, line in cart.items() if product != act.product_id}
    return (
        others | {act.product_id: (left, price if act.price is None else act.price)} if left > 0 else others
    )
