"""Contacts: which caps a candidate counts against, and which of them leave no room."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

import numpy as np

from nextbest.serving.decide.core.asking import Scene, Subject
from nextbest.serving.decide.core.rows import Rows, offer_id
from nextbest.serving.decide.core.shop import Bools
from nextbest.serving.decide.core.stages import Verdicts
from nextbest.serving.decide.spec import CountContacts
from nextbest.serving.log import Cap
from nextbest.serving.policy import ContactCap

OF_MESSAGE: Final = ("customer", "channel")
"""Caps that count a message once, however many offers it holds."""


class Counted(NamedTuple):
    """A cap, and whether it counts the message or the offer."""

    cap: Cap
    is_of_message: bool


def caps_of(scene: Scene, subject: Subject, offer: str) -> list[Counted]:
    """Name the caps that an offer to a subject counts against."""
    channel = subject.request.channel
    if channel not in scene.compiled.capped:
        return []
    return [
        Counted(Cap(_scope(rule, subject, offer), rule.limit, _window(rule)), rule.per in OF_MESSAGE)
        for rule in scene.compiled.policy.caps
        if channel in rule.channels
    ]


def stop_reached(scene: Scene, rows: Rows, verdicts: Verdicts, contacts: CountContacts | None) -> None:
    """Stop candidates whose caps leave no room; what another worker reserves meanwhile is settled when it is written."""
    capped = scene.compiled.capped
    on = scene.of_subjects([one.request.channel in capped for one in scene.subjects], np.bool_)
    open_ = np.flatnonzero((verdicts.stage < 0) & on[rows.ask] & ~rows.is_mandatory)
    if not len(open_):
        return
    asked = {
        int(row): caps_of(
            scene, scene.subjects[scene.asked[int(rows.ask[row])].subject], offer_id(scene, rows, int(row))
        )
        for row in open_
    }
    distinct = sorted(
        {one.cap for caps in asked.values() for one in caps}, key=lambda cap: (cap.scope, cap.limit)
    )
    used = contacts(distinct) if contacts is not None else {}
    forbidden: Bools = np.zeros(len(rows), np.bool_)
    for row, caps in asked.items():
        forbidden[row] = any(used.get(one.cap, 0) >= one.cap.limit for one in caps)
    verdicts.stop("contact_policy", forbidden)


def _scope(rule: ContactCap, subject: Subject, offer: str) -> str:
    who = f"c:{subject.request.customer_id}" if subject.request.customer_id else f"a:{subject.unit}"
    scopes = {
        "customer": f"{who}/{'+'.join(sorted(rule.channels))}",
        "channel": f"{who}/{subject.request.channel}",
        "offer": f"offer:{offer}",
        "offer_of_customer": f"{who}/offer:{offer}",
    }
    return scopes[rule.per]


def _window(rule: ContactCap) -> timedelta | None:
    return None if rule.for_ever or rule.days is None else timedelta(days=rule.days)
