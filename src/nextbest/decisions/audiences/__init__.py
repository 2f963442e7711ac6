"""Audiences: who has a rule's body and lacks its head, and what is at stake.

Reads ``rules`` and what customers bought or hold; writes ``audiences``, one row per rule and customer. ``standing`` says
of one customer how each of these rules stands, ``lacking`` draws audiences as of any other day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.decisions.audiences.spec import AUDIENCES, CARD, AudienceSettings

if TYPE_CHECKING:
    from nextbest.decisions.audiences.run import lacking, standing

__all__ = ["AUDIENCES", "CARD", "AudienceSettings", "lacking", "standing"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from nextbest.decisions.audiences import run

        return getattr(run, name)
    raise AttributeError(name)
