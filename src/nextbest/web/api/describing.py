"""The OpenAPI document: what the routes say of themselves, with the bodies they read, the keys, and the problems."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel

from nextbest.serving.policy import Policy
from nextbest.web.api.bodies import DecideBody
from nextbest.web.api.gate import OPEN
from nextbest.web.api.looking import RollbackBody

_READ: Final[dict[str, type[BaseModel]]] = {
    "/v1/decide": DecideBody,
    "/v1/decide/batch": DecideBody,
    "/v1/policies/check": Policy,
    "/v1/policies/publish": Policy,
    "/v1/policies/rollback": RollbackBody,
}
"""Bodies by route; those of events are Segment's."""
_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


def document(app: FastAPI) -> dict[str, Any]:
    """Write the document of an application."""
    whole = app.openapi()
    parts = whole.setdefault("components", {})
    schemas: dict[str, Any] = {"Problem": _PROBLEM}
    for model in dict.fromkeys(_READ.values()):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {}) | {model.__name__: schema}
    parts["schemas"] = dict(sorted(schemas.items()))
    parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, methods in whole["paths"].items():
        for method, route in methods.items():
            _describe(path, method, route)
    return whole


def _describe(path: str, method: str, route: dict[str, Any]) -> None:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    route["responses"].pop("422", None)
    route["responses"]["default"] = {"description": "What went wrong", "content": problem}
    if path not in OPEN:
        route["security"] = [{"key": []}]
    if method == "post":
        model = _READ.get(path)
        schema: dict[str, Any] = {"type": ["object", "array"]}
        media = "application/x-ndjson" if path.endswith("/decide/batch") else "application/json"
        if model:
            schema = {"$ref": f"#/components/schemas/{model.__name__}"}
        route["requestBody"] = {"required": True, "content": {media: {"schema": schema}}}
