"""Contacts: which caps a candidate counts against, and which of them leave no room."""

from __future__ import annotations

from typing import Final

import numpy as np

from nextbest.serving.decide.core.asking import Scene, Subject
from nextbest.serving.decide.core.rows import Rows, offer_id
from nextbest.serving.decide.core.shop import Bools
from nextbest.serving.decide.core.stages import Verdicts
from nextbest.serving.decide.spec import CountContacts
from nextbest.serving.log import Cap
from nextbest.serving.policy import ContactCap

_OF_MESSAGE: Final = ("customer", "channel")
"""Caps that count a message once, however many offers it holds."""


def caps_of(scene: Scene, subject: Subject, offer: str, *, is_message: bool) -> tuple[Cap, ...]:
    """Name the caps that an offer to a subject counts against; those of the message where the offer stands for it."""
    of_offer = _caps(scene, subject, offer, of_message=False)
    return (*_caps(scene, subject, offer, of_message=True), *of_offer) if is_message else tuple(of_offer)


def stop_reached(scene: Scene, rows: Rows, verdicts: Verdicts, contacts: CountContacts | None) -> None:
    """Stop candidates whose caps leave no room; what another worker reserves meanwhile is settled when it is written."""
    capped = scene.compiled.capped
    on = scene.of_subjects([one.request.channel in capped for one in scene.subjects], np.bool_)
    open_ = np.flatnonzero((verdicts.stage < 0) & on[rows.ask] & ~rows.is_mandatory).tolist()
    if not open_:
        return
    of_message: dict[int, list[Cap]] = {}
    asked: dict[int, list[Cap]] = {}
    for row in open_:
        number = scene.asked[int(rows.ask[row])].subject
        subject = scene.subjects[number]
        if number not in of_message:
            of_message[number] = _caps(scene, subject, "", of_message=True)
        of_offer = _caps(scene, subject, offer_id(scene, rows, row), of_message=False)
        asked[row] = of_message[number] + of_offer
    used = contacts(list(dict.fromkeys(cap for caps in asked.values() for cap in caps))) if contacts else {}
    forbidden: Bools = np.zeros(len(rows), np.bool_)
    for row, caps in asked.items():
        forbidden[row] = any(used.get(cap, 0) >= cap.limit for cap in caps)
    verdicts.stop("contact_policy", forbidden)


def _caps(scene: Scene, subject: Subject, offer: str, *, of_message: bool) -> list[Cap]:
    return [
        Cap(_scope(rule, subject, offer), rule.limit, window)
        for rule, window in scene.compiled.capped.get(subject.request.channel, ())
        if (rule.per in _OF_MESSAGE) is of_message
    ]


def _scope(rule: ContactCap, subject: Subject, offer: str) -> str:
    if rule.per == "offer":
        return f"offer:{offer}"
    who = f"c:{subject.request.customer_id}" if subject.request.customer_id else f"a:{subject.unit}"
    if rule.per == "offer_of_customer":
        return f"{who}/offer:{offer}"
    return f"{who}/{subject.request.channel if rule.per == 'channel' else '+'.join(sorted(rule.channels))}"
