"""Profit: what followed first purchases, whether who holds more stays, when a new customer has paid back, where a list stops paying.

Reads ``rules`` (whose heads are looked at), ``order_lines`` or ``holdings``, ``product_profiles`` or ``customer_profit``;
writes ``head_profit``, ``placebo_check``, ``products_held`` and ``payback``. Everything here describes; nothing here is an
effect. ``earned``, ``contact_profit`` and ``profit_curve`` are the arithmetic of campaigns, which write ``profit_curve``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.models.profit.spec import (
    CARD,
    HEAD_PROFIT,
    PAYBACK,
    PLACEBO_CHECK,
    PRODUCTS_HELD,
    PROFIT_CURVE,
    CurvePoint,
    ProfitSettings,
    Terms,
)

if TYPE_CHECKING:
    from nextbest.models.profit.core.curve import (
        Purchases,
        best_depth,
        break_even_share,
        contact_profit,
        earned,
        profit_curve,
    )

__all__ = [
    "CARD",
    "HEAD_PROFIT",
    "PAYBACK",
    "PLACEBO_CHECK",
    "PRODUCTS_HELD",
    "PROFIT_CURVE",
    "CurvePoint",
    "ProfitSettings",
    "Purchases",
    "Terms",
    "best_depth",
    "break_even_share",
    "contact_profit",
    "earned",
    "profit_curve",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from nextbest.models.profit.core import curve

        return getattr(curve, name)
    raise AttributeError(name)
