"""Why something is offered: what the customer reads, and for staff the evidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from nextbest.base.messages import Value
from nextbest.decisions.offers import REASONS
from nextbest.serving.decide import words
from nextbest.serving.decide.core.asking import Scene, Subject
from nextbest.serving.decide.core.gathering import NAMES, gap_of
from nextbest.serving.decide.core.ranking import Factors, Placed
from nextbest.serving.decide.core.rows import OF_THE_RUN, Rows
from nextbest.serving.decide.core.shop import Snapshot
from nextbest.serving.decide.spec import Reason

_UNKNOWN: Final = 65_535
_IS_OF_THE_RUN: Final = OF_THE_RUN.tolist()
_POINTED: Final = frozenset({"cart", "viewed", "instead", "up_sell", "accessories"})
_COUNTED: Final = frozenset({"cart", "viewed", "accessories"})
"""Sources of which staff are told how strong they are."""
Values: TypeAlias = tuple[tuple[str, Value], ...]


class Place(NamedTuple):
    """A candidate that got a place, as plain values."""

    row: int
    rank: int
    chance: float
    """Of its being here."""
    is_explored: bool
    source: int
    product: int
    kind: int
    personal: int
    special: int
    rule: int
    because: int
    strength: float
    probability: float
    margin: float
    expected_profit: float
    score: float
    is_mandatory: bool
    price: int
    name: str | None
    margin_source: str | None
    reason: int
    """Of *offers*, with what its sentence may name."""
    ref: int
    n_orders: int
    since_days: int
    gap_days: float


def places_of(scene: Scene, rows: Rows, factors: Factors, placed: Placed) -> list[Place]:
    """Take what answers say out of the arrays, all at once."""
    products, own = scene.snapshot.products, scene.snapshot.personal
    at, product, personal = placed.row, rows.product[placed.row], rows.personal[placed.row]
    chance, margin = np.round(rows.probability[at], 6), np.round(rows.margin[at], 6)
    told = [own.reason, own.ref, own.n_orders, own.since_days, own.gap_days]
    columns = (
        at, placed.rank, placed.probability, placed.is_explored, rows.source[at], product, rows.kind[at],
        personal, rows.special[at], rows.rule[at], rows.because[at], np.round(rows.strength[at], 1), chance, margin,
        np.round(chance * margin, 6), np.round(factors.score[at], 12), rows.is_mandatory[at],
        products.price[product], products.name[product], products.margin_source[product],
        *(one[personal] if len(one) else personal for one in told),
    )  # fmt: skip
    return list(map(Place._make, zip(*(column.tolist() for column in columns), strict=True)))


def reasons(
    scene: Scene, subject: Subject, place: Place, language: str, *, for_staff: bool
) -> tuple[Reason, Reason | None]:
    """Give the reason as the customer reads it, and for staff with the evidence."""
    shop = scene.snapshot
    name, rule = NAMES[place.source], place.rule
    values: Values = ()
    ref = f"rules/{shop.rules.ids[rule]}" if rule >= 0 else None
    if place.personal >= 0 and _IS_OF_THE_RUN[place.source]:
        return _of_the_run(shop, place, language, for_staff=for_staff)
    if name in _POINTED:
        values = (("because", _name(shop, place.because)), ("strength", place.strength))
    elif name == "threshold":
        values = _gap(scene, subject, language)
    elif name == "peers":
        values = (("segment", shop.peer_names[int(shop.customers.peers[subject.row])]),)
    why = Reason(name, words.sentence(f"decide.reason.{name}", values, language, shop.currency), ref)
    if not for_staff:
        return why, None
    evidence = f"decide.{'evidence' if name in _COUNTED else 'reason'}.{name}"
    return why, Reason(name, words.sentence(evidence, values, language, shop.currency), ref)


def _of_the_run(
    shop: Snapshot, place: Place, language: str, *, for_staff: bool
) -> tuple[Reason, Reason | None]:
    """Say what *offers* says of a customer's own offer."""
    code = REASONS[place.reason]
    rule = shop.personal.refs[place.ref][0]
    ref = f"rules/{rule}" if rule else None
    why = Reason(code, _told(shop, place, f"decide.reason.{code}", language), ref)
    if not for_staff:
        return why, None
    return why, Reason(code, _told(shop, place, f"offers.reason.{code}", language), ref)


def _told(shop: Snapshot, place: Place, sentence: str, language: str) -> str:
    values = tuple([(name, _TOLD[name](shop, place)) for name in words.placeholders(sentence)])
    return words.sentence(sentence, values, language, shop.currency)


def _of_refs(column: int) -> Callable[[Snapshot, Place], Value]:
    return lambda shop, place: shop.personal.refs[place.ref][column]


_TOLD: Final[Mapping[str, Callable[[Snapshot, Place], Value]]] = {
    "product": lambda shop, place: _name(shop, place.product),
    "because": _of_refs(1),
    "strength": _of_refs(2),
    "segment": _of_refs(3),
    "n_orders": lambda _, place: None if place.n_orders == _UNKNOWN else place.n_orders,
    "since_days": lambda _, place: None if place.since_days == _UNKNOWN else place.since_days,
    "gap_days": lambda _, place: None if math.isnan(place.gap_days) else round(place.gap_days),
}
"""What sentences about a customer's own offer may name."""


def _gap(scene: Scene, subject: Subject, language: str) -> Values:
    missing = gap_of(scene, subject)
    number, gap = missing if missing is not None else (0, 0.0)
    name = scene.compiled.policy.thresholds[number].name
    return (("gap", gap), ("name", name.get(language) or next(iter(name.values()))))  # type: ignore[call-overload]


def _name(snapshot: Snapshot, product: int) -> str:
    return str(snapshot.products.name[product] or snapshot.products.ids[product])
