"""What reading a column of strings gives, and how it was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nextbest.base.contract import Kind

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Style:
    """How a whole column is written; plain strings, so that it can be kept in a file and handed to every batch."""

    kind: Kind
    formats: tuple[str, ...]
    """Formats that a cell may have, tried in this order. Numbers and money have one: ``1,234.56`` or ``1.234,56``;
    days and instants one or more of ``ymd``, ``ymd_compact``, ``dmy``, ``mdy``, ``yymd``, ``dmy_name``, ``mdy_name``, ``ym``,
    ``epoch_s``, ``epoch_ms``, ``epoch_us``, ``excel``; others none."""
    is_ambiguous: bool = False
    """The values fit another format as well (01/02/2024 in every row; 1,234 and nothing else): a person should look."""
    currency: str | None = None
    """ISO 4217 code of the one sign or code beside the amounts, where there is one (元 is CNY; a bare $ or ¥ tells none)."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A typed column beside the cells that could not be read."""

    values: pa.Array
    """Of the kind's Arrow type, as long as the column; null where the cell is empty or cannot be read."""
    failed: pa.BooleanArray
    """True where something stands in the cell and it cannot be read; never null."""
    style: Style

    @property
    def n_failed(self) -> int:
        """Number of cells that could not be read."""
        return int(self.failed.true_count)
