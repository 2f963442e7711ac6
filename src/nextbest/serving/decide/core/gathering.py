"""Candidates: what each source of a placement proposes, one row per subject and thing proposed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nextbest.serving.decide.core.asking import Asked, Scene, Subject
from nextbest.serving.decide.core.shop import KINDS, Ints, Lists, Snapshot
from nextbest.serving.policy import PERSONAL_SOURCES

MOST: Final = 100
"""Candidates of one source at most."""
NAMES: Final = (
    "offers", "repeat", "discover", "cart", "viewed", "instead", "up_sell", "accessories", "gift_wrap", "deep_discount",
    "new_arrivals", "limited_time", "bestsellers", "peers", "threshold", "search", "list", "mandatory", "known",
)  # fmt: skip
"""Sources by number; ``known`` proposes nothing, it only says how probable a purchase is."""
_SOURCE: Final = {name: number for number, name in enumerate(NAMES)}
KNOWN: Final = _SOURCE["known"]
MANDATORY: Final = _SOURCE["mandatory"]
_ADDED: Final = frozenset({"gift_wrap", "deep_discount"})
"""Added to something: nothing for an empty cart."""
_CHEAP: Final = 0.5
_NEAR: Final = 2.0
_REPLENISH, _DISCOVER = KINDS.index("replenish"), KINDS.index("discover")


class Piece(NamedTuple):
    """What one source proposes to one subject; scalars stand for all rows."""

    source: int
    product: NDArray[np.int32]
    strength: NDArray[np.float32] | float = 1.0
    because: NDArray[np.int32] | int = -1
    """Product that points here; -1: none."""
    personal: Ints | int = -1
    """Row of the customer's own list."""
    rule: Ints | int = -1
    special: Ints | int = -1
    """Number of a row of ``offers``, or of a mandatory message."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """All candidates, in the order of requests, placements, sources and their places; shape (rows,) each."""

    ask: Ints
    source: Ints
    product: Ints
    strength: NDArray[np.float64]
    because: Ints
    personal: Ints
    rule: Ints
    special: Ints
    place: Ints
    is_fill: NDArray[np.bool_]


def gather(scene: Scene) -> Gathered:
    """Ask every source of every placement."""
    pieces, owner, fill = [], [], []
    for number, asked in enumerate(scene.asked):
        for is_fill, piece in _pieces(scene, asked):
            if len(piece.product):
                pieces.append(piece)
                owner.append(number)
                fill.append(is_fill)
    lengths = np.fromiter((len(piece.product) for piece in pieces), np.int64, len(pieces))
    begins = np.cumsum(lengths) - lengths

    def spread(values: list[int]) -> Ints:
        return np.repeat(np.asarray(values, np.int64), lengths)

    def joined(place: int, dtype: type) -> NDArray[Any]:
        values = [piece[place] for piece in pieces]
        if not any(isinstance(one, np.ndarray) for one in values):
            return np.repeat(np.asarray(values, dtype), lengths)
        filled: NDArray[Any] = np.empty(int(lengths.sum()), dtype)
        for value, begin, length in zip(values, begins.tolist(), lengths.tolist(), strict=True):
            filled[begin : begin + length] = value
        return filled

    ints = {
        name: joined(Piece._fields.index(name), np.int64)
        for name in ("product", "because", "personal", "rule", "special")
    }
    return Gathered(
        ask=spread(owner),
        source=spread([piece.source for piece in pieces]),
        strength=joined(2, np.float64),
        place=np.arange(int(lengths.sum())) - np.repeat(begins, lengths),
        is_fill=np.repeat(np.asarray(fill, np.bool_), lengths),
        **ints,
    )


def _pieces(scene: Scene, asked: Asked) -> Iterator[tuple[bool, Piece]]:
    """Give what each source proposes, and whether it only fills places that are left."""
    subject, placement = scene.subjects[asked.subject], asked.placement
    for number, message in enumerate(scene.compiled.policy.mandatory):
        if placement.id in message.placements:
            nothing = np.array([len(scene.snapshot.products)], np.int32)
            yield False, Piece(MANDATORY, nothing, special=len(scene.snapshot.specials) + number)
    for is_fill, name in scene.compiled.sources[placement.id]:
        if (name not in PERSONAL_SOURCES or subject.is_personal) and (name not in _ADDED or subject.cart):
            for piece in _FOUND[name](scene, subject) if name in _FOUND else _listed(scene, name):
                yield is_fill, piece
    if subject.is_personal and "offers" not in placement.sources:
        lo, hi = _span(scene.snapshot, subject)
        yield False, Piece(KNOWN, scene.snapshot.personal.product[lo:hi], personal=np.arange(lo, hi))


def _span(snapshot: Snapshot, subject: Subject) -> tuple[int, int]:
    start = snapshot.personal.start
    return int(start[subject.row]), int(start[subject.row + 1])


def _offers(scene: Scene, subject: Subject) -> Sequence[Piece]:
    """Give next_best_offers first, then what the length of that list cut off."""
    own = scene.snapshot.personal
    lo, hi = _span(scene.snapshot, subject)
    return (Piece(_SOURCE["offers"], own.product[lo:hi], personal=np.arange(lo, hi)),)


def _of_kind(name: str, kind: int) -> Callable[[Scene, Subject], Sequence[Piece]]:
    def found(scene: Scene, subject: Subject) -> Sequence[Piece]:
        own = scene.snapshot.personal
        lo, hi = _span(scene.snapshot, subject)
        rows = lo + np.flatnonzero(own.kind[lo:hi] == kind)
        return (Piece(_SOURCE[name], own.product[rows], personal=rows),)

    return found


def _linked(source: str, links: Lists, product: int) -> Piece:
    lo, hi = links.span(product)
    return Piece(_SOURCE[source], links.product[lo:hi], links.strength[lo:hi], product)


def _cart(scene: Scene, subject: Subject) -> Sequence[Piece]:
    """Give the heads of rules whose body is in the cart, and what goes with each product in it; the strongest first."""
    shop, n = scene.snapshot, len(scene.snapshot.products)
    if not subject.cart:
        return ()
    code = shop.products.category_code
    keys = {
        **{one: one for one in subject.cart},
        **{n + int(code[one]): one for one in subject.cart if code[one] >= 0},
    }
    rows, because = [], []
    for key, product in keys.items():
        if key + 1 < len(shop.rules.start):
            lo, hi = int(shop.rules.start[key]), int(shop.rules.start[key + 1])
            rows.append(np.arange(lo, hi))
            because.append(np.full(hi - lo, product))
    rule, why = np.concatenate(rows), np.concatenate(because)
    fits = np.isin(shop.rules.other[rule], [-1, *keys])
    rule, why = rule[fits], why[fits]
    links = [_linked("cart", shop.goes_with, one) for one in subject.cart]
    head = np.concatenate([shop.rules.head[rule], *(one.product for one in links)])
    strength = np.concatenate([shop.rules.strength[rule], *(np.asarray(one.strength) for one in links)])
    why = np.concatenate([why, *(np.full(len(one.product), one.because) for one in links)])
    rule = np.concatenate([rule, np.full(len(head) - len(rule), -1)])
    best = np.lexsort((rule, why, head, -strength))[:MOST]
    return (Piece(_SOURCE["cart"], head[best], strength[best], why[best].astype(np.int32), rule=rule[best]),)


def _viewed(scene: Scene, subject: Subject) -> Sequence[Piece]:
    return (_linked("viewed", scene.snapshot.goes_with, subject.viewed),) if subject.viewed >= 0 else ()


def _instead(scene: Scene, subject: Subject) -> Sequence[Piece]:
    return (_linked("instead", scene.snapshot.instead_of, subject.viewed),) if subject.viewed >= 0 else ()


def _up_sell(scene: Scene, subject: Subject) -> Sequence[Piece]:
    if subject.viewed < 0:
        return ()
    return (_linked("up_sell", scene.snapshot.better, subject.viewed)._replace(strength=1.0),)


def _accessories(scene: Scene, subject: Subject) -> Sequence[Piece]:
    """Give what goes with a product in the cart and costs at most half of it."""
    price, pieces = scene.snapshot.products.usual_price, []
    for product in subject.cart:
        found = _linked("accessories", scene.snapshot.goes_with, product)
        cheap = price[found.product] <= _CHEAP * price[product]
        pieces.append(
            found._replace(product=found.product[cheap], strength=np.asarray(found.strength)[cheap])
        )
    return pieces


def _global(name: str) -> Callable[[Scene, Subject], Sequence[Piece]]:
    def found(scene: Scene, subject: Subject) -> Sequence[Piece]:  # noqa: ARG001
        products = scene.snapshot.global_lists.get(name)
        return () if products is None else (Piece(_SOURCE[name], products[:MOST]),)

    return found


def _limited_time(scene: Scene, subject: Subject) -> Sequence[Piece]:  # noqa: ARG001
    """Give the rows of ``offers`` that are in force."""
    if not scene.snapshot.specials:
        return ()
    numbers = [
        number
        for number, one in enumerate(scene.snapshot.specials)
        if (one.starts_at is None or one.starts_at <= scene.now)
        and (one.ends_at is None or scene.now < one.ends_at)
    ][:MOST]
    product = np.array([scene.snapshot.specials[number].products[0] for number in numbers], np.int32)
    return (Piece(_SOURCE["limited_time"], product, special=np.array(numbers, np.int64)),)


def _peers(scene: Scene, subject: Subject) -> Sequence[Piece]:
    found = scene.snapshot.peer_lists.get(int(scene.snapshot.customers.peers[subject.row]))
    return () if found is None else (Piece(_SOURCE["peers"], found),)


def gap_of(scene: Scene, subject: Subject) -> tuple[int, float] | None:
    """Give the next threshold above the cart, and how much of it is missing.

    ``None``: the value of the cart is not known, or it is above all thresholds.
    """
    if subject.cart_value is None or not subject.cart:
        return None
    amounts = [float(one.amount) for one in scene.compiled.policy.thresholds]
    above = [
        (amount - subject.cart_value, number)
        for number, amount in enumerate(amounts)
        if amount > subject.cart_value
    ]
    gap, number = min(above, default=(0.0, -1))
    return None if number < 0 else (number, round(gap, 4))


def _threshold(scene: Scene, subject: Subject) -> Sequence[Piece]:
    """Give what fills the gap without going far beyond it, else what comes closest to filling it; the closest first."""
    missing = gap_of(scene, subject)
    if missing is None:
        return ()
    _, gap = missing
    shop = scene.snapshot
    pools = [shop.global_lists.get("bestsellers", np.empty(0, np.int32))]
    pools += [_linked("threshold", shop.goes_with, product).product for product in subject.cart]
    if subject.is_personal:
        lo, hi = _span(shop, subject)
        pools.append(shop.personal.product[lo:hi])
    pool = np.unique(np.concatenate(pools))
    price = shop.products.usual_price[pool]
    fits = (price >= gap) & (price <= _NEAR * gap)
    near = fits if fits.any() else price < gap
    order = np.lexsort((pool[near], np.abs(price[near] - gap)))
    return (Piece(_SOURCE["threshold"], pool[near][order][:MOST]),)


def _search(scene: Scene, subject: Subject) -> Sequence[Piece]:
    """Give what the search found; what it found first fits better."""
    index = scene.snapshot.products.index
    found = dict.fromkeys(index[one] for one in subject.request.results if one in index)
    strength = 1 / np.log2(np.arange(len(found)) + 2)
    return (Piece(_SOURCE["search"], np.array(list(found), np.int32), strength.astype(np.float32)),)


def _listed(scene: Scene, name: str) -> Sequence[Piece]:
    """Give the products of a list that the policy names."""
    plain = name.removeprefix("list:")
    index = scene.snapshot.products.index
    found = [index[one] for one in scene.compiled.policy.lists.get(plain, ()) if one in index]
    return (Piece(_SOURCE.get(name, _SOURCE["list"]), np.array(found[:MOST], np.int32)),)


_FOUND: Final[Mapping[str, Callable[[Scene, Subject], Sequence[Piece]]]] = {
    "offers": _offers,
    "repeat": _of_kind("repeat", _REPLENISH),
    "discover": _of_kind("discover", _DISCOVER),
    "cart": _cart,
    "viewed": _viewed,
    "instead": _instead,
    "up_sell": _up_sell,
    "accessories": _accessories,
    "new_arrivals": _global("new_arrivals"),
    "limited_time": _limited_time,
    "bestsellers": _global("bestsellers"),
    "peers": _peers,
    "threshold": _threshold,
    "search": _search,
}
