"""The routes: each reads, asks the service, and answers."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from nextbest.app.asking import new_id
from nextbest.app.repeating import Once, decide_once
from nextbest.app.serving import Service
from nextbest.base.messages import render
from nextbest.serving.decide import Result
from nextbest.serving.events import CALLS, Call
from nextbest.web.api import measuring
from nextbest.web.api.answers import Decision, Kept, Live, Ready, told
from nextbest.web.api.bodies import DecideBody, answered
from nextbest.web.api.gate import state_of
from nextbest.web.api.problems import RefusedError
from nextbest.web.api.reading import body_of, read

router: Final = APIRouter()
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


def service_of(request: Request) -> Service:
    """Give the service that answers."""
    service: Service = request.app.state.service
    return service


def asker(request: Request) -> str:
    """Name the key that asks: who changed something is known by it."""
    key = state_of(request)["key"]
    return f"{key.name} ({key.key_id})"


def as_json(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Write an answer; instants are UTC, money is exact decimal text."""
    text = orjson.dumps(content, _money, orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z)
    return Response(
        text, status, media_type="application/json", headers={"cache-control": "no-store", **(headers or {})}
    )


def _money(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    raise TypeError(type(value).__name__)


@router.get("/health/live", summary="The process answers", responses=told(Live))
async def live() -> Response:
    """Tell that the process is there."""
    return as_json({"status": "live"})


@router.get("/health/ready", summary="Decisions can be made", responses=told(Ready))
async def ready(request: Request) -> Response:
    """Tell which run and policy hold; 503 before the first run."""
    loaded = service_of(request).loaded
    if loaded.run is None:
        raise RefusedError(503, "api.not_ready", headers={"retry-after": "5"})
    return as_json(
        {"status": "ready", "snapshot": loaded.run, "policy_version": loaded.compiled.policy.version}
    )


@router.get("/metrics", summary="Counters for Prometheus")
async def metrics() -> Response:
    """Give the counters of this worker."""
    return Response(measuring.page(), media_type="text/plain; version=0.0.4")


@router.post("/v1/events", summary="Tell what visitors did", status_code=202, responses=told(Kept, 202))
@router.post("/v1/batch", summary="Segment's batch", status_code=202, responses=told(Kept, 202))
async def take(request: Request) -> Response:
    """Keep events; what is acknowledged is on the disk."""
    return await _take(request, None)


@router.post(
    "/v1/decide", summary="What to offer now, to this visitor, in these places", responses=told(Decision)
)
async def decide(request: Request) -> Response:
    """Decide; the decision is on the disk before it is answered."""
    started = time.perf_counter()
    body = read(DecideBody, await body_of(request))
    key = state_of(request)["key"]
    for_browser = key.scope == "browser"
    if for_browser and (body.explain or body.dry_run):
        raise RefusedError(403, "api.not_for_browsers")
    service, asked = service_of(request), body.request(new_id())

    def plain(result: Result) -> dict[str, Any]:
        for answer in result.answers:
            measuring.count_decision(answer.outcome, answer.cause)
        return answered(result, (time.perf_counter() - started) * 1000, for_browser=for_browser)

    if body.dry_run:
        return as_json(plain(service.consider(asked)))
    if "idempotency-key" not in request.headers:
        return as_json(plain(await service.decide(asked, budget_ms=body.budget_ms)))
    once = Once.of(key.key_id, _idempotency_key(request), body.model_dump_json())
    said = await decide_once(service, asked, once, plain, budget_ms=body.budget_ms)
    if said.answer is None:
        raise RefusedError(422, "api.idempotency_other")
    repeated = {"idempotent-replayed": "true"} if said.is_repeated else {}
    return as_json(said.answer, headers=repeated)


def _idempotency_key(request: Request) -> str:
    text = request.headers["idempotency-key"]
    if not _KEY.fullmatch(text):
        raise RefusedError(422, "api.idempotency_key")
    return text


async def _take(request: Request, call: Call | None) -> Response:
    kept, rejected = await service_of(request).take(await body_of(request), call)
    measuring.count_events("accepted", kept.n_accepted)
    measuring.count_events("duplicate", kept.n_duplicates)
    measuring.count_events("erased", kept.n_erased)
    for code, n in Counter(one.code for one in rejected).items():
        measuring.count_events(code, n)
    language = state_of(request)["language"]
    refused = [
        {"index": one.index, "code": one.code, "detail": render(one.message, language)} for one in rejected
    ]
    told = {"accepted": kept.n_accepted, "duplicates": kept.n_duplicates, "erased": kept.n_erased}
    return as_json({**told, "rejected": refused}, 202)


def _segment(call: Call) -> None:
    @router.post(
        f"/v1/{call}", summary=f"Segment's {call}", status_code=202, name=call, responses=told(Kept, 202)
    )
    async def one(request: Request) -> Response:
        return await _take(request, call)


for _call in CALLS:
    _segment(_call)
