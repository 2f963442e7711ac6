"""Lifecycle: who is new, active, slowing, dormant or gone, judged by the customer's own rhythm.

Reads ``order_lines``; writes ``lifecycle``, one row per customer who bought before ``as_of``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextbest.profiles.lifecycle.spec import CARD, LIFECYCLE, STAGES, LifecycleSettings, Rhythm

if TYPE_CHECKING:
    from nextbest.profiles.lifecycle.core import shop_rhythm, stage, usual_gap_days

__all__ = [
    "CARD",
    "LIFECYCLE",
    "STAGES",
    "LifecycleSettings",
    "Rhythm",
    "shop_rhythm",
    "stage",
    "usual_gap_days",
]


def __getattr__(name: str) -> object:
    if name in __all__:
        from nextbest.profiles.lifecycle import core

        return getattr(core, name)
    raise AttributeError(name)
