"""Decide: what to offer now, to whom, and why not the rest; arrays over (subject, candidate), one request or a million.

``snapshot = load(paths, as_of=..., ...)`` once a run; ``compiled = compile_policy(policy)`` once a policy; then
``decide(snapshot, compiled, requests, states, now=..., seed=..., contacts=...)`` gives one ``Result`` a request, and
``log_rows(result)`` what the log records.
"""

from __future__ import annotations

from nextbest.serving.decide.spec import (
    Answer,
    Ask,
    Assignment,
    CartItem,
    Offer,
    Reason,
    Request,
    Result,
    Traced,
)

__all__ = ["Answer", "Ask", "Assignment", "CartItem", "Offer", "Reason", "Request", "Result", "Traced"]
