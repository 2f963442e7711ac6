"""Events: what visitors do, in Segment's words or ours, turned into rows; what cannot be kept is refused item by item.

``parse`` reads the body of a request; ``read_items`` what was parsed already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.serving.events.spec import (
    CALLS,
    DECISION_VERBS,
    Call,
    Event,
    EventSettings,
    Parsed,
    Rejected,
)

if TYPE_CHECKING:
    from nextbest.serving.events.core.reading import parse, read_items

__all__ = [
    "CALLS",
    "DECISION_VERBS",
    "Call",
    "Event",
    "EventSettings",
    "Parsed",
    "Rejected",
    "parse",
    "read_items",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from nextbest.serving.events.core import reading

        return getattr(reading, name)
    raise AttributeError(name)
