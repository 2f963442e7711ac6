"""A small client of the decision service: decisions and events over HTTP, with nothing but the standard library."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.request import Request, urlopen


class Client:
    """Asks a running service.

    Parameters
    ----------
    url
        Of the service, such as ``https://offers.shop.example``.
    key
        A server key.
    timeout
        Seconds to wait for an answer.

    Examples
    --------
    ::

        service = Client("http://127.0.0.1:8000", key)
        told = service.decide(["home"], customer_id="ann")
        service.track("Decision Shown", customer_id="ann", decision_id=told["home"]["offers"][0]["decision_id"])
    """

    def __init__(self, url: str, key: str, *, timeout: float = 5.0) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(url)
        self._url = url.rstrip("/")
        self._key = key
        self._timeout = timeout

    def decide(
        self,
        placements: Sequence[str],
        *,
        customer_id: str | None = None,
        anonymous_id: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Ask what to offer, and give what each placement got."""
        told = self._post(
            "/v1/decide",
            {
                "subject": {"customer_id": customer_id, "anonymous_id": anonymous_id},
                "placements": [{"id": name} for name in placements],
                "context": dict(context or {}),
            },
        )
        answers: dict[str, Any] = told["placements"]
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
        body = {"event": event, "userId": customer_id, "anonymousId": anonymous_id, "properties": properties}
        return self._post("/v1/track", {name: value for name, value in body.items() if value is not None})

    def _post(self, route: str, body: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        request = Request(self._url + route, json.dumps(body).encode(), headers)  # noqa: S310  checked when made
        with urlopen(request, timeout=self._timeout) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
        return told
