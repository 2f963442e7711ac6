"""Hold answers against the OpenAPI document: status, media type and every field of it must be written there."""

from __future__ import annotations

import copy
import functools
import json
import re
from pathlib import Path
from typing import Any

import jsonschema

DOCUMENT = Path(__file__).parent.parent / "docs" / "openapi.json"


@functools.cache
def document() -> dict[str, Any]:
    """Read the committed document; what no schema names is forbidden."""
    whole: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    for schema in whole["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return whole


def wrong(method: str, path: str, status: int, media: str, body: bytes) -> str | None:
    """Say what is not as the document has it; ``None``: all is, or the document does not know the route.

    Parameters
    ----------
    method, path
        Of the request, the path without what follows ``?``.
    status, media, body
        Of the answer.
    """
    route = _route(method.lower(), path)
    if route is None:
        return None
    if str(status) not in route["responses"]:
        return f"{method} {path} answers {status}, which is not in the document"
    answer = _resolved(route["responses"][str(status)])
    plain = media.partition(";")[0]
    if plain not in answer["content"]:
        return f"{method} {path} {status} is {plain}, not one of {list(answer['content'])}"
    if not plain.endswith("json"):
        return None
    validator = _validator(json.dumps(answer["content"][plain]["schema"]))
    lines = body.splitlines() if plain.endswith("ndjson") else [body]
    error = next((error for line in lines for error in validator.iter_errors(json.loads(line))), None)
    return None if error is None else f"{method} {path} {status}: {error.json_path}: {error.message[:300]}"


def _route(method: str, path: str) -> dict[str, Any] | None:
    for known, methods in document()["paths"].items():
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", known), path) and method in methods:
            found: dict[str, Any] = methods[method]
            return found
    return None


def _resolved(answer: dict[str, Any]) -> dict[str, Any]:
    name = answer.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document()["components"]["responses"][name] if name else answer
    return found


@functools.cache
def _validator(schema: str) -> Any:
    whole = {**json.loads(schema), "components": copy.deepcopy(document()["components"])}
    return jsonschema.Draft202012Validator(whole)
