"""The OpenAPI document: what the routes say of themselves, with the bodies they read, the keys, and the problems."""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel

from nextbest.serving.events import CALLS
from nextbest.serving.policy import Policy
from nextbest.web.api.answers import Problem
from nextbest.web.api.bodies import BatchBody, DecideBody
from nextbest.web.api.gate import FOR_BROWSERS, OPEN
from nextbest.web.api.looking import ReplayBody, RollbackBody
from nextbest.web.api.scoring import ScoreBody

_TEA: Final = {"placements": [{"id": "home", "limit": 1}], "subject": {"anonymous_id": "a-77"}}
_VIEWED: Final = {
    "type": "track",
    "event": "Product Viewed",
    "messageId": "m1",
    "anonymousId": "a-77",
    "properties": {"product_id": "tea"},
}
_GROWN_UP: Final = {"rules": [{"name": "grown up", "stage": "eligibility", "where": "age >= 18"}]}
_READ: Final[dict[str, tuple[type[BaseModel], Any]]] = {
    "/v1/decide": (DecideBody, _TEA),
    "/v1/decide/batch": (DecideBody, _TEA),
    "/v1/score/intent": (ScoreBody, {"subject": {"anonymous_id": "a-77"}}),
    "/v1/policies/check": (Policy, _GROWN_UP),
    "/v1/policies/publish": (Policy, _GROWN_UP),
    "/v1/policies/rollback": (RollbackBody, {"version": 0, "note": "too much"}),
    "/v1/policies/replay": (ReplayBody, {"policy": _GROWN_UP, "days": 7}),
    "/v1/events": (BatchBody, {"batch": [_VIEWED]}),
    "/v1/batch": (BatchBody, {"batch": [_VIEWED]}),
    **{f"/v1/{call}": (BatchBody, {**_VIEWED, "type": call}) for call in CALLS},
}
"""Bodies by route, each with an example."""
_ONE_LINE: Final = {
    "description": "Each line: the decision, or the problem in its place",
    "anyOf": [{"$ref": "#/components/schemas/Decision"}, {"$ref": "#/components/schemas/Problem"}],
}
_LINES: Final[dict[str, dict[str, Any]]] = {
    "/v1/decide/batch": {"application/x-ndjson": {"schema": _ONE_LINE}},
    "/metrics": {"text/plain": {"schema": {"type": "string"}}},
}
"""What is no JSON."""
_PROBLEMS: Final = {
    400: "The body or address is not what can be read",
    401: "No key, or one that does not hold",
    403: "A browser's key where it may not be",
    404: "There is no such thing",
    408: "The body did not come in time",
    413: "Longer than 1 MB",
    415: "Not application/json",
    422: "A value is not what it should be",
    429: "More requests a second than the key may ask",
    500: "Not the caller's doing",
    503: "Not now; come back later",
}
_LATER: Final = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}
_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same again is answered as the first time, written and counted once.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}


def document(app: FastAPI) -> dict[str, Any]:
    """Write the document of an application."""
    whole = app.openapi()
    parts = whole.setdefault("components", {})
    schemas = {name: one for name, one in parts["schemas"].items() if "ValidationError" not in name}
    models: list[type[BaseModel]] = [Problem, *(model for model, _ in _READ.values())]
    for model in dict.fromkeys(models):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {}) | {model.__name__: schema}
    parts["schemas"] = dict(sorted(schemas.items()))
    parts["responses"] = {f"Problem{status}": _problem(status) for status in _PROBLEMS}
    parts["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer"},
        "writeKey": {"type": "http", "scheme": "basic", "description": "The key as the user's name"},
    }
    for path, methods in whole["paths"].items():
        for method, route in methods.items():
            _describe(path, method, route)
    return whole


def methods_of(app: FastAPI, path: str) -> str:
    """Name the methods that a path knows."""
    known = app.openapi()["paths"].items()
    found = [methods for route, methods in known if re.fullmatch(re.sub(r"{\w+}", "[^/]+", route), path)]
    return ", ".join(sorted({method.upper() for methods in found for method in methods}))


def _describe(path: str, method: str, route: dict[str, Any]) -> None:
    words = [part for part in path.split("/") if part not in {"", "v1"} and not part.startswith("{")]
    route["operationId"] = "_".join([method, *words])
    route["responses"].pop("422", None)
    for status in sorted(_may_fail(path, method, route)):
        route["responses"][str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    if path not in OPEN:
        is_segments = path in FOR_BROWSERS and path != "/v1/decide"
        route["security"] = [{"key": []}, *([{"writeKey": []}] if is_segments else [])]
    if path in _READ:
        model, example = _READ[path]
        media = "application/x-ndjson" if path.endswith("/decide/batch") else "application/json"
        schema = {"$ref": f"#/components/schemas/{model.__name__}"}
        route["requestBody"] = {"required": True, "content": {media: {"schema": schema, "example": example}}}
    if path in _LINES:
        route["responses"]["200"] = {"description": "Lines", "content": _LINES[path]}
    if path == "/v1/decide":
        route["parameters"] = [_IDEMPOTENCY_KEY]


def _may_fail(path: str, method: str, route: dict[str, Any]) -> set[int]:
    """Tell with which statuses a route may answer that something is wrong."""
    found = {500, 503} | (set() if path in OPEN else {401, 403, 429})
    places = {one["in"] for one in route.get("parameters", ())}
    if "path" in places or path == "/v1/score/intent":
        found |= {404}
    if "query" in places:
        found |= {422}
    if path == "/v1/policies/rollback":
        found |= {404}
    if method == "post" and not path.endswith("/decide/batch"):
        found |= {400, 408, 413, 415, 422}
    return found


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    found: dict[str, Any] = {
        "description": _PROBLEMS[status],
        "content": {"application/problem+json": {"schema": schema}},
    }
    return found | ({"headers": _LATER} if status in {429, 503} else {})
