"""The intent of running visits: asked of the run's model where the request does not bring one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from nextbest.models.intent import Visit, follow, with_cart
from nextbest.serving.decide.core.asking import Subject
from nextbest.serving.decide.spec import Request
from nextbest.serving.state import SubjectState, acts_of

if TYPE_CHECKING:
    from nextbest.models.intent import Because, Scorer

_PURPOSES: Final = frozenset({"personalisation", "profiling"})
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Intent:
    """How likely a running visit is to end in an order."""

    probability: float | None
    """0-1; ``None``: nothing to tell it from."""
    cause: Literal["no_visit", "consent"] | None
    """Why there is none: no visit runs, or the visitor refused to be profiled."""
    n_events: int
    """Of the visit so far."""
    baseline: float | None
    """Share of visits that ended in an order, by nothing but the cart."""
    model_as_of: str
    """Day on or after which the model has seen nothing, ISO."""
    reasons: Sequence[Because] = ()


def visit_of(subject: Subject) -> Visit | None:
    """Follow the visit of a subject; ``None`` where none runs, or where the last one has ended in an order."""
    state = subject.state
    if state is None or state.session is None:
        return None
    visit = follow(acts_of(state.document))
    return None if visit.is_over else _as_requested(visit, subject.request)


def _as_requested(visit: Visit, request: Request) -> Visit:
    """Take the cart of the request, which knows it better than the events."""
    if request.cart is None:
        return visit
    return with_cart(
        visit,
        (
            (one.product_id, one.quantity, None if one.price is None else float(one.price))
            for one in request.cart
        ),
    )


def is_refused(subject: Subject) -> bool:
    """Tell whether a visitor refused to be profiled."""
    return (subject.row >= 0 and not subject.is_personal) or _says_no(subject.state)


def _says_no(state: SubjectState | None) -> bool:
    said = state.consents if state else {}
    return any(status != "granted" for (purpose, _), status in said.items() if purpose in _PURPOSES)


def score_all(scorer: Scorer, subjects: Sequence[Subject]) -> None:
    """Give each subject's request the intent of its visit, unless it has one or nobody may tell."""
    asked = [one for one in subjects if one.request.intent is None and not is_refused(one)]
    running = [(one, visit) for one in asked if (visit := visit_of(one)) is not None]
    if not running:
        return
    found = scorer.probability([visit for _, visit in running])
    for (subject, _), probability in zip(running, found.tolist(), strict=True):
        subject.request = dataclasses.replace(subject.request, intent=round(probability, _DIGITS))


def explained(scorer: Scorer, subject: Subject) -> Intent:
    """Tell the intent of one subject's visit, and why."""
    visit = None if is_refused(subject) else visit_of(subject)
    if visit is None:
        return Intent(None, "consent" if is_refused(subject) else "no_visit", 0, None, scorer.as_of)
    return Intent(
        probability=round(float(scorer.probability([visit])[0]), _DIGITS),
        cause=None,
        n_events=visit.n_events,
        baseline=round(scorer.baseline(visit), _DIGITS),
        model_as_of=scorer.as_of,
        reasons=scorer.reasons(visit),
    )
