"""RFM: how recently, how often and for how much each customer buys.

Reads ``order_lines``; writes ``rfm``, one row per customer who bought before ``as_of``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextbest.profiles.rfm.spec import CARD, RFM, SEGMENTS, RfmSettings

if TYPE_CHECKING:
    from nextbest.profiles.rfm.core import score_cuts, scores, segments

__all__ = ["CARD", "RFM", "SEGMENTS", "RfmSettings", "score_cuts", "scores", "segments"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from nextbest.profiles.rfm import core

        return getattr(core, name)
    raise AttributeError(name)
