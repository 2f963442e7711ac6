"""Which canonical table a file feeds, and which of its columns is which.

``guess(columns, head, given=..., table=...)`` recognises the common exports by their headers (English and Chinese) and
the rest by the shape of the values. ``Layout`` is what a person confirms and ``nextbest.toml`` keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.sources.mapping.spec import (
    ORDERS,
    RATES,
    ROW_NUMBER,
    Guess,
    Layout,
    Match,
    Mode,
    Shape,
    columns_of,
)

if TYPE_CHECKING:
    from nextbest.sources.mapping.core import guess

__all__ = [
    "ORDERS",
    "RATES",
    "ROW_NUMBER",
    "Guess",
    "Layout",
    "Match",
    "Mode",
    "Shape",
    "columns_of",
    "guess",
]


def __getattr__(name: str) -> Any:
    if name == "guess":
        from nextbest.sources.mapping.core import guess

        return guess
    raise AttributeError(name)
