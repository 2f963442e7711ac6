"""Routes for the rights of a customer: everything about one, and forgetting one; for servers' keys only."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from nextbest.app import forgetting
from nextbest.base.errors import DataError
from nextbest.web.api.answers import Answer, told
from nextbest.web.api.problems import RefusedError
from nextbest.web.api.routes import as_json, asker, service_of

router: Final = APIRouter()


class KnownAs(Answer):
    """Every id of a customer."""

    customers: list[str]
    devices: list[str]


class Everything(Answer):
    """Everything about one customer: rows by table."""

    customer_id: str
    known_as: KnownAs
    tables: dict[str, list[dict[str, Any]]]
    """Canonical tables."""
    run: dict[str, list[dict[str, Any]]]
    """Tables of the current run."""
    operations: dict[str, list[dict[str, Any]]]
    """Events, decisions, contacts, state, links, and who looked."""


class Removed(Answer):
    """Rows that went."""

    where: str
    """operations, tables, or runs."""
    table: str
    rows: int


class Erased(Answer):
    """What was removed."""

    removed: list[Removed]
    files: list[str]
    """Files of the workspace that were written again or removed."""
    elsewhere: list[str]
    """Exported files outside the workspace: they are yours to clean."""
    is_pending: bool
    """A load or run holds the files: they follow when it ends. Decisions know nothing of the customer from now on."""


@router.get(
    "/v1/customers/{customer_id}/export",
    summary="Everything about one customer, by table",
    responses=told(Everything),
)
async def export(request: Request, customer_id: str) -> Response:
    """Give everything about a customer; the audit tells who asked."""
    service = service_of(request)
    try:
        found = await asyncio.to_thread(
            forgetting.export, service.folder, _named(customer_id), by=asker(request), config=service.config
        )
    except DataError:
        raise RefusedError(404, "api.customer_unknown") from None
    content = orjson.dumps(found, default=str)
    return Response(content, media_type="application/json", headers={"cache-control": "no-store"})


@router.delete(
    "/v1/customers/{customer_id}",
    summary="Forget one customer everywhere",
    responses=told(Erased),
)
async def erase(request: Request, customer_id: str) -> Response:
    """Forget a customer in every table, run, log and file; a hash stays, so that no file brings the customer back."""
    service = service_of(request)
    done = await asyncio.to_thread(
        forgetting.erase, service.folder, _named(customer_id), by=asker(request), config=service.config
    )
    await asyncio.to_thread(service.forget)
    return as_json(done.as_dict())


def _named(customer_id: str) -> str:
    """Refuse what no customer can be called."""
    if "\0" in customer_id or not customer_id.isprintable():
        raise RefusedError(404, "api.customer_unknown")
    return customer_id
