"""Decide: what to offer now, to whom, and why not the rest; arrays over (subject, candidate), one request or a million.

``snapshot = load(paths, Loading(...))`` once a run; ``compiled = compile_policy(policy)`` once a policy; then
``decide(snapshot, compiled, requests, states, now=..., seed=..., contacts=...)`` gives one ``Result`` a request, its offers'
``caps`` are reserved (``withhold`` takes back what found no room), and ``log_rows(result)`` is what the log records.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from nextbest.serving.decide.spec import (
    COLUMNS,
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

if TYPE_CHECKING:
    from nextbest.serving.decide.core.compiling import Compiled, compile_policy
    from nextbest.serving.decide.core.intents import Intent
    from nextbest.serving.decide.core.shop import Snapshot, hide
    from nextbest.serving.decide.loading import TABLES, Loading, load
    from nextbest.serving.decide.recording import log_rows
    from nextbest.serving.decide.replaying import replay
    from nextbest.serving.decide.run import decide, fallback, intent, withhold

__all__ = [
    "COLUMNS",
    "TABLES",
    "Answer",
    "Ask",
    "Assignment",
    "CartItem",
    "Compiled",
    "Intent",
    "Loading",
    "Offer",
    "Reason",
    "Request",
    "Result",
    "Snapshot",
    "Traced",
    "compile_policy",
    "decide",
    "fallback",
    "hide",
    "intent",
    "load",
    "log_rows",
    "replay",
    "withhold",
]
_PLACES: Final = {
    "Compiled": "core.compiling",
    "compile_policy": "core.compiling",
    "Intent": "core.intents",
    "hide": "core.shop",
    "Snapshot": "core.shop",
    "TABLES": "loading",
    "Loading": "loading",
    "load": "loading",
    "log_rows": "recording",
    "replay": "replaying",
    "decide": "run",
    "fallback": "run",
    "intent": "run",
    "withhold": "run",
}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(importlib.import_module(f"nextbest.serving.decide.{_PLACES[name]}"), name)
    raise AttributeError(name)
