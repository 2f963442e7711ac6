"""Routes that look things up: what is known of a customer, and plain lists; nothing is decided, nothing is logged."""

from __future__ import annotations

import asyncio
import dataclasses
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from nextbest.app import auditing
from nextbest.app.knowing import Known, known
from nextbest.app.listing import KINDS, MOST, Wanted, listed
from nextbest.base.messages import render
from nextbest.serving.decide import Result
from nextbest.web.api.answers import told
from nextbest.web.api.bodies import Id, proposed
from nextbest.web.api.findings import Customer, Listed
from nextbest.web.api.gate import state_of
from nextbest.web.api.problems import RefusedError
from nextbest.web.api.routes import as_json, asker, service_of

router: Final = APIRouter()


@router.get(
    "/v1/customers/{customer_id}", summary="What is known of a customer now", responses=told(Customer)
)
async def customer(request: Request, customer_id: str) -> Response:
    """Give profile, probabilities, next offers, consents, and what the customer did since the last run."""
    language = state_of(request)["language"]
    asked = customer_id if "\0" not in customer_id else ""
    service = service_of(request)
    found = await asyncio.to_thread(known, service, asked, language=language)
    if found is None:
        raise RefusedError(404, "api.customer_unknown")
    await service.write(partial(auditing.write, action="customer seen", of=customer_id, by=asker(request)))
    return as_json(_told(found))


@router.get(
    "/v1/recommendations/{kind}",
    summary="A plain list: bestsellers, related products, ...",
    responses=told(Listed),
)
async def recommendations(
    request: Request,
    kind: str,
    customer_id: Annotated[Id | None, Query()] = None,
    product_id: Annotated[Id | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 10,
) -> Response:
    """Give a list, best first; no decision is logged, no cap is counted, chance has no part."""
    if kind not in KINDS:
        raise RefusedError(404, "api.list_unknown", known=sorted(KINDS))
    needs = KINDS[kind].needs
    if needs is not None and not {"customer_id": customer_id, "product_id": product_id}[needs]:
        raise RefusedError(422, "api.list_needs", kind=kind, needs=needs)
    wanted = Wanted(
        kind=kind,
        customer_id=customer_id,
        product_id=product_id,
        limit=limit,
        language=state_of(request)["language"],
    )
    return as_json(_listed(listed(service_of(request), wanted)))


def _told(found: Known) -> dict[str, Any]:
    """Give it in JSON's words; the words that were searched for are left out, they may name a person."""
    values = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    its = found.now
    values["offers"] = [proposed(offer) for offer in found.offers]
    values["now"] = {
        "cart": its.cart,
        "viewed": its.views[:_LAST],
        "ordered": [{"product_id": product, "at": at} for product, at in its.ordered[:_LAST]],
        "offers": its.offers[:_LAST],
        "session": its.session,
    }
    return values


def _listed(result: Result) -> dict[str, Any]:
    answer = result.answers[0]
    language = "zh" if result.request.locale == "zh" else "en"
    return {
        "kind": answer.placement,
        "snapshot": result.snapshot,
        "model_as_of": result.model_as_of,
        "currency": result.currency,
        "cause": answer.cause,
        "detail": None
        if answer.detail is None
        else render(answer.detail, language, currency=result.currency),
        "offers": [proposed(offer) for offer in answer.offers],
        "notes": dict(result.notes),
    }


_LAST: Final = 20
"""Entries of each list of what a customer did."""
