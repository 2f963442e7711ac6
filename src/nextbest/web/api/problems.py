"""What goes wrong, as RFC 9457 problems: a status, a code, a sentence in the caller's language, the id of the request."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import Response

from nextbest.base.errors import NextBestError, WorkspaceError
from nextbest.base.messages import Message, Value, render

MEDIA: Final = "application/problem+json"


class RefusedError(Exception):
    """A request that is answered with a problem.

    Parameters
    ----------
    status
        Of HTTP.
    code
        Of the catalogues.
    headers
        Beside those of every answer.
    errors
        Where more than one thing is wrong: each with its place.
    values
        Of the sentence.
    """

    def __init__(
        self,
        status: int,
        code: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: list[dict[str, Any]] | None = None,
        **values: Value,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.message = Message(code, values)
        self.headers = dict(headers or {})
        self.errors = errors


def refused(error: NextBestError) -> RefusedError:
    """Give the problem behind an error of the house: what cannot be done now is 503, what is wrong is 400."""
    later = isinstance(error, WorkspaceError)
    headers = {"retry-after": "1"} if later else None
    problem = RefusedError(503 if later else 400, error.message.code, headers=headers)
    problem.message = error.message
    return problem


def wrong_values(error: ValidationError) -> RefusedError:
    """Give the problem of a body whose values are not what they should be; what was sent is not repeated."""
    said = error.errors(include_url=False, include_input=False, include_context=False)
    # A list is also called too short when its items are wrong: they are not counted.
    own = {one["loc"] for one in said if one["type"] != "too_short"}
    wrong_within = {place[:depth] for place in own for depth in range(len(place))}
    said = [one for one in said if one["type"] != "too_short" or one["loc"] not in wrong_within]
    found = [
        {"where": "/".join(str(part) for part in one["loc"]), "expected": one["msg"].replace("Tuple", "List")}
        for one in said[:20]
    ]
    return RefusedError(422, "api.wrong_values", errors=found, n=len(said))


def wrong_parameters(error: RequestValidationError) -> RefusedError:
    """Give the problem of what stands after the ``?``."""
    found = [{"where": "/".join(map(str, one["loc"])), "expected": one["msg"]} for one in error.errors()]
    return RefusedError(422, "api.wrong_parameters", errors=found, n=len(found))


def told(problem: RefusedError, request_id: str, language: str) -> dict[str, Any]:
    """Give a problem as JSON has it."""
    content: dict[str, Any] = {
        "type": f"urn:nextbest:{problem.message.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": render(problem.message, language),
        "code": problem.message.code,
        "request_id": request_id,
    }
    return content | ({"errors": problem.errors} if problem.errors else {})


def answer(problem: RefusedError, request_id: str, language: str) -> Response:
    """Write a problem."""
    return Response(
        orjson.dumps(told(problem, request_id, language)),
        problem.status,
        media_type=MEDIA,
        headers={"cache-control": "no-store"} | problem.headers,
    )
