"""The decision: one request or many, through the same funnel."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from nextbest.serving.decide import words
from nextbest.serving.decide.answering import Funnel, answers, decision_id, unknown_placement
from nextbest.serving.decide.core.asking import Asked, Scene, subject_of
from nextbest.serving.decide.core.compiling import Compiled
from nextbest.serving.decide.core.contacts import stop_reached
from nextbest.serving.decide.core.intents import Intent, explained, score_all
from nextbest.serving.decide.core.ranking import place, score
from nextbest.serving.decide.core.rows import rows_of
from nextbest.serving.decide.core.shop import Snapshot
from nextbest.serving.decide.core.stages import judge
from nextbest.serving.decide.spec import Answer, Assignment, CountContacts, Request, Result
from nextbest.serving.log import Reached
from nextbest.serving.policy import Policy
from nextbest.serving.state import SubjectState

_AT_ONCE: Final = 200
"""Requests of one pass: enough to share the work of arrays, few enough to stay in the cache."""


def decide(  # noqa: PLR0913 - what is known, who asks, and time and chance
    snapshot: Snapshot,
    compiled: Compiled,
    requests: Sequence[Request],
    states: Sequence[SubjectState | None] | None = None,
    *,
    now: datetime,
    seed: str = "",
    contacts: CountContacts | None = None,
) -> list[Result]:
    """Decide what each request gets.

    Parameters
    ----------
    snapshot
        Of ``load``.
    compiled
        Of ``compile_policy``.
    requests
        In any order; the answer to one does not depend on the others.
    states
        What the events tell of each subject; ``None``: nothing.
    now
        UTC, with or without zone.
    seed
        Of exploration.
    contacts
        Counts contacts so far; ``None``: there were none.

    Returns
    -------
    One result a request, in order. Before it is answered, the ``caps`` of its offers are to be reserved
    (``withhold`` takes back what found no room) and ``log_rows`` to be written.
    """
    moment = now.astimezone(UTC).replace(tzinfo=None) if now.tzinfo else now
    known = states if states is not None else [None] * len(requests)
    results: list[Result] = []
    for start in range(0, len(requests), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        scene = _scene(snapshot, compiled, requests[part], known[part], (moment, seed))
        results.extend(_results(scene, _funnel(scene, contacts)))
    return results


def intent(
    snapshot: Snapshot, compiled: Compiled, request: Request, state: SubjectState | None, *, now: datetime
) -> Intent | None:
    """Tell how likely the running visit is to end in an order, and why; ``None``: the run has no model for it."""
    if snapshot.intent is None:
        return None
    return explained(snapshot.intent, subject_of(snapshot, compiled, request, state, now))


def withhold(result: Result, reached: Mapping[str, Reached]) -> Result:
    """Take back offers for which no room was left when they were to be reserved, by decision_id.

    Where a cap counts the message, the whole message is taken back, except what is mandatory.
    """
    if not reached:
        return result
    gone = {one.cap.scope for one in reached.values()}
    whole = any(
        not offer.offer_id or not scope.endswith(f"offer:{offer.offer_id}")
        for answer in result.answers
        for offer in answer.offers
        if offer.decision_id in reached
        for scope in gone & {cap.scope for cap in offer.caps}
    )
    return dataclasses.replace(
        result, answers=tuple(_withheld(answer, set(reached), whole=whole) for answer in result.answers)
    )


def fallback(
    request: Request, cause: str, policy: Policy, *, now: datetime, snapshot: Snapshot | None = None
) -> Result:
    """Answer without deciding: the page shows what it shows without us.

    Parameters
    ----------
    request
        What was asked.
    cause
        ``budget``: it would have come too late; ``snapshot_missing``: nothing has been computed yet.
    policy
        The one in force.
    now
        UTC, with or without zone.
    snapshot
        ``None``: there is none.
    """
    given = Assignment("fallback", 1.0)
    detail = words.cause(cause, 0, 0)
    return Result(
        request=request,
        policy_id=policy.id,
        policy_version=policy.version,
        snapshot=snapshot.name if snapshot else None,
        model_as_of=snapshot.as_of.isoformat() if snapshot and snapshot.as_of else None,
        currency=snapshot.currency if snapshot else None,
        decided_at=now.astimezone(UTC).replace(tzinfo=None) if now.tzinfo else now,
        answers=tuple(
            Answer(
                ask.id,
                "fallback",
                cause,
                detail,
                (),
                0,
                {},
                given,
                decision_id(request.request_id, ask.id, 0),
            )
            for ask in request.placements
        ),
    )


def _withheld(answer: Answer, reached: set[str], *, whole: bool) -> Answer:
    kept = tuple(
        one for one in answer.offers if one.is_mandatory or not (whole or one.decision_id in reached)
    )
    n_lost = len(answer.offers) - len(kept)
    if not n_lost:
        return answer
    removed = {**answer.removed, "contact_policy": answer.removed.get("contact_policy", 0) + n_lost}
    if kept:
        return dataclasses.replace(answer, offers=kept, removed=removed)
    detail = words.cause("contact_policy", n_lost, answer.n_candidates)
    return dataclasses.replace(
        answer, offers=(), outcome="none", cause="contact_policy", detail=detail, removed=removed
    )


def _scene(
    snapshot: Snapshot,
    compiled: Compiled,
    requests: Sequence[Request],
    states: Sequence[SubjectState | None],
    chance: tuple[datetime, str],
) -> Scene:
    now, seed = chance
    subjects = [
        subject_of(snapshot, compiled, request, state, now)
        for request, state in zip(requests, states, strict=True)
    ]
    if snapshot.intent:
        score_all(snapshot.intent, subjects)
    asked = [
        Asked(number, placement, min(ask.limit or placement.limit, placement.limit), turn)
        for number, request in enumerate(requests)
        for turn, ask in enumerate(request.placements)
        if (placement := compiled.placements.get(ask.id)) is not None
    ]
    return Scene(snapshot, compiled, subjects, asked, now, seed)


def _funnel(scene: Scene, contacts: CountContacts | None) -> list[Answer]:
    if not scene.asked:
        return []
    rows = rows_of(scene)
    verdicts = judge(scene, rows)
    stop_reached(scene, rows, verdicts, contacts)
    factors = score(scene, rows, verdicts)
    placed = place(scene, rows, verdicts, factors)
    return answers(Funnel(scene, rows, verdicts, factors, placed))


def _results(scene: Scene, given: Sequence[Answer]) -> Iterator[Result]:
    at = iter(given)
    snapshot, policy = scene.snapshot, scene.compiled.policy
    for subject in scene.subjects:
        request = subject.request
        notes = {
            "unknown_customer": int(request.customer_id is not None and subject.row < 0),
            "unknown_product": subject.n_unknown_products,
            "consent_unknown": int(subject.is_consent_unknown),
        }
        yield Result(
            request=request,
            policy_id=policy.id,
            policy_version=policy.version,
            snapshot=snapshot.name,
            model_as_of=snapshot.as_of.isoformat() if snapshot.as_of else None,
            currency=snapshot.currency,
            decided_at=scene.now,
            answers=tuple(
                next(at)
                if ask.id in scene.compiled.placements
                else unknown_placement(request.request_id, ask.id)
                for ask in request.placements
            ),
            notes={name: count for name, count in notes.items() if count},
        )
