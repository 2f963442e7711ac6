"""Which canonical table a file feeds, and which of its columns is which.

``guess(columns, head, given=..., table=...)`` recognises the common exports by their headers (English and Chinese) and
the rest by the shape of the values; ``settled(guesses)`` looks at the files of a shop together. ``Layout`` is what a person confirms and ``nextbest.toml`` keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.sources.mapping.spec import (
    FILE_NAME,
    ORDERS,
    RATES,
    ROW_NUMBER,
    WITH,
    Guess,
    Layout,
    Match,
    Mode,
    Shape,
    columns_of,
    terms,
)

if TYPE_CHECKING:
    from nextbest.sources.mapping.core import guess, is_personal_header, looks_personal, separator_of, settled

__all__ = [
    "FILE_NAME",
    "ORDERS",
    "RATES",
    "ROW_NUMBER",
    "WITH",
    "Guess",
    "Layout",
    "Match",
    "Mode",
    "Shape",
    "columns_of",
    "guess",
    "is_personal_header",
    "looks_personal",
    "separator_of",
    "settled",
    "terms",
]


def __getattr__(name: str) -> Any:
    if name in {"guess", "is_personal_header", "looks_personal", "separator_of", "settled"}:
        from nextbest.sources.mapping import core

        return getattr(core, name)
    raise AttributeError(name)
