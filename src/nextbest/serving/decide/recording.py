"""Results as rows of the decision log, with what a replay needs to ask again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nextbest.serving.decide.spec import Answer, Ask, Assignment, CartItem, LogRows, Offer, Request, Result
from nextbest.serving.log import Decision


def log_rows(result: Result) -> LogRows:
    """Give the rows to write before the answer is given: one per offer, or one for a placement that got none."""
    return [
        row
        for answer in result.answers
        for row in (
            [_chosen(result, answer, offer) for offer in answer.offers]
            if answer.offers
            else [_nothing(result, answer)]
        )
    ]


def asked_again(decision: Decision) -> Request:
    """Rebuild the request behind a logged decision; its placement is the last, after those that were filled before it."""
    said: Mapping[str, Any] = (decision.trace or {}).get("context", {})  # type: ignore[assignment]
    return Request(
        request_id=decision.request_id,
        placements=(*(Ask(name, limit) for name, limit in said.get("before", ())), Ask(decision.placement)),
        customer_id=decision.customer_id,
        anonymous_id=decision.anonymous_id,
        session_id=decision.session_id,
        channel=decision.channel or "web",
        cart=tuple(CartItem(one, units) for one, units in said.get("cart", ())),
        product_id=said.get("product_id"),
        page=said.get("page"),
        results=tuple(said.get("results", ())),
        intent=said.get("intent"),
    )


def _nothing(result: Result, answer: Answer) -> Decision:
    return Decision(
        decision_id=answer.decision_id,
        cause=answer.cause,
        trace=_about(result, answer),
        **_common(result, answer, answer.assignment),
    )


def _chosen(result: Result, answer: Answer, offer: Offer) -> Decision:
    """Give the row of an offer; stages, candidates and context once, with the first offer."""
    trace: dict[str, object] = {
        "reasons": [{"code": one.code, "ref": one.ref} for one in offer.reasons],
        "score": offer.score,
    }
    if offer.price_rule:
        trace["price_rule"] = offer.price_rule
    if offer is answer.offers[0]:
        trace |= _about(result, answer)
    return Decision(
        decision_id=offer.decision_id,
        rank=offer.rank,
        offer_id=offer.offer_id,
        kind=offer.kind,
        product_ids=offer.product_ids,
        price=offer.price,
        probability=offer.probability,
        expected_profit=offer.expected_profit,
        incremental_profit=offer.incremental_profit,
        margin_source=offer.margin_source,
        trace=trace,
        **_common(result, answer, offer.assignment),
    )


def _common(result: Result, answer: Answer, assignment: Assignment) -> dict[str, Any]:
    request = result.request
    return {
        "request_id": request.request_id,
        "decided_at": result.decided_at,
        "placement": answer.placement,
        "outcome": answer.outcome,
        "n_candidates": answer.n_candidates,
        "assignment_reason": assignment.reason,
        "assignment_probability": assignment.probability,
        "policy_id": result.policy_id,
        "policy_version": result.policy_version,
        "snapshot": result.snapshot,
        "customer_id": request.customer_id,
        "anonymous_id": request.anonymous_id,
        "session_id": request.session_id,
        "channel": request.channel,
        "experiment_id": assignment.experiment,
        "variant": assignment.variant,
    }


def _about(result: Result, answer: Answer) -> dict[str, object]:
    context = _context(result.request)
    before = [[ask.id, ask.limit] for ask in result.request.placements[: result.answers.index(answer)]]
    if before:
        context["before"] = before
    trace: dict[str, object] = {"removed": answer.removed, "context": context}
    if answer.trace:
        trace["candidates"] = [
            {
                "offer_id": one.offer_id,
                "source": one.source,
                "stage": one.stage,
                "rule": one.rule,
                "factors": dict(one.factors),
            }
            for one in answer.trace
        ]
    return trace


def _context(request: Request) -> dict[str, object]:
    """Keep what was going on; the words searched are not kept, they may name a person."""
    said: dict[str, object] = {}
    if request.cart:
        said["cart"] = [[item.product_id, item.quantity] for item in request.cart]
    for name in ("product_id", "page", "results", "intent"):
        value = getattr(request, name)
        if value not in (None, ()):
            said[name] = list(value) if name == "results" else value
    return said
