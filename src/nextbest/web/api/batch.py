"""Many decisions at once: a request a line in, an answer a line out, in their order, while more is still on its way."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson
from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from nextbest.app.asking import new_id
from nextbest.app.serving import Service
from nextbest.base.errors import NextBestError
from nextbest.serving.decide import Request as Asked
from nextbest.serving.decide import Result
from nextbest.web.api.bodies import DecideBody, answered
from nextbest.web.api.gate import state_of
from nextbest.web.api.measuring import count_decisions
from nextbest.web.api.problems import RefusedError, refused, told
from nextbest.web.api.reading import MAX_BODY, PATIENCE, read
from nextbest.web.api.routes import service_of

router: Final = APIRouter()
_AT_ONCE: Final = 500
"""Lines decided in one pass."""


class _Line(NamedTuple):
    """A line that can be decided on."""

    asked: Asked
    is_trial: bool


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
            yield await _decided(service, chunk, state_of(request))
            chunk = []
    yield await _decided(service, chunk, state_of(request))


async def _lines(request: Request) -> AsyncIterator[bytes]:
    """Cut the body into lines; the rest of what is too long for a line is one that cannot be read."""
    rest = b""
    async for piece in _pieces(request):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            if line.strip():
                yield line
        rest = rest[:MAX_BODY]
    if rest.strip():
        yield rest


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """Give the body as it comes; who sends nothing for too long is gone."""
    stream = request.stream()
    while True:
        try:
            piece = await asyncio.wait_for(anext(stream, None), PATIENCE)
        except TimeoutError:
            raise ClientDisconnect from None
        if piece is None:
            return
        yield piece


async def _decided(service: Service, chunk: Sequence[bytes], known: Mapping[str, Any]) -> bytes:
    """Decide on lines in one pass, beside the loop that others are answered in."""
    started = time.perf_counter()
    lines = await service.aside(lambda: [_read(line, known) for line in chunk])
    try:
        results = await _results(service, [line for line in lines if isinstance(line, _Line)])
    except NextBestError as error:
        wrong = told(refused(error), known["request_id"], known["language"])
        return b"".join(orjson.dumps(wrong if isinstance(line, _Line) else line) + b"\n" for line in lines)
    took_ms = (time.perf_counter() - started) * 1000
    return await service.aside(lambda: _written(lines, results, took_ms))


def _read(line: bytes, known: Mapping[str, Any]) -> _Line | dict[str, Any]:
    """Read a line, or tell what is wrong with it."""
    try:
        body = read(DecideBody, line)
    except RefusedError as problem:
        return told(problem, known["request_id"], known["language"])
    return _Line(body.request(new_id()), body.dry_run)


async def _results(service: Service, lines: Sequence[_Line]) -> dict[str, Result]:
    """Decide, and write down what is no trial; by the id of the request."""
    real = await service.decide_all([line.asked for line in lines if not line.is_trial])
    trials = [line.asked for line in lines if line.is_trial]
    tried = await service.aside(lambda: service.consider_all(trials)) if trials else []
    count_decisions(Counter((answer.outcome, answer.cause) for one in real for answer in one.answers))
    return {one.request.request_id: one for one in (*real, *tried)}


def _written(lines: Sequence[_Line | dict[str, Any]], results: Mapping[str, Result], took_ms: float) -> bytes:
    said = (
        answered(results[line.asked.request_id], took_ms, for_browser=False)
        if isinstance(line, _Line)
        else line
        for line in lines
    )
    return b"".join(orjson.dumps(one) + b"\n" for one in said)
