"""Rows of the funnel: each thing proposed to each subject once, with what is known of it; and the columns of conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nextbest.serving.decide.core.asking import Scene, ages, local_time
from nextbest.serving.decide.core.gathering import KNOWN, MANDATORY, NAMES, Gathered, gather
from nextbest.serving.decide.core.shop import KINDS, MONEY, Bools, Floats, Ints
from nextbest.serving.decide.spec import CUSTOMER_COLUMNS

_KIND_OF: Final = {
    "offers": "discover", "repeat": "replenish", "discover": "discover", "cart": "cross_sell", "viewed": "cross_sell",
    "instead": "cross_sell", "up_sell": "up_sell", "accessories": "cross_sell", "gift_wrap": "cross_sell",
    "deep_discount": "cross_sell", "new_arrivals": "discover", "limited_time": "offer", "bestsellers": "discover",
    "peers": "discover", "threshold": "cross_sell", "search": "discover", "list": "discover", "mandatory": "mandatory",
    "known": "discover",
}  # fmt: skip
_KINDS: Final = np.array([KINDS.index(_KIND_OF[name]) for name in NAMES])
_MOST_CONTEXT: Final = 10.0
OF_THE_VISIT: Final = np.isin(
    NAMES, ["cart", "viewed", "instead", "up_sell", "accessories", "threshold", "search"]
)
"""Sources that cart, page or search point to."""
OF_THE_RUN: Final = np.isin(NAMES, ["offers", "repeat", "discover", "new_arrivals", "bestsellers", "peers"])
"""Sources of the nightly run: what they propose has the kind and the reason that the run found for the customer."""


@dataclass(slots=True)
class Rows:
    """Candidates; shape (rows,) each, by placement asked, then by item."""

    ask: Ints
    item: Ints
    """Key of what is proposed: products by number, then rows of ``offers``, then mandatory messages."""
    source: Ints
    product: Ints
    kind: Ints
    because: Ints
    personal: Ints
    rule: Ints
    special: Ints
    order: Ints
    """Place in the order in which sources proposed them."""
    strength: Floats
    probability: Floats
    """NaN: not known."""
    margin: Floats
    is_fill: Bools
    """Only for places that are left."""
    is_mandatory: Bools

    def __len__(self) -> int:
        return len(self.ask)


def rows_of(scene: Scene) -> Rows:
    """Gather candidates and merge what several sources propose: the first gives the reason, the strongest the strength."""
    found = gather(scene)
    n = len(scene.snapshot.products) + 1
    width = n + len(scene.snapshot.specials) + len(scene.compiled.policy.mandatory)
    item = np.where(found.special >= 0, n + found.special, found.product)
    key = found.ask * width + item
    by_key = np.argsort(key, kind="stable")
    ordered = key[by_key]
    begins = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(key)])
    first = by_key[begins]
    personal = np.maximum.reduceat(found.personal[by_key], begins)
    strength = np.maximum.reduceat(found.strength[by_key], begins)
    kept = np.flatnonzero(found.source[first] != KNOWN)
    return _described(scene, found, first[kept], _Merged(item[first[kept]], personal[kept], strength[kept]))


@dataclass(frozen=True, slots=True)
class _Merged:
    item: Ints
    personal: Ints
    strength: Floats


def _described(scene: Scene, found: Gathered, first: Ints, merged: _Merged) -> Rows:
    """Add what is known of each candidate.

    Its probability is the customer's own; of what is not among the customer's candidates the shop's base rate times the
    customer's factor. What the nightly run proposes keeps its kind.
    """
    own, products = scene.snapshot.personal, scene.snapshot.products
    ask, source, product = found.ask[first], found.source[first], found.product[first]
    is_own, is_mandatory = merged.personal >= 0, source == MANDATORY
    probability = products.base_rate[product].astype(np.float64)
    kind = _KINDS[source]
    if len(own.product):
        rows = scene.of_subjects([one.row if one.is_personal else -1 for one in scene.subjects], np.int64)
        factor = np.where(rows < 0, 1.0, own.factor[rows])[ask]
        mine = own.probability[merged.personal].astype(np.float64)
        probability = np.where(is_own, mine, probability * factor)
        kind = np.where(is_own & OF_THE_RUN[source], own.kind[merged.personal], kind)
    return Rows(
        ask=ask,
        item=merged.item,
        source=source,
        product=product,
        kind=kind.astype(np.int64),
        because=found.because[first],
        personal=merged.personal,
        rule=found.rule[first],
        special=found.special[first],
        order=first,
        strength=merged.strength,
        probability=probability,
        margin=_margins(scene, found.special[first], product),
        is_fill=found.is_fill[first],
        is_mandatory=is_mandatory,
    )


def _margins(scene: Scene, special: Ints, product: Ints) -> Floats:
    """Give the margin per order; of offers at their own price."""
    margin, specials = scene.snapshot.products.margin[product], scene.snapshot.specials
    for row in np.flatnonzero((special >= 0) & (special < len(specials))).tolist():
        margin[row] = specials[special[row]].margin
    return margin


def parts_of(scene: Scene, rows: Rows) -> tuple[Rows, Ints]:
    """Give a row per product of what is proposed, and the candidate that it is of: a bundle must be right as a whole."""
    lengths = np.ones(len(rows), np.int64)
    specials = scene.snapshot.specials
    bundles = [number for number, one in enumerate(specials) if len(one.products) > 1]
    for number in bundles:
        lengths[rows.special == number] = len(specials[number].products)
    whole = np.repeat(np.arange(len(rows)), lengths)
    if len(whole) == len(rows):
        return rows, whole
    parts = Rows(**{name: getattr(rows, name)[whole] for name in Rows.__slots__})
    for number in bundles:
        mine = np.flatnonzero(parts.special == number)
        parts.product[mine] = np.resize(specials[number].products, len(mine))
    return parts, whole


def context_of(scene: Scene, rows: Rows) -> Floats:
    """Give how strongly cart, page and visit point to each candidate; 1: not at all.

    The intent of the session raises what belongs to this visit, and lowers it where a purchase is less likely than usual.
    """
    is_here = OF_THE_VISIT[rows.source]
    context = np.where(is_here, np.minimum(rows.strength, _MOST_CONTEXT), 1.0)
    intents = [subject.request.intent for subject in scene.subjects]
    if any(intent is not None for intent in intents):
        usual = scene.snapshot.intent.usual if scene.snapshot.intent else 0.5
        intent = scene.of_subjects([usual if one is None else one for one in intents], np.float64)[rows.ask]
        context = np.where(is_here, context * (0.5 + intent) / (0.5 + usual), context)
    return context


def offer_id(scene: Scene, rows: Rows, row: int) -> str:
    """Name what a row proposes."""
    return offer_name(scene, int(rows.kind[row]), int(rows.product[row]), int(rows.special[row]))


def offer_name(scene: Scene, kind: int, product: int, special: int) -> str:
    """Name what is proposed: kind and product, as *offers* does, or the id of the offer or message."""
    specials = scene.snapshot.specials
    if special < 0:
        return f"{KINDS[kind]}:{scene.snapshot.products.ids[product]}"
    if special < len(specials):
        return specials[special].offer_id
    return scene.compiled.policy.mandatory[special - len(specials)].offer_id


class Columns(Mapping[str, ArrayLike]):
    """What conditions may name, for some of the rows; made when asked for."""

    def __init__(self, scene: Scene, rows: Rows, which: Ints, names: tuple[str, ...]) -> None:
        self._scene, self._rows, self._which, self._names = scene, rows, which, names

    def __getitem__(self, name: str) -> ArrayLike:
        if name in _CANDIDATE:
            return _CANDIDATE[name](self._scene, self._rows, self._which)
        if name in _REQUEST:
            key = f"column {name}"
            if key not in self._scene.memory:
                self._scene.memory[key] = _REQUEST[name](self._scene)
            values: ArrayLike = self._scene.memory[key][self._rows.ask[self._which]]
            return values
        return self._customer(name)

    def __iter__(self) -> Any:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _customer(self, name: str) -> ArrayLike:
        subjects = self._scene.of_subjects(
            [one.row if one.is_personal else -1 for one in self._scene.subjects], np.int64
        )
        rows = subjects[self._rows.ask[self._which]]
        column = self._scene.snapshot.customers.attributes.get(name)
        if column is not None:
            return column.at(rows)
        dtype = {"string": "O", "boolean": "bool", "date": "M8[D]"}.get(CUSTOMER_COLUMNS[name], "f8")
        return np.ma.MaskedArray(np.zeros(len(rows), dtype), np.ones(len(rows), np.bool_))


_Candidate = Callable[[Scene, Rows, Ints], ArrayLike]


def _of_product(name: str) -> _Candidate:
    return lambda scene, rows, which: getattr(scene.snapshot.products, name)[rows.product[which]]


def _words(values: list[str]) -> NDArray[np.object_]:
    return np.array(values, dtype=object)


def _price(scene: Scene, rows: Rows, which: Ints) -> ArrayLike:
    """Give the price asked: an offer's own, else the product's."""
    steps, specials = scene.snapshot.products.price[rows.product[which]], scene.snapshot.specials
    price = np.where(steps < 0, np.nan, steps / MONEY)
    special = rows.special[which]
    for row in np.flatnonzero((special >= 0) & (special < len(specials))).tolist():
        own = specials[special[row]].price
        price[row] = price[row] if own is None else float(own)
    return price


def _product_id(scene: Scene, rows: Rows, which: Ints) -> ArrayLike:
    ids = scene.snapshot.products.ids
    return _words([ids[one] if one < len(ids) else "" for one in rows.product[which].tolist()])


_SOURCE_WORDS: Final = _words(list(NAMES))
_KIND_WORDS: Final = _words(list(KINDS))
_CANDIDATE: Final[Mapping[str, _Candidate]] = {
    "product_id": _product_id,
    "product_name": _of_product("name"),
    "product_category": _of_product("category"),
    "product_department": _of_product("department"),
    "product_brand": _of_product("brand"),
    "product_risk_level": _of_product("risk"),
    "product_is_replenishable": _of_product("is_replenishable"),
    "stock": _of_product("stock"),
    "price": _price,
    "margin": lambda _, rows, which: rows.margin[which],
    "kind": lambda _, rows, which: _KIND_WORDS[rows.kind[which]],
    "source": lambda _, rows, which: _SOURCE_WORDS[rows.source[which]],
    "probability": lambda _, rows, which: rows.probability[which],
    "expected_profit": lambda _, rows, which: rows.probability[which] * rows.margin[which],
}


def _said(name: str) -> Callable[[Scene], NDArray[Any]]:
    return lambda scene: np.asarray(
        scene.of_subjects([getattr(one.request, name) for one in scene.subjects], object)
    )


def _held(scene: Scene) -> NDArray[Any]:
    had, ids = scene.snapshot.customers.had, scene.snapshot.products.ids
    texts = []
    for subject in scene.subjects:
        lo, hi = (0, 0) if had is None or subject.row < 0 else had.span(subject.row)
        texts.append("|" + "".join(f"{ids[one]}|" for one in had.product[lo:hi]) if had is not None else "|")
    return np.asarray(scene.of_subjects(texts, object))


def _numbers(value: Callable[[Any], float | None]) -> Callable[[Scene], NDArray[Any]]:
    def give(scene: Scene) -> NDArray[Any]:
        known = [value(one) for one in scene.subjects]
        return np.asarray(scene.of_subjects([np.nan if one is None else one for one in known], np.float64))

    return give


def _clock(part: Callable[[Any], int]) -> Callable[[Scene], NDArray[Any]]:
    return lambda scene: np.full(len(scene), part(local_time(scene.now, scene.snapshot.time_zone)))


_REQUEST: Final[Mapping[str, Callable[[Scene], NDArray[Any]]]] = {
    "placement": lambda scene: _words([one.placement.id for one in scene.asked]),
    "moment": lambda scene: _words([one.placement.moment for one in scene.asked]),
    "channel": _said("channel"),
    "page": _said("page"),
    "intent": _numbers(lambda subject: subject.request.intent),
    "cart_value": _numbers(lambda subject: subject.cart_value),
    "n_cart": lambda scene: scene.of_subjects([len(one.cart) for one in scene.subjects], np.int64),
    "hour": _clock(lambda local: local.hour),
    "weekday": _clock(lambda local: local.isoweekday()),
    "is_known": lambda scene: scene.of_subjects([one.row >= 0 for one in scene.subjects], np.bool_),
    "age": lambda scene: np.ma.masked_equal(ages(scene), -1),
    "held": _held,
}
