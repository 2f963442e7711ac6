"""Counters for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prometheus_client import REGISTRY, Counter, Histogram, generate_latest

_REQUESTS: Final = Counter("nextbest_requests", "Requests answered.", ["route", "method", "status"])
_SECONDS: Final = Histogram(
    "nextbest_request_seconds",
    "Time to answer.",
    ["route"],
    buckets=(0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2),
)
_EVENTS: Final = Counter("nextbest_events", "Events, by what became of them.", ["outcome"])
_DECISIONS: Final = Counter("nextbest_decisions", "Placements, by outcome and cause.", ["outcome", "cause"])


def observe(route: str, method: str, status: int, seconds: float) -> None:
    """Count a request."""
    known = method if method in {"GET", "POST", "OPTIONS", "HEAD"} else "other"
    _REQUESTS.labels(route, known, str(status)).inc()
    _SECONDS.labels(route).observe(seconds)


def count_events(outcome: str, n: int) -> None:
    """Count events: accepted, duplicate, erased, or the code of a refusal."""
    if n:
        _EVENTS.labels(outcome).inc(n)


def count_decision(outcome: str, cause: str | None) -> None:
    """Count what a placement got."""
    _DECISIONS.labels(outcome, cause or "").inc()


def count_decisions(told: Mapping[tuple[str, str | None], int]) -> None:
    """Count what many placements got: how many, by outcome and cause."""
    for (outcome, cause), n in told.items():
        _DECISIONS.labels(outcome, cause or "").inc(n)


def page() -> bytes:
    """Write what was counted by this worker."""
    return generate_latest(REGISTRY)
