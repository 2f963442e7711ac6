"""Baskets in one cell: ``milk, bread, butter``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_SEPARATORS: Final = (";", "|", ",", "、", "，")
_SHARE: Final = 0.3
_LENGTHS: Final = 3
"""Baskets come in so many sizes or more; names with a comma in them do not."""


def separator_of(cells: Iterable[str | None]) -> str | None:
    """Find the sign between the products of a basket; ``None`` where cells hold one product each.

    Examples
    --------
    >>> separator_of(["milk, bread", "milk", "tea, milk, bread", "bread", "tea, bread, milk"])
    ','
    >>> separator_of(["Mug, red", "Mug, blue", "Tea"]) is None
    True
    """
    filled = [cell for cell in cells if cell]
    for sign in _SEPARATORS:
        lists = [[part.strip() for part in cell.split(sign)] for cell in filled]
        several = sum(len(parts) > 1 for parts in lists)
        pieces = [part for parts in lists for part in parts]
        repeated = 2 * len(set(pieces)) <= len(pieces)
        if several >= _SHARE * len(filled) > 0 and len({len(p) for p in lists}) >= _LENGTHS and repeated:
            return sign
    return None
