"""Rules: what really goes with what, what comes next after what, how sure that is and what it is worth.

Reads ``order_lines`` or ``holdings``, ``products``, ``product_profiles``, and what people said (``reviews``,
``written_rules``); writes ``rules``, ``rule_periods`` and ``rule_limits``. ``mine_pairs`` counts and tests pairs from two
arrays of codes, ``mine`` does all that the recipe does with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.models.rules.spec import CARD, RULE_LIMITS, RULE_PERIODS, RULES, RulesSettings, rule_id

if TYPE_CHECKING:
    from nextbest.models.rules.core.mine import (
        MinedPairs,
        Plan,
        Source,
        mine_later,
        mine_pairs,
        mine_together,
    )

__all__ = [
    "CARD",
    "RULES",
    "RULE_LIMITS",
    "RULE_PERIODS",
    "MinedPairs",
    "Plan",
    "RulesSettings",
    "Source",
    "mine_later",
    "mine_pairs",
    "mine_together",
    "rule_id",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from nextbest.models.rules.core import mine

        return getattr(mine, name)
    raise AttributeError(name)
