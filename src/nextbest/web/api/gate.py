"""The gate that every request passes: its id, its key, its pace, the log line about it; whatever goes wrong is a problem."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nextbest.app.keys import Key
from nextbest.app.serving import Service
from nextbest.base.errors import NextBestError
from nextbest.web.api import problems
from nextbest.web.api.measuring import observe
from nextbest.web.api.problems import RefusedError

LOG: Final = logging.getLogger("nextbest.web")
OPEN: Final = frozenset({"/health/live", "/health/ready", "/openapi.json"})
"""Routes that need no key."""
FOR_BROWSERS: Final = frozenset(
    {
        "/v1/decide",
        *(
            f"/v1/{name}"
            for name in ("events", "track", "identify", "page", "screen", "alias", "group", "batch")
        ),
    }
)
"""Routes that a browser's key opens."""
_GONE: Final = 499
"""Logged and counted where the caller hung up: nobody is there to be told."""
_ID: Final = re.compile(r"[\w.:-]{1,80}", re.ASCII)
_REMEMBERED: Final = 1.0
"""Seconds for which a key is not looked up again, and a revoked one may still be let in."""
_MOST_REMEMBERED: Final = 10_000


@dataclass(slots=True)
class Bucket:
    """Tokens of one key: so many requests a second, and twice as many at once.

    Examples
    --------
    >>> bucket = Bucket(rate=1.0, tokens=2.0, at=0.0)
    >>> [bucket.take(0.0), bucket.take(0.0), bucket.take(0.0), bucket.take(1.0)]
    [True, True, False, True]
    """

    rate: float
    tokens: float
    at: float

    def take(self, now: float) -> bool:
        """Take a token, if there is one."""
        self.tokens = min(2 * self.rate, self.tokens + max(0.0, now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Gate:
    """ASGI around the routes.

    Parameters
    ----------
    app
        The routes.
    service
        Gives the service once it is open.
    rate
        Requests a second of one key on one worker.
    """

    def __init__(self, app: ASGIApp, service: Callable[[], Service], rate: float) -> None:
        self._app = app
        self._service = service
        self._rate = rate
        self._keys: dict[str, tuple[float, Key | None]] = {}
        self._origins: tuple[float, frozenset[str]] = (float("-inf"), frozenset())
        self._buckets: dict[str, Bucket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        language = "zh" if headers.get("accept-language", "").lower().startswith("zh") else "en"
        scope["state"] = {**scope.get("state", {}), "request_id": request_id, "language": language}
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                more = MutableHeaders(scope=message)
                more["x-request-id"] = request_id
                _allow_origin(more, scope["state"].get("origin"))
            await send(message)

        try:
            preflight = self._admit(scope, headers)
            await (preflight or self._app)(scope, receive, sending)
        except ClientDisconnect:
            status = _GONE
        except RefusedError as problem:
            await problems.answer(problem, request_id, language)(scope, receive, sending)
        except NextBestError as error:
            await problems.answer(problems.refused(error), request_id, language)(scope, receive, sending)
        except Exception:  # the last edge: the caller gets a problem, the trace goes to the log
            LOG.exception("request %s failed", request_id)
            if not status:
                failed = RefusedError(500, "api.unexpected", request_id=request_id)
                await problems.answer(failed, request_id, language)(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - started
            observe(_route(scope), scope["method"], status, seconds)
            LOG.info(
                "%s %s %s %.1f ms %s", scope["method"], _route(scope), status, seconds * 1000, request_id
            )

    def _admit(self, scope: Scope, headers: Headers) -> Response | None:
        """Let a request in, or refuse it; a browser's question whether it may ask is answered here."""
        path, origin = scope["path"], headers.get("origin")
        if path in OPEN:
            return None
        if scope["method"] == "OPTIONS" and origin and "access-control-request-method" in headers:
            return self._preflight(scope, path, origin)
        key = self._known(_key_text(headers))
        if key.scope == "browser":
            if path not in FOR_BROWSERS:
                raise RefusedError(403, "api.not_for_browsers")
            if origin not in key.origins:
                raise RefusedError(403, "api.origin", got=(origin or "-")[:120])
            scope["state"]["origin"] = origin
        scope["state"]["key"] = key
        bucket = self._buckets.setdefault(key.key_id, Bucket(self._rate, 2 * self._rate, time.monotonic()))
        if not bucket.take(time.monotonic()):
            raise RefusedError(429, "api.too_many", headers={"retry-after": "1"}, rate=self._rate)
        return None

    def _known(self, text: str | None) -> Key:
        if text is None:
            raise RefusedError(401, "api.no_key", headers={"www-authenticate": "Bearer"})
        at, key = self._keys.get(text, (float("-inf"), None))
        if time.monotonic() - at > _REMEMBERED:
            key = self._service().key(text)
            if len(self._keys) >= _MOST_REMEMBERED:
                self._keys.clear()
            self._keys[text] = (time.monotonic(), key)
        if key is None:
            raise RefusedError(401, "api.bad_key", headers={"www-authenticate": "Bearer"})
        return key

    def _preflight(self, scope: Scope, path: str, origin: str) -> Response:
        at, origins = self._origins
        if time.monotonic() - at > _REMEMBERED:
            origins = self._service().origins()
            self._origins = (time.monotonic(), origins)
        if path not in FOR_BROWSERS or origin not in origins:
            raise RefusedError(403, "api.origin", got=origin[:120])
        scope["state"]["origin"] = origin
        allowed = {
            "access-control-allow-methods": "POST",
            "access-control-allow-headers": "authorization, content-type, x-request-id, accept-language",
            "access-control-max-age": "600",
        }
        return Response(status_code=204, headers=allowed)


def state_of(request: Request) -> dict[str, Any]:
    """Give what the gate knows of a request: ``request_id``, ``language``, ``key``."""
    known: dict[str, Any] = request.scope["state"]
    return known


def _request_id(headers: Headers) -> str:
    said = headers.get("x-request-id", "")
    return said if _ID.fullmatch(said) else uuid.uuid4().hex


def _key_text(headers: Headers) -> str | None:
    """Take the key from ``Authorization``: a bearer's, or the write key that Segment's libraries send as a user's name."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        from base64 import b64decode

        try:
            return b64decode(value.strip(), validate=True).decode("ascii").partition(":")[0]
        except ValueError:
            return None
    return None


def _allow_origin(headers: MutableHeaders, origin: str | None) -> None:
    if origin:
        headers["access-control-allow-origin"] = origin
        headers["access-control-expose-headers"] = "x-request-id, retry-after"
        headers.add_vary_header("Origin")


def _route(scope: Scope) -> str:
    """Name the route, never the path itself: it may hold a customer's id."""
    return getattr(scope.get("route"), "path", None) or (
        scope["path"] if scope["path"] in OPEN | FOR_BROWSERS else "other"
    )
