"""A small client of the decision service: decisions, events and lists over HTTP, with nothing but the standard library."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

_LATER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class Client:
    """Asks a running service, and asks again what got no answer where that keeps and counts nothing twice.

    Parameters
    ----------
    url
        Of the service, such as ``https://offers.shop.example``.
    key
        A server key.
    timeout
        Seconds to wait for an answer.
    retries
        How often to ask again when there is no answer, or the service says "later".

    Examples
    --------
    ::

        service = Client("http://127.0.0.1:8000", key)
        told = service.decide(["home"], customer_id="ann")
        service.track("Decision Shown", customer_id="ann", decision_id=told["home"]["offers"][0]["decision_id"])
    """

    def __init__(self, url: str, key: str, *, timeout: float = 5.0, retries: int = 2) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(url)
        self._url = url.rstrip("/")
        self._key = key
        self._timeout = timeout
        self._retries = retries

    def decide(
        self,
        placements: Sequence[str],
        *,
        customer_id: str | None = None,
        anonymous_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Ask what to offer, and give what each placement got.

        With an ``idempotency_key``, yours to make up, it is asked again when there is no answer: it is decided and counted once.
        """
        body = {
            "subject": {"customer_id": customer_id, "anonymous_id": anonymous_id},
            "placements": [{"id": name} for name in placements],
            "context": dict(context or {}),
        }
        once = {"idempotency-key": idempotency_key} if idempotency_key else {}
        answers: dict[str, Any] = self._ask("/v1/decide", body, once, is_safe=bool(once))["placements"]
        return answers

    def track(
        self,
        event: str,
        *,
        customer_id: str | None = None,
        anonymous_id: str | None = None,
        **properties: Any,
    ) -> dict[str, Any]:
        """Tell what a visitor did; what is acknowledged is on the disk."""
        body = {
            "event": event,
            "messageId": uuid.uuid4().hex,
            "userId": customer_id,
            "anonymousId": anonymous_id,
            "properties": properties,
        }
        return self._ask("/v1/track", {name: value for name, value in body.items() if value is not None})

    def recommendations(self, kind: str, **asked: str | int) -> list[dict[str, Any]]:
        """Give a plain list, best first: ``recommendations("related", product_id="tea", limit=3)``."""
        offers: list[dict[str, Any]] = self._ask(f"/v1/recommendations/{quote(kind, '')}?{urlencode(asked)}")[
            "offers"
        ]
        return offers

    def customer(self, customer_id: str) -> dict[str, Any]:
        """Give what is known of a customer now."""
        return self._ask(f"/v1/customers/{quote(customer_id, '')}")

    def _ask(
        self,
        route: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        is_safe: bool = True,
    ) -> dict[str, Any]:
        content = None if body is None else json.dumps(body).encode()
        known = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        request = Request(self._url + route, content, {**known, **(headers or {})})  # noqa: S310  checked when made
        for _ in range(self._retries if is_safe else 0):
            try:
                return self._answer(request)
            except HTTPError as refused:
                if refused.code not in _LATER:
                    raise
                refused.close()
                time.sleep(float(refused.headers.get("retry-after", 1)))
            except (URLError, ConnectionError, TimeoutError):
                continue
        return self._answer(request)

    def _answer(self, request: Request) -> dict[str, Any]:
        with urlopen(request, timeout=self._timeout) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
        return told
