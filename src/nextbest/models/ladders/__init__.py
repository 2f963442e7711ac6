"""Ladders: which better version each product leads to, and whether customers step up.

Reads ``products``, ``product_profiles`` and ``order_lines`` (else ``holdings``); writes ``ladders``. ``owned`` says what
each customer has bought or held, with first and last day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.models.ladders.spec import CARD, LADDERS, LadderSettings

if TYPE_CHECKING:
    from nextbest.models.ladders.query import owned

__all__ = ["CARD", "LADDERS", "LadderSettings", "owned"]


def __getattr__(name: str) -> Any:
    if name == "owned":
        from nextbest.models.ladders.query import owned

        return owned
    raise AttributeError(name)
