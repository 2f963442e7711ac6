"""Routes for people who look after the service: logged decisions, and policies with all their versions."""

from __future__ import annotations

import asyncio
import dataclasses
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from nextbest.app import auditing
from nextbest.app.policies import problems
from nextbest.app.repeating import KEPT
from nextbest.app.replaying import MOST, Reward, replayed
from nextbest.base.errors import DataError
from nextbest.base.messages import Message, render
from nextbest.serving.policy import Policy
from nextbest.web.api.answers import told
from nextbest.web.api.bodies import Body, Text
from nextbest.web.api.findings import Checked, LoggedDecision, Policies, Replayed, Version
from nextbest.web.api.gate import state_of
from nextbest.web.api.problems import RefusedError, refused
from nextbest.web.api.reading import body_of, read
from nextbest.web.api.routes import as_json, asker, service_of

router: Final = APIRouter()
_ONE: Final = asyncio.Lock()
"""One replay at a time."""


class RollbackBody(Body):
    """Which version holds again."""

    version: Annotated[int, Field(ge=0, le=1_000_000_000)]
    note: Text | None = None
    """Why."""


class ReplayBody(Body):
    """Which policy is asked what was asked before."""

    policy: Policy
    """As for ``/v1/policies/publish``."""
    days: Annotated[float, Field(gt=0, le=366)] = 30.0
    """How far back."""
    most: Annotated[int, Field(ge=1, le=MOST)] = 2_000
    """Decisions at most; the newest are used."""
    reward: Reward = "accepted"
    """What counts as success."""


@router.get(
    "/v1/decisions/{decision_id}",
    summary="A logged decision, its trace, and what became of it",
    responses=told(LoggedDecision),
)
async def decision(request: Request, decision_id: str) -> Response:
    """Give a logged decision."""
    service = service_of(request)
    found = service.traced(decision_id) if "\0" not in decision_id else None
    if found is None:
        raise RefusedError(404, "api.decision_unknown")
    await service.write(partial(auditing.write, action="decision seen", of=decision_id, by=asker(request)))
    logged, followed = found
    plain = dataclasses.asdict(logged)
    plain["trace"] = {name: part for name, part in (logged.trace or {}).items() if name != KEPT}
    return as_json(plain | {"followed": [{"verb": verb, "at": at} for verb, at in followed]})


@router.get("/v1/policies", summary="The policy that holds, and all versions", responses=told(Policies))
async def policies(request: Request) -> Response:
    """Give the policy that holds, and who published what when."""
    service = service_of(request)
    return as_json(
        {"policy": service.policy().model_dump(mode="json"), "versions": service.policy_versions()}
    )


@router.post("/v1/policies/check", summary="What is wrong with a policy", responses=told(Checked))
async def check(request: Request) -> Response:
    """List everything that is wrong with a policy; publishes nothing."""
    return as_json({"problems": _told(problems(read(Policy, await body_of(request))), request)})


@router.post(
    "/v1/policies/publish",
    summary="Let a policy hold from now on",
    status_code=201,
    responses=told(Version, 201),
)
async def publish(request: Request) -> Response:
    """Publish a policy as the next version, unless something is wrong with it."""
    candidate = _sound(read(Policy, await body_of(request)), request)
    version = await service_of(request).publish(candidate, by=asker(request), note=None)
    return as_json({"version": version}, 201)


@router.post(
    "/v1/policies/rollback",
    summary="Let an older version hold again",
    status_code=201,
    responses=told(Version, 201),
)
async def rollback(request: Request) -> Response:
    """Publish an older version again, as the next one."""
    asked = read(RollbackBody, await body_of(request))
    service = service_of(request)
    try:
        older = service.policy(asked.version)
    except DataError as error:
        problem = refused(error)
        problem.status = 404
        raise problem from None
    version = await service.publish(older, by=asker(request), note=asked.note, restores=asked.version)
    return as_json({"version": version}, 201)


@router.post(
    "/v1/policies/replay",
    summary="Who would get something else under another policy",
    responses=told(Replayed),
)
async def replay(request: Request) -> Response:
    """Ask a policy what was asked in the last days; one replay at a time, decisions go on meanwhile."""
    asked = read(ReplayBody, await body_of(request))
    candidate = _sound(asked.policy, request)
    async with _ONE:
        found = await asyncio.to_thread(
            replayed,
            service_of(request),
            candidate,
            days=asked.days,
            most=asked.most,
            reward=asked.reward,
        )
    note = partial(auditing.write, action="policy replayed", of=asked.policy.id, by=asker(request))
    await service_of(request).write(note)
    refusal = None if found.refusal is None else _told([found.refusal], request)[0]
    return as_json(dataclasses.asdict(found) | {"refusal": refusal})


def _sound(candidate: Policy, request: Request) -> Policy:
    found = problems(candidate)
    if found:
        raise RefusedError(422, "api.policy_wrong", errors=_told(found, request), n=len(found))
    return candidate


def _told(found: list[Message], request: Request) -> list[dict[str, Any]]:
    language = state_of(request)["language"]
    return [{"code": one.code, "detail": render(one, language)} for one in found]
