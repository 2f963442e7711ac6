"""What is sent and what is answered, as JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel

from nextbest.base.messages import render
from nextbest.serving.decide import Answer, Ask, CartItem, Offer, Request, Result, Traced

_PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"
Id = Annotated[str, Field(min_length=1, max_length=120, pattern=_PRINTABLE)]
Text = Annotated[str, Field(max_length=500, pattern=_PRINTABLE)]
SECRETS: Final = frozenset({"expected_profit", "incremental_profit", "margin_source", "score"})
"""Of an offer: what browsers are not told."""


class Body(BaseModel):
    """Base of bodies: names that nobody knows are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


class SubjectBody(Body):
    """Who is asking."""

    customer_id: Id | None = None
    anonymous_id: Id | None = None
    """Device or cookie."""
    session_id: Id | None = None


class AskBody(Body):
    """A placement to be filled."""

    id: Id
    limit: Annotated[int, Field(ge=1, le=100)] | None = None
    """Fewer than the policy allows."""


class CartBody(Body):
    """A product in the cart."""

    product_id: Id
    quantity: Annotated[float, Field(gt=0, le=1_000_000)] = 1.0
    price: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)] | None = None
    """Per unit, in the shop's currency."""


class ContextBody(Body):
    """What is going on."""

    channel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = "web"
    cart: Annotated[tuple[CartBody, ...], Field(max_length=200)] | None = None
    """Without it: as the events tell it."""
    product_id: Id | None = None
    """Looked at now."""
    page: Text | None = None
    query: Text | None = None
    results: Annotated[tuple[Id, ...], Field(max_length=1000)] = ()
    """Product ids that a search found, to be ranked anew."""
    locale: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$")] = "en"
    intent: Annotated[float, Field(ge=0, le=1)] | None = None
    """Probability that this visit ends in a purchase."""


def _each_once(asks: tuple[AskBody, ...]) -> tuple[AskBody, ...]:
    if len({one.id for one in asks}) != len(asks):
        message = "each placement once"
        raise ValueError(message)
    return asks


class DecideBody(Body):
    """What is asked of ``/v1/decide``."""

    subject: SubjectBody = SubjectBody()
    placements: Annotated[tuple[AskBody, ...], Field(min_length=1, max_length=20), AfterValidator(_each_once)]
    context: ContextBody = ContextBody()
    explain: bool = False
    """Tell of every candidate what became of it; for server keys."""
    dry_run: bool = False
    """Decide without writing it down; for server keys."""
    budget_ms: Annotated[float, Field(ge=1, le=60_000)] | None = None
    """Milliseconds after which the fallback is answered."""

    def request(self, request_id: str) -> Request:
        """Give what the service understands."""
        subject, context = self.subject, self.context
        cart = context.cart
        return Request(
            request_id=request_id,
            placements=tuple(Ask(one.id, one.limit) for one in self.placements),
            customer_id=subject.customer_id,
            anonymous_id=subject.anonymous_id,
            session_id=subject.session_id,
            channel=context.channel,
            cart=None
            if cart is None
            else tuple(CartItem(one.product_id, one.quantity, one.price) for one in cart),
            product_id=context.product_id,
            page=context.page,
            query=context.query,
            results=context.results,
            locale=context.locale,
            intent=context.intent,
            explain=self.explain,
        )


class EventBody(BaseModel):
    """An event, in the Segment Spec's words; what else it says is kept, too."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    type: str | None = None
    """track, identify, page, screen, alias or group; the routes of these know it."""
    event: str | None = None
    """What was done, such as Product Viewed."""
    messageId: str | None = None  # noqa: N815
    """Key of the event: send again with the same one."""
    userId: str | None = None  # noqa: N815
    """Customer; this or the next is needed."""
    anonymousId: str | None = None  # noqa: N815
    """Device or cookie."""
    timestamp: str | None = None
    """When it happened, ISO 8601."""
    sentAt: str | None = None  # noqa: N815
    """When it was sent, by the same clock."""
    properties: dict[str, Any] | None = None
    """product_id, quantity, price, query, decision_id, ..."""


class EventsBody(BaseModel):
    """Several events."""

    batch: Annotated[list[EventBody], Field(max_length=1000)]


class BatchBody(RootModel[EventsBody | list[EventBody] | EventBody]):
    """Several events, a list of them, or one."""


def answered(result: Result, took_ms: float, *, for_browser: bool) -> dict[str, Any]:
    """Give a result as JSON has it."""
    language = "zh" if result.request.locale.lower().startswith("zh") else "en"
    return {
        "request_id": result.request.request_id,
        "took_ms": round(took_ms, 2),
        "policy": {"id": result.policy_id, "version": result.policy_version},
        "snapshot": result.snapshot,
        "model_as_of": result.model_as_of,
        "currency": result.currency,
        "placements": {
            answer.placement: _placement(answer, result, language, for_browser=for_browser)
            for answer in result.answers
        },
        "notes": dict(result.notes),
    }


def _placement(answer: Answer, result: Result, language: str, *, for_browser: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "outcome": answer.outcome,
        "cause": answer.cause,
        "detail": None
        if answer.detail is None
        else render(answer.detail, language, currency=result.currency),
        "decision_id": answer.decision_id,
        "offers": [_offer(offer, for_browser=for_browser) for offer in answer.offers],
    }
    if result.request.explain:
        told["n_candidates"] = answer.n_candidates
        told["removed"] = dict(answer.removed)
        told["trace"] = [_traced(one) for one in answer.trace]
    return told


def proposed(offer: Offer) -> dict[str, Any]:
    """Give what is proposed and why, without how it was decided."""
    return {
        "rank": offer.rank,
        "offer_id": offer.offer_id,
        "kind": offer.kind,
        "product_ids": offer.product_ids,
        "title": offer.title,
        "price": offer.price,
        "price_rule": offer.price_rule,
        "probability": offer.probability,
        "expected_profit": offer.expected_profit,
        "incremental_profit": offer.incremental_profit,
        "margin_source": offer.margin_source,
        "reasons": [{"code": one.code, "text": one.text, "ref": one.ref} for one in offer.reasons],
        "say": offer.say,
    }


def _offer(offer: Offer, *, for_browser: bool) -> dict[str, Any]:
    told = {
        "decision_id": offer.decision_id,
        **proposed(offer),
        "score": offer.score,
        "assignment": {
            "reason": offer.assignment.reason,
            "experiment": offer.assignment.experiment,
            "variant": offer.assignment.variant,
            "probability": offer.assignment.probability,
        },
        "accept_label": offer.accept_label,
        "reject_label": offer.reject_label,
    }
    return {name: value for name, value in told.items() if name not in SECRETS} if for_browser else told


def _traced(one: Traced) -> dict[str, Any]:
    return {
        "offer_id": one.offer_id,
        "product_id": one.product_id,
        "source": one.source,
        "stage": one.stage,
        "rule": one.rule,
        "factors": dict(one.factors),
    }
