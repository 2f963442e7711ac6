"""Bodies of requests: how long, of which media type, and JSON without surprises."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from nextbest.web.api.problems import RefusedError, wrong_values

B = TypeVar("B", bound=BaseModel)
MAX_BODY: Final = 1_000_000
"""Bytes of a body; longer ones are refused before they are read."""
PATIENCE: Final = 20.0
"""Seconds for a body to come: a caller who sends a byte now and then does not hold a place for ever."""
_MEDIA: Final = frozenset({"application/json", "text/plain", "application/x-ndjson", ""})
"""``text/plain`` is what a browser's beacon sends."""


async def body_of(request: Request, most: int = MAX_BODY) -> bytes:
    """Read a body, and no more of it than is allowed."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _MEDIA:
        raise RefusedError(415, "api.media", got=media[:60])
    said = request.headers.get("content-length", "0")
    if said.isdecimal() and int(said) > most:
        raise RefusedError(413, "api.too_large", most=most)
    pieces, length = [], 0
    try:
        async with asyncio.timeout(PATIENCE):
            async for piece in request.stream():
                length += len(piece)
                if length > most:
                    raise RefusedError(413, "api.too_large", most=most)
                pieces.append(piece)
    except TimeoutError:
        raise RefusedError(408, "api.too_slow", headers={"connection": "close"}, seconds=PATIENCE) from None
    return b"".join(pieces)


def read(model: type[B], body: bytes) -> B:
    """Read a body as what it should be; nothing is taken for something else, such as true for 1."""
    strict_json(body)
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise wrong_values(error) from None


def strict_json(body: bytes) -> Any:
    """Read JSON as RFC 8259 has it: UTF-8, no NaN, no name twice, not nested without end.

    Examples
    --------
    >>> strict_json(b'{"limit": 3}')
    {'limit': 3}
    >>> strict_json(b'{"limit": 3, "limit": 4}')
    Traceback (most recent call last):
    ...
    nextbest.web.api.problems.RefusedError: api.no_json
    """
    try:
        return json.loads(body.decode(), parse_constant=_no_number, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "not strict JSON in UTF-8"
        raise RefusedError(400, "api.no_json", reason=reason) from None


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a name stands twice"
        raise ValueError(message)
    return found
