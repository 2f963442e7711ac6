"""Policy: what a shop decides about its decisions, checked before it holds, replayed before it replaces another."""

from __future__ import annotations

from nextbest.serving.policy.spec import (
    CONTACT_CHANNELS,
    PERSONAL_SOURCES,
    SOURCES,
    ContactCap,
    Placement,
    Policy,
    Rule,
)

__all__ = ["CONTACT_CHANNELS", "PERSONAL_SOURCES", "SOURCES", "ContactCap", "Placement", "Policy", "Rule"]
