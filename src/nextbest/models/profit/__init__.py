"""Profit: what followed first purchases, whether who holds more stays, and when a new customer has paid back.

Reads ``rules`` (whose heads are looked at), ``order_lines`` or ``holdings``, ``product_profiles`` or ``customer_profit``;
writes ``head_profit``, ``placebo_check``, ``products_held`` and ``payback``. Everything here describes; nothing here is an effect.
"""

from nextbest.models.profit.spec import (
    CARD,
    HEAD_PROFIT,
    PAYBACK,
    PLACEBO_CHECK,
    PRODUCTS_HELD,
    PROFIT_CURVE,
    ProfitSettings,
)

__all__ = [
    "CARD",
    "HEAD_PROFIT",
    "PAYBACK",
    "PLACEBO_CHECK",
    "PRODUCTS_HELD",
    "PROFIT_CURVE",
    "ProfitSettings",
]
