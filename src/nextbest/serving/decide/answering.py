"""Rows of the funnel to answers: offers with price, reasons and chance, causes of what stayed empty, traces."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from nextbest.base.messages import Message, Value
from nextbest.decisions.offers import REASONS
from nextbest.serving.decide import words
from nextbest.serving.decide.core.asking import Asked, Scene, Subject, is_young
from nextbest.serving.decide.core.contacts import caps_of
from nextbest.serving.decide.core.gathering import NAMES, gap_of
from nextbest.serving.decide.core.ranking import Factors, Placed
from nextbest.serving.decide.core.rows import OF_THE_RUN, Rows, offer_id
from nextbest.serving.decide.core.shop import KINDS, Bools, Snapshot, price_text
from nextbest.serving.decide.core.stages import Verdicts
from nextbest.serving.decide.spec import STAGES, Answer, Assignment, Offer, Reason, Traced

_UNKNOWN: Final = 65_535
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


def answers(funnel: Funnel) -> list[Answer]:
    """Give the answer to each placement asked, in order."""
    scene, n = funnel.scene, len(funnel.scene)
    at_rows = np.searchsorted(funnel.rows.ask, np.arange(n + 1)).tolist()
    at_places = np.searchsorted(funnel.rows.ask[funnel.placed.row], np.arange(n + 1)).tolist()
    young = is_young(scene)
    has_message: set[int] = set()
    given = []
    for number in range(n):
        lo, hi = at_places[number], at_places[number + 1]
        subject = scene.asked[number].subject
        offers = _offers(funnel, number, range(lo, hi), is_first=subject not in has_message)
        if any(not offer.is_mandatory for offer in offers):
            has_message.add(subject)
        given.append(_answer(funnel, number, slice(at_rows[number], at_rows[number + 1]), offers, young))
    return given


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


def _answer(funnel: Funnel, number: int, mine: slice, offers: Sequence[Offer], young: Bools) -> Answer:
    asked = funnel.scene.asked[number]
    request = funnel.scene.subjects[asked.subject].request
    stages = funnel.verdicts.stage[mine]
    counts = np.bincount(stages, minlength=len(STAGES)).tolist() if len(stages) else [0] * len(STAGES)
    removed = {name: counts[place] for place, name in enumerate(STAGES[:-1]) if counts[place]}
    share = funnel.scene.compiled.policy.holdout.share
    cause = (
        None
        if offers
        else _cause(funnel.scene.subjects[asked.subject], removed, is_young=bool(young[number]))
    )
    assignment = Assignment("holdout", share) if cause == "holdout" else Assignment("policy", 1 - share)
    return Answer(
        placement=asked.placement.id,
        outcome="decided" if offers else "none",
        cause=cause,
        detail=None if cause is None else _detail(funnel.scene, asked, cause, removed),
        offers=tuple(offers),
        n_candidates=len(stages),
        removed=removed,
        assignment=assignment,
        decision_id=decision_id(request.request_id, asked.placement.id, 0),
        trace=tuple(_traced(funnel, row) for row in range(mine.start, mine.stop)) if request.explain else (),
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


def _offers(funnel: Funnel, number: int, places: range, *, is_first: bool) -> list[Offer]:
    asked = funnel.scene.asked[number]
    language = words.language_of(funnel.scene.subjects[asked.subject].request.locale)
    made: list[Offer] = []
    for place in places:
        is_message = is_first and all(one.is_mandatory for one in made)
        made.append(_offer(funnel, asked, place, language, is_message=is_message))
    return made


def _offer(funnel: Funnel, asked: Asked, place: int, language: str, *, is_message: bool) -> Offer:
    scene, rows, placed = funnel.scene, funnel.rows, funnel.placed
    subject = scene.subjects[asked.subject]
    row, rank = int(placed.row[place]), int(placed.rank[place])
    products, product = scene.snapshot.products, int(rows.product[row])
    kind = KINDS[int(rows.kind[row])]
    chance, margin = _known(rows.probability[row], 6), _known(rows.margin[row], 6)
    price, rule, ids, title = _thing(scene, rows, row, language)
    is_for_staff = asked.placement.reader == "staff"
    why, evidence = _reasons(scene, rows, row, language)
    accept, reject = words.labels(kind, language)
    name = offer_id(scene, rows, row)
    counted = caps_of(scene, subject, name)
    reason = "mandatory" if rows.is_mandatory[row] else "explore" if placed.is_explored[place] else "policy"
    return Offer(
        decision_id=decision_id(subject.request.request_id, asked.placement.id, rank),
        rank=rank,
        offer_id=name,
        kind=kind,
        product_ids=ids,
        title=title,
        price=price,
        price_rule=rule,
        probability=chance,
        expected_profit=None if chance is None or margin is None else round(chance * margin, 6),
        incremental_profit=_incremental(scene.snapshot, int(rows.personal[row])),
        margin_source=products.margin_source[product] if margin is not None else None,
        score=_known(funnel.factors.score[row], 12),
        assignment=Assignment(reason, float(placed.probability[place])),  # type: ignore[arg-type]
        reasons=(evidence if is_for_staff else why,),
        say=words.say(kind, why.text, title, language) if is_for_staff else None,
        accept_label=accept,
        reject_label=reject,
        caps=tuple(one.cap for one in counted if is_message or not one.is_of_message),
    )


def _thing(
    scene: Scene, rows: Rows, row: int, language: str
) -> tuple[str | None, str | None, tuple[str, ...], str]:
    """Give price, what set it, products and title of what is proposed."""
    special, products, product = int(rows.special[row]), scene.snapshot.products, int(rows.product[row])
    specials = scene.snapshot.specials
    if special < 0:
        one = products.ids[product]
        return price_text(int(products.price[product])), None, (one,), products.name[product] or one
    if special < len(specials):
        offer = specials[special]
        title = offer.content or products.name[product] or offer.offer_id
        return offer.price, f"offers/{offer.offer_id}" if offer.price else None, offer.product_ids, title
    message = scene.compiled.policy.mandatory[special - len(specials)]
    return None, None, (), message.text.get(language) or next(iter(message.text.values()))  # type: ignore[call-overload]


def _known(number: Any, digits: int) -> float | None:
    plain = float(number)
    return None if math.isnan(plain) else round(plain, digits)


def _incremental(snapshot: Snapshot, personal: int) -> float | None:
    tested = snapshot.personal.incremental
    return None if tested is None or personal < 0 else _known(tested[personal], 6)


def _reasons(scene: Scene, rows: Rows, row: int, language: str) -> tuple[Reason, Reason]:
    """Give the reason twice: as the customer reads it, and with the evidence as staff read it."""
    code, values, ref = _why(scene, rows, row, language)
    is_of_run = code in REASONS
    evidence = (
        f"offers.reason.{code}" if is_of_run else f"decide.evidence.{code}" if code in _COUNTED else None
    )
    currency = scene.snapshot.currency
    why = Reason(code, words.sentence(f"decide.reason.{code}", values, language, currency), ref)
    if evidence is None:
        return why, why
    return why, Reason(code, words.sentence(evidence, values, language, currency), ref)


def _why(scene: Scene, rows: Rows, row: int, language: str) -> tuple[str, Values, str | None]:
    """Give a reason's code, what its sentence names, and what it rests on."""
    shop, source, personal = scene.snapshot, int(rows.source[row]), int(rows.personal[row])
    if personal >= 0 and OF_THE_RUN[source]:
        return _own_reason(shop, personal, int(rows.product[row]))
    subject = scene.subjects[scene.asked[int(rows.ask[row])].subject]
    name, rule = NAMES[source], int(rows.rule[row])
    values: Values = ()
    if name in _POINTED:
        strength = round(float(rows.strength[row]), 1)
        values = (("because", _name(shop, int(rows.because[row]))), ("strength", strength))
    elif name == "threshold":
        values = _gap(scene, subject, language)
    elif name == "peers":
        values = (("segment", shop.peer_names[int(shop.customers.peers[subject.row])]),)
    return name, values, f"rules/{shop.rules.ids[rule]}" if rule >= 0 else None


