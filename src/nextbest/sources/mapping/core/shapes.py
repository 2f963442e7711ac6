"""What the values of a column look like: numbers, days, flags, ids, words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from nextbest.base.contract import Kind
from nextbest.sources import values
from nextbest.sources.mapping.core.personal import looks_personal

_MOSTLY: Final = 0.9
_FLAGS: Final = frozenset(
    {"0", "1", "0.0", "1.0", "true", "false", "yes", "no", "y", "n", "t", "f", "是", "否", "有", "无"}
)
_CLOCK: Final = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[ap]\.?m\.?)?", re.IGNORECASE)
_EPOCH: Final = re.compile(r"1\d{9}(\d{3}){0,2}(\.\d+)?")
"""Seconds, milliseconds or microseconds since 1970, from 2001 on."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a column from its first rows; shares are of the cells that hold something."""

    name: str
    cells: tuple[str | None, ...]
    n_filled: int
    n_distinct: int
    number_share: float
    day_share: float
    flag_share: float

    @property
    def is_empty(self) -> bool:
        """Nothing stands in any cell."""
        return self.n_filled == 0

    @property
    def is_number(self) -> bool:
        """Nearly every cell is a number."""
        return self.number_share >= _MOSTLY

    @property
    def is_day(self) -> bool:
        """Nearly every cell is a day or an instant."""
        return self.day_share >= _MOSTLY

    @property
    def is_flag(self) -> bool:
        """Every cell is 0/1, yes/no."""
        return self.flag_share == 1.0

    @property
    def is_personal(self) -> bool:
        """Mostly e-mail addresses, or phone, card or identity numbers."""
        return looks_personal(self.cells)

    @property
    def is_unique(self) -> bool:
        """No value stands twice."""
        return self.n_distinct == self.n_filled

    @property
    def is_fraction(self) -> bool:
        """A number with decimals: no id, no count."""
        return self.is_number and any("." in cell and not cell.endswith(".0") for cell in self.cells if cell)

    @property
    def is_clock(self) -> bool:
        """Every cell is a time of day and nothing else."""
        return not self.is_empty and all(_CLOCK.fullmatch(cell) for cell in self.cells if cell)

    @property
    def has_clock(self) -> bool:
        """Some cell holds a time of day."""
        return any(_CLOCK.search(cell) for cell in self.cells if cell)

    def fits(self, kind: Kind) -> bool:
        """Tell whether the values can be of the kind; an empty column fits anything."""
        if self.is_empty:
            return True
        if kind in {"date", "timestamp"} and all(_EPOCH.fullmatch(cell) for cell in self.cells if cell):
            return True
        if kind in {"date", "timestamp"}:
            return self.day_share > 1 - _MOSTLY if self.is_number else self.day_share >= _MOSTLY / 2
        if kind in {"int64", "float64", "money"}:
            return self.number_share >= _MOSTLY / 2
        return self.is_flag or len(self._words) <= 4 if kind == "boolean" else True  # noqa: PLR2004

    @property
    def _words(self) -> frozenset[str]:
        return frozenset(cell.lower() for cell in self.cells if cell)


def shape_of(name: str, column: Sequence[str | None]) -> Shape:
    """Look at the first rows of a column.

    Examples
    --------
    >>> shape = shape_of("price", ["1.50", "2.00", None])
    >>> shape.is_number, shape.is_day, shape.n_filled
    (True, False, 2)
    """
    cells = tuple(cell.strip() or None if cell else None for cell in column)
    filled = [cell for cell in cells if cell]
    array = pa.array(filled, pa.string())
    n = max(len(filled), 1)
    return Shape(
        name=name,
        cells=cells,
        n_filled=len(filled),
        n_distinct=len(set(filled)),
        number_share=values.share_readable(array, "float64") if filled else 0.0,
        day_share=values.share_readable(array, "timestamp") if filled else 0.0,
        flag_share=sum(cell.lower() in _FLAGS for cell in filled) / n,
    )


def is_constant_within(groups: Shape, shape: Shape) -> bool:
    """Tell whether a column says the same in all rows of a group although groups differ (an order's total)."""
    seen: dict[str, set[str | None]] = {}
    sizes: dict[str, int] = {}
    for group, cell in zip(groups.cells, shape.cells, strict=True):
        if group:
            seen.setdefault(group, set()).add(cell)
            sizes[group] = sizes.get(group, 0) + 1
    several = [group for group, size in sizes.items() if size > 1]
    same = sum(len(seen[group]) == 1 for group in several)
    return len(several) >= 3 and same >= _MOSTLY * len(several) and shape.n_distinct > 1  # noqa: PLR2004


def is_filled_once(groups: Shape, shape: Shape) -> bool:
    """Tell whether only the first of consecutive equal rows of a group has the cell (Shopify, merged cells)."""
    firsts = later = later_filled = first_filled = 0
    previous: str | None = None
    for group, cell in zip(groups.cells, shape.cells, strict=True):
        if group is None or group == previous:
            later += 1
            later_filled += cell is not None
        else:
            firsts += 1
            first_filled += cell is not None
        previous = group or previous
    return later > 0 and later_filled == 0 and first_filled >= _MOSTLY * firsts > 0
