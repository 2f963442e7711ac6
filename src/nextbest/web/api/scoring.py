"""The route that scores: how likely a visit is to end in an order, and why; nothing is decided, nothing is logged."""

from __future__ import annotations

from typing import Any, Final, Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from nextbest.app.asking import new_id
from nextbest.base.messages import Message, render
from nextbest.models.intent import COUNTED
from nextbest.serving.decide import Intent
from nextbest.web.api.answers import Answer, told
from nextbest.web.api.bodies import AskBody, Body, ContextBody, DecideBody, SubjectBody
from nextbest.web.api.problems import RefusedError
from nextbest.web.api.reading import body_of, read
from nextbest.web.api.routes import as_json, service_of

router: Final = APIRouter()


class ScoreBody(Body):
    """Whose visit is scored."""

    subject: SubjectBody
    context: ContextBody = ContextBody()
    """``cart`` in place of the one that the events tell, and ``locale``; the rest is not needed."""


class Because(Answer):
    """What raises or lowers the probability."""

    code: str
    text: str
    """In the language of the request."""
    value: float | str | None
    """Null: not known."""
    adds: float
    """To the log-odds; below 0: it lowers."""


class Scored(Answer):
    """How likely the visit is to end in an order."""

    probability: float | None
    """0-1; null: there is a cause."""
    cause: Literal["no_visit", "consent"] | None
    detail: str | None
    """The cause in words."""
    n_events: int
    """Of the visit so far."""
    baseline: float | None
    """Share of visits that ended in an order, by nothing but whether the cart is empty."""
    model_as_of: str
    """Day on or after which the model has seen nothing."""
    reasons: list[Because]


@router.post(
    "/v1/score/intent", summary="How likely this visit is to end in an order", responses=told(Scored)
)
async def intent(request: Request) -> Response:
    """Score the running visit of a subject; 404 where the run has no model for it."""
    body = read(ScoreBody, await body_of(request))
    asked = DecideBody(subject=body.subject, context=body.context, placements=(AskBody(id="intent"),))
    found = service_of(request).intent(asked.request(new_id()))
    if found is None:
        raise RefusedError(404, "api.no_intent_model")
    return as_json(_scored(found, "zh" if body.context.locale.lower().startswith("zh") else "en"))


def _scored(found: Intent, language: str) -> dict[str, Any]:
    return {
        "probability": found.probability,
        "cause": found.cause,
        "detail": render(Message(f"intent.cause.{found.cause}"), language) if found.cause else None,
        "n_events": found.n_events,
        "baseline": found.baseline,
        "model_as_of": found.model_as_of,
        "reasons": [
            {
                "code": one.feature,
                "text": _text(one.feature, one.value, one.adds, language),
                "value": _value(one.feature, one.value),
                "adds": round(one.adds, 4),
            }
            for one in found.reasons
        ],
    }


def _value(feature: str, value: float | None) -> float | str | None:
    if value is None:
        return None
    return COUNTED[int(value)] if feature == "last_kind" else round(value, 4)


def _text(feature: str, value: float | None, adds: float, language: str) -> str:
    code = f"intent.reason.{'raises' if adds > 0 else 'lowers'}{'_unknown' if value is None else ''}"
    said = {"feature": f"intent.feature.{feature}", "value": value}
    if feature == "last_kind" and value is not None:
        code, said["feature"] = f"{code}_kind", f"intent.kind.{COUNTED[int(value)]}"
    return render(Message(code, said), language)
