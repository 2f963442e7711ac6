"""Named rules that tidy canonical tables without losing a row.

``clean(tables, settings)`` looks at whole tables (``order_lines``, ``products``, ``holdings``, ``events``), lazily: it
nets returns, flags what is not a product, mends quantities that are not units, turns monthly snapshots into holdings.
Rules that look at single rows (unpaid, test, bad debt, ...) run while a file is loaded; see ``set_aside``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.sources.cleaning.spec import Cleaned, CleaningSettings, Keep, Rule

if TYPE_CHECKING:
    from nextbest.sources.cleaning.query import clean, is_refunded, set_aside, tally

__all__ = ["Cleaned", "CleaningSettings", "Keep", "Rule", "clean", "is_refunded", "set_aside", "tally"]


def __getattr__(name: str) -> Any:
    if name in {"clean", "is_refunded", "set_aside", "tally"}:
        from nextbest.sources.cleaning import query

        return getattr(query, name)
    raise AttributeError(name)
