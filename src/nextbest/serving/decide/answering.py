"""Rows of the funnel to answers: offers with price, reasons and chance, causes of what stayed empty, traces."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from nextbest.base.messages import Message, Value
from nextbest.decisions.offers import REASONS
from nextbest.serving.decide import words
from nextbest.serving.decide.core.asking import Asked, Scene, Subject, is_young
from nextbest.serving.decide.core.contacts import caps_of
from nextbest.serving.decide.core.gathering import NAMES, gap_of
from nextbest.serving.decide.core.ranking import Factors, Placed
from nextbest.serving.decide.core.rows import OF_THE_RUN, Rows, offer_id, offer_name
from nextbest.serving.decide.core.shop import KINDS, Snapshot, price_text
from nextbest.serving.decide.core.stages import Verdicts
from nextbest.serving.decide.spec import STAGES, Answer, Assignment, Offer, Reason, Traced
from nextbest.serving.log import AssignmentReason

_UNKNOWN: Final = 65_535
_IS_OF_THE_RUN: Final = OF_THE_RUN.tolist()
_POINTED: Final = frozenset({"cart", "viewed", "instead", "up_sell", "accessories"})
_COUNTED: Final = frozenset({"cart", "viewed", "accessories"})
"""Sources of which staff are told how strong they are."""
Values: TypeAlias = tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Funnel:
    """What became of all candidates of one call."""

    scene: Scene
    rows: Rows
    verdicts: Verdicts
    factors: Factors
    placed: Placed


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


def answers(funnel: Funnel) -> list[Answer]:
    """Give the answer to each placement asked, in order."""
    scene, n = funnel.scene, len(funnel.scene)
    at_rows = np.searchsorted(funnel.rows.ask, np.arange(n + 1)).tolist()
    at_places = np.searchsorted(funnel.rows.ask[funnel.placed.row], np.arange(n + 1)).tolist()
    places, removed = _places(funnel), _removed(funnel)
    young = is_young(scene).tolist()
    has_message: set[int] = set()
    given = []
    for number, asked in enumerate(scene.asked):
        subject = asked.subject
        mine = places[at_places[number] : at_places[number + 1]]
        offers = _offers(scene, asked, mine, is_first=subject not in has_message)
        if any(not place.is_mandatory for place in mine):
            has_message.add(subject)
        trace: tuple[Traced, ...] = ()
        if scene.subjects[subject].request.explain:
            trace = tuple(_traced(funnel, row) for row in range(at_rows[number], at_rows[number + 1]))
        given.append(_answer(scene, asked, offers, removed[number], is_young=young[number], trace=trace))
    return given


def _places(funnel: Funnel) -> list[Place]:
    """Take what answers say out of the arrays, all at once."""
    rows, placed, products, own = (
        funnel.rows,
        funnel.placed,
        funnel.scene.snapshot.products,
        funnel.scene.snapshot.personal,
    )
    at, product, personal = placed.row, rows.product[placed.row], rows.personal[placed.row]
    chance, margin = np.round(rows.probability[at], 6), np.round(rows.margin[at], 6)
    told = [own.reason, own.ref, own.n_orders, own.since_days, own.gap_days]
    columns = (
        at, placed.rank, placed.probability, placed.is_explored, rows.source[at], product, rows.kind[at],
        personal, rows.special[at], rows.rule[at], rows.because[at], np.round(rows.strength[at], 1), chance, margin,
        np.round(chance * margin, 6), np.round(funnel.factors.score[at], 12), rows.is_mandatory[at],
        products.price[product], products.name[product], products.margin_source[product],
        *(one[personal] if len(one) else personal for one in told),
    )  # fmt: skip
    return list(map(Place._make, zip(*(column.tolist() for column in columns), strict=True)))


def _removed(funnel: Funnel) -> list[dict[str, int]]:
    """Count the candidates of each placement by the stage that stopped them."""
    n, n_stages = len(funnel.scene), len(STAGES)
    counts = np.bincount(funnel.rows.ask * n_stages + funnel.verdicts.stage, minlength=n * n_stages)
    return [
        {STAGES[stage]: count for stage, count in enumerate(line[:-1]) if count}
        for line in counts.reshape(n, n_stages).tolist()
    ]


def unknown_placement(request_id: str, name: str) -> Answer:
    """Answer for a placement that the policy does not have."""
    given = Assignment("fallback", 1.0)
    detail = words.cause("unknown_placement", 0, 0)
    return Answer(
        name, "none", "unknown_placement", detail, (), 0, {}, given, decision_id(request_id, name, 0)
    )


def decision_id(request_id: str, placement: str, rank: int) -> str:
    """Give a decision its id: the same request has the same ids, whoever answers.

    It begins as the request's does, with the time, so that an index of many grows at its end.

    Examples
    --------
    >>> decision_id("r1", "home", 1)
    'd_8d4b2d2fa11e7d931021'
    """
    text = f"{request_id}\x1f{placement}\x1f{rank}".encode(errors="surrogatepass")
    return f"d_{request_id[2:14]}{hashlib.blake2b(text, digest_size=10).hexdigest()}"


def _answer(
    scene: Scene,
    asked: Asked,
    offers: Sequence[Offer],
    removed: Mapping[str, int],
    *,
    is_young: bool,
    trace: tuple[Traced, ...],
) -> Answer:
    subject = scene.subjects[asked.subject]
    share = scene.compiled.policy.holdout.share
    cause = None if offers else _cause(subject, removed, is_young=is_young)
    return Answer(
        placement=asked.placement.id,
        outcome="decided" if offers else "none",
        cause=cause,
        detail=None if cause is None else _detail(scene, asked, cause, removed),
        offers=tuple(offers),
        n_candidates=sum(removed.values()) + len(offers),
        removed=removed,
        assignment=Assignment("holdout", share) if cause == "holdout" else Assignment("policy", 1 - share),
        decision_id=decision_id(subject.request.request_id, asked.placement.id, 0),
        trace=trace,
    )


def _detail(scene: Scene, asked: Asked, cause: str, removed: Mapping[str, int]) -> Message:
    if cause == "no_candidates":
        is_personal = scene.subjects[asked.subject].is_personal
        return words.nothing_proposed(
            (*asked.placement.sources, *asked.placement.fill), is_personal=is_personal
        )
    return words.cause(cause, removed.get(cause, 0), sum(removed.values()))


def _cause(subject: Subject, removed: Mapping[str, int], *, is_young: bool) -> str:
    """Give what stopped most candidates; of equals, the later stage; holdout before all else."""
    if not subject.is_channel_known:
        return "unknown_channel"
    if is_young:
        return "under_age"
    if "holdout" in removed:
        return "holdout"
    return max(removed, key=lambda name: (removed[name], STAGES.index(name)), default="no_candidates")


def _offers(scene: Scene, asked: Asked, places: Sequence[Place], *, is_first: bool) -> list[Offer]:
    language = words.language_of(scene.subjects[asked.subject].request.locale)
    made: list[Offer] = []
    is_message = is_first
    for place in places:
        made.append(_offer(scene, asked, place, language, is_message=is_message))
        is_message = is_message and place.is_mandatory
    return made


def _offer(scene: Scene, asked: Asked, place: Place, language: str, *, is_message: bool) -> Offer:
    subject = scene.subjects[asked.subject]
    kind = KINDS[place.kind]
    price, price_rule, ids, title = _thing(scene, place, language)
    name = offer_name(scene, place.kind, place.product, place.special)
    why, evidence = _reasons(scene, subject, place, language, for_staff=asked.placement.reader == "staff")
    accept, reject = words.labels(kind, language)
    reason: AssignmentReason = (
        "mandatory" if place.is_mandatory else "explore" if place.is_explored else "policy"
    )
    return Offer(
        decision_id=decision_id(subject.request.request_id, asked.placement.id, place.rank),
        rank=place.rank,
        offer_id=name,
        kind=kind,
        product_ids=ids,
        title=title,
        price=price,
        price_rule=price_rule,
        probability=_known(place.probability),
        expected_profit=_known(place.expected_profit),
        incremental_profit=_incremental(scene.snapshot, place.personal),
        margin_source=place.margin_source if place.margin == place.margin else None,
        score=_known(place.score),
        assignment=Assignment(reason, place.chance),
        reasons=(evidence or why,),
        say=words.say(kind, why.text, title, language) if evidence else None,
        accept_label=accept,
        reject_label=reject,
        caps=tuple([one.cap for one in caps_of(scene, subject, name) if is_message or not one.is_of_message]),
    )


def _thing(scene: Scene, place: Place, language: str) -> tuple[str | None, str | None, tuple[str, ...], str]:
    """Give price, what set it, products and title of what is proposed."""
    specials = scene.snapshot.specials
    if place.special < 0:
        one = scene.snapshot.products.ids[place.product]
        return price_text(place.price), None, (one,), place.name or one
    if place.special < len(specials):
        offer = specials[place.special]
        title = offer.content or place.name or offer.offer_id
        return offer.price, f"offers/{offer.offer_id}" if offer.price else None, offer.product_ids, title
    message = scene.compiled.policy.mandatory[place.special - len(specials)]
    return None, None, (), message.text.get(language) or next(iter(message.text.values()))  # type: ignore[call-overload]


def _known(number: float) -> float | None:
    return number if number == number else None  # noqa: PLR0124  NaN is not equal to itself


def _rounded(number: float) -> float | None:
    return _known(round(float(number), 6))


def _incremental(snapshot: Snapshot, personal: int) -> float | None:
    tested = snapshot.personal.incremental
    return None if tested is None or personal < 0 else _rounded(tested[personal])


def _reasons(
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


def _traced(funnel: Funnel, row: int) -> Traced:
    rows, verdicts = funnel.rows, funnel.verdicts
    product, rule = int(rows.product[row]), int(verdicts.rule[row])
    ids = funnel.scene.snapshot.products.ids
    return Traced(
        offer_id=offer_id(funnel.scene, rows, row),
        product_id=ids[product] if product < len(ids) else None,
        source=NAMES[int(rows.source[row])],
        stage=STAGES[int(verdicts.stage[row])],
        rule=funnel.scene.compiled.rules[rule].name if rule >= 0 else None,
        factors={
            "probability": _rounded(rows.probability[row]),
            "context": _rounded(funnel.factors.context[row]),
            "value": _rounded(rows.margin[row]),
            "lever": _rounded(funnel.factors.lever[row]),
        },
    )
