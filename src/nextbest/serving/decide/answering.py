"""Rows of the funnel to answers: offers with price, reasons and chance, causes of what stayed empty, traces."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nextbest.base.messages import Message
from nextbest.serving.decide import words
from nextbest.serving.decide.core.asking import Asked, Scene, Subject, is_young
from nextbest.serving.decide.core.contacts import caps_of
from nextbest.serving.decide.core.gathering import NAMES
from nextbest.serving.decide.core.ranking import Factors, Placed
from nextbest.serving.decide.core.rows import Rows, offer_id, offer_name
from nextbest.serving.decide.core.shop import KINDS, Snapshot, price_text
from nextbest.serving.decide.core.stages import Verdicts
from nextbest.serving.decide.reasoning import Place, places_of, reasons
from nextbest.serving.decide.spec import STAGES, Answer, Assignment, Offer, Traced
from nextbest.serving.log import AssignmentReason


@dataclass(frozen=True, slots=True)
class Funnel:
    """What became of all candidates of one call."""

    scene: Scene
    rows: Rows
    verdicts: Verdicts
    factors: Factors
    placed: Placed


def answers(funnel: Funnel) -> list[Answer]:
    """Give the answer to each placement asked, in order."""
    scene, n = funnel.scene, len(funnel.scene)
    at_rows = np.searchsorted(funnel.rows.ask, np.arange(n + 1)).tolist()
    at_places = np.searchsorted(funnel.rows.ask[funnel.placed.row], np.arange(n + 1)).tolist()
    places, removed = places_of(scene, funnel.rows, funnel.factors, funnel.placed), _removed(funnel)
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
    why, evidence = reasons(scene, subject, place, language, for_staff=asked.placement.reader == "staff")
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
        caps=caps_of(scene, subject, name, is_message=is_message),
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
