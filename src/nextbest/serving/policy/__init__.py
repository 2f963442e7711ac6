"""Policy: what a shop decides about its decisions, checked before it holds, estimated before it replaces another."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from nextbest.serving.policy.results import Changed, Estimate, Replay
from nextbest.serving.policy.spec import (
    CONTACT_CHANNELS,
    PERSONAL_SOURCES,
    SOURCES,
    ContactCap,
    Placement,
    Policy,
    QuietHours,
    Rule,
)

if TYPE_CHECKING:
    from nextbest.serving.policy.checking import check, read
    from nextbest.serving.policy.core.estimating import LEAST_ESS, effective_size, estimate

__all__ = [
    "CONTACT_CHANNELS",
    "LEAST_ESS",
    "PERSONAL_SOURCES",
    "SOURCES",
    "Changed",
    "ContactCap",
    "Estimate",
    "Placement",
    "Policy",
    "QuietHours",
    "Replay",
    "Rule",
    "check",
    "effective_size",
    "estimate",
    "read",
]
_PLACES: Final = {
    "check": "checking",
    "read": "checking",
    "LEAST_ESS": "core.estimating",
    "effective_size": "core.estimating",
    "estimate": "core.estimating",
}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(importlib.import_module(f"nextbest.serving.policy.{_PLACES[name]}"), name)
    raise AttributeError(name)
