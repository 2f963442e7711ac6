"""The application: opened with the server, told of new runs and policies while it runs, drained at its end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from nextbest.app.serving import Service
from nextbest.base.errors import NextBestError, WorkspaceError
from nextbest.web.api import batch, knowing, looking, rights, scoring
from nextbest.web.api.describing import document, methods_of
from nextbest.web.api.gate import LOG, Gate, state_of
from nextbest.web.api.problems import RefusedError, answer, refused, wrong_parameters
from nextbest.web.api.routes import as_json, decide, router, take

LOOK: Final = 1.0
"""Seconds between two looks for a newer run or policy."""
OPENING: Final = 60.0
"""Seconds for which a worker tries to open what it needs; uvicorn ends all workers when one cannot start."""
_SWITCH: Final = 0.0002
"""Seconds that a thread may keep others waiting, such as one that loads a newer run; Python's own 0.005 would be felt."""


def build(open_service: Callable[[], Service], *, rate: float = 1000.0) -> ASGIApp:
    """Make the application.

    Parameters
    ----------
    open_service
        Opens the service when the server starts; it is closed when the server ends.
    rate
        Requests a second of one key on one worker.
    """

    @contextlib.asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        sys.setswitchinterval(_SWITCH)
        app.state.service = await _opened(open_service)
        gc.freeze()
        following = asyncio.create_task(_follow(app.state.service))
        yield
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
        await asyncio.to_thread(app.state.service.close)

    app = routes(living)
    return Gate(_straight(app), lambda: app.state.service, rate)


def routes(lifespan: Any = None) -> FastAPI:
    """Make the routes, which describe themselves as OpenAPI."""
    app = FastAPI(
        title="nextbest",
        version="1",
        summary="What to offer now, to whom, and why",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        separate_input_output_schemas=False,
        redirect_slashes=False,
    )
    app.include_router(router)
    app.include_router(batch.router)
    app.include_router(looking.router)
    app.include_router(knowing.router)
    app.include_router(scoring.router)
    app.include_router(rights.router)
    described = document(app)

    async def openapi(_: Request) -> Response:
        return as_json(described)

    app.add_route("/openapi.json", openapi, include_in_schema=False)
    for kind in (RefusedError, NextBestError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _refuse)
    return app


def from_environment() -> ASGIApp:
    """Make the application that ``nextbest serve`` asked for, in each of its workers."""
    folder = Path(os.environ["NEXTBEST_SERVE"])
    database = os.environ.get("NEXTBEST_DATABASE") or None
    rate = float(os.environ.get("NEXTBEST_RATE", "1000"))
    return build(partial(Service, folder, database=database, is_patient=True), rate=rate)


def _straight(app: FastAPI) -> ASGIApp:
    """Go straight to what is asked most: the layers in between take longer than the rest of the web's work."""
    known = {"/v1/decide": decide, "/v1/events": take, "/v1/batch": take}

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = known.get(scope["path"]) if scope["type"] == "http" else None
        if endpoint is None or scope["method"] != "POST":
            await app(scope, receive, send)
            return
        scope["app"] = app
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)

    return answering


async def _opened(open_service: Callable[[], Service]) -> Service:
    """Open the service, again and again for a minute: a worker may be replaced while the database does not answer."""
    told, end = "", time.monotonic() + OPENING
    while True:
        try:
            return await asyncio.to_thread(open_service)
        except WorkspaceError as error:
            if time.monotonic() > end:
                raise
            if str(error) != told:
                LOG.warning("cannot start yet: %s", error)
            told = str(error)
            await asyncio.sleep(LOOK)


async def _follow(service: Service) -> None:
    """Look for newer runs and policies, whatever is wrong with one; the same trouble is told once."""
    told, parent = "", multiprocessing.parent_process()
    while True:
        await asyncio.sleep(LOOK)
        if parent and not parent.is_alive():  # nobody could end this worker any more, and it holds the port
            LOG.warning("the process that started the workers is gone: ending")
            signal.raise_signal(signal.SIGTERM)
            return
        try:
            if await asyncio.to_thread(service.follow):
                gc.freeze()  # what was loaded stays: looking through it for garbage would hold everybody up
                LOG.info(
                    "now on run %s, policy %s", service.loaded.run, service.loaded.compiled.policy.version
                )
            told = ""
        except Exception as error:  # noqa: BLE001  a run that cannot be read must not end the looking
            if str(error) != told:
                LOG.warning("the newer run or policy cannot be used: %s", error)
            told = str(error)


async def _refuse(request: Request, error: Exception) -> Response:
    """Answer with the problem behind an error."""
    known = state_of(request)
    problem = _problem(error, known["request_id"])
    if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
        problem.headers = {"allow": methods_of(request.app, request.scope["path"])}
    return answer(problem, known["request_id"], known["language"])


def _problem(error: Exception, request_id: str) -> RefusedError:
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, NextBestError):
        return refused(error)
    if isinstance(error, RequestValidationError):
        return wrong_parameters(error)
    if isinstance(error, HTTPException):
        codes = {404: "api.no_route", 405: "api.method"}
        return RefusedError(
            error.status_code, codes.get(error.status_code, "api.refused"), headers=error.headers
        )
    return RefusedError(500, "api.unexpected", request_id=request_id)
