"""Audiences: who has a rule's body and lacks its head, and what is at stake.

Reads ``rules`` and what customers bought or hold; writes ``audiences``, one row per rule and customer. ``standing`` says
of one customer how each of these rules stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.decisions.audiences.spec import AUDIENCES, CARD, AudienceSettings

if TYPE_CHECKING:
    from nextbest.decisions.audiences.run import standing

__all__ = ["AUDIENCES", "CARD", "AudienceSettings", "standing"]


def __getattr__(name: str) -> Any:
    if name == "standing":
        from nextbest.decisions.audiences.run import standing

        return standing
    raise AttributeError(name)