def _gap(scene: Scene, subject: Subject, language: str) -> Values:
    missing = gap_of(scene, subject)
    number, gap = missing if missing is not None else (0, 0.0)
    name = scene.compiled.policy.thresholds[number].name
    return (("gap", gap), ("name", name.get(language) or next(iter(name.values()))))  # type: ignore[call-overload]


def _own_reason(snapshot: Snapshot, personal: int, product: int) -> tuple[str, Values, str | None]:
    """Give what *offers* says of a customer's own offer."""
    own = snapshot.personal
    rule_id, because, strength, segment = own.refs[int(own.ref[personal])]
    n_orders, since = int(own.n_orders[personal]), int(own.since_days[personal])
    gap = float(own.gap_days[personal])
    values: Values = (
        ("product", _name(snapshot, product)),
        ("because", because),
        ("n_orders", None if n_orders == _UNKNOWN else n_orders),
        ("since_days", None if since == _UNKNOWN else since),
        ("gap_days", None if math.isnan(gap) else round(gap)),
        ("strength", strength),
        ("segment", segment),
    )
    return REASONS[int(own.reason[personal])], values, f"rules/{rule_id}" if rule_id else None


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
            "probability": _known(rows.probability[row], 6),
            "context": _known(funnel.factors.context[row], 6),
            "value": _known(rows.margin[row], 6),
            "lever": _known(funnel.factors.lever[row], 6),
        },
    )
