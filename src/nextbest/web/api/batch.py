"""Many decisions at once: a request a line in, an answer a line out, in their order, while more is still on its way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from nextbest.app.asking import new_id
from nextbest.app.serving import Service
from nextbest.base.errors import NextBestError
from nextbest.base.messages import render
from nextbest.serving.decide import Result
from nextbest.web.api.bodies import DecideBody, answered
from nextbest.web.api.gate import state_of
from nextbest.web.api.problems import RefusedError, refused
from nextbest.web.api.reading import MAX_BODY, read
from nextbest.web.api.routes import service_of

router: Final = APIRouter()
_AT_ONCE: Final = 500
"""Lines decided in one pass."""


class LinesResponse(Response):
    """Lines that are sent as they are made, while the request is still being read."""

    def __init__(self, lines: AsyncIterator[bytes]) -> None:
        super().__init__(media_type="application/x-ndjson")
        del self.headers["content-length"]
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send them."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for piece in self._lines:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@router.post("/v1/decide/batch", summary="Many decisions: a request a line, an answer a line")
async def batch(request: Request) -> Response:
    """Decide on each line; one that is wrong is answered with a problem in its place."""
    return LinesResponse(_answers(request, service_of(request)))


async def _answers(request: Request, service: Service) -> AsyncIterator[bytes]:
    chunk: list[bytes] = []
    async for line in _lines(request):
        chunk.append(line)
        if len(chunk) == _AT_ONCE:
            yield await _decided(service, chunk, state_of(request)["language"])
            chunk = []
    yield await _decided(service, chunk, state_of(request)["language"])


async def _lines(request: Request) -> AsyncIterator[bytes]:
    """Cut the body into lines; the rest of what is too long for a line is one that cannot be read."""
    rest = b""
    async for piece in request.stream():
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            if line.strip():
                yield line
        rest = rest[:MAX_BODY]
    if rest.strip():
        yield rest


async def _decided(service: Service, chunk: Sequence[bytes], language: str) -> bytes:
    told = await asyncio.gather(*(_one(service, line, language) for line in chunk))
    return b"".join(orjson.dumps(one) + b"\n" for one in told)


async def _one(service: Service, line: bytes, language: str) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        body = read(DecideBody, line)
        asked = body.request(new_id())
        result: Result = (
            service.consider(asked) if body.dry_run else await service.decide(asked, budget_ms=body.budget_ms)
        )
    except RefusedError as problem:
        return _problem(problem, language)
    except NextBestError as error:
        return _problem(refused(error), language)
    return answered(result, (time.perf_counter() - started) * 1000, for_browser=False)


def _problem(problem: RefusedError, language: str) -> dict[str, Any]:
    code = problem.message.code
    told = {"type": f"urn:nextbest:{code}", "status": problem.status, "code": code}
    return {**told, "detail": render(problem.message, language), "errors": problem.errors or []}
