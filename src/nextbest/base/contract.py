"""Contracts of tables: name, key, columns with unit and meaning, what is personal."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["string", "int64", "float64", "boolean", "date", "timestamp", "money"]
"""``money`` is decimal(18,4) in the shop's currency; ``timestamp`` is an instant in UTC; ``date`` a local day of the shop."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    kind: Kind
    meaning: str
    """With its unit."""
    required: bool = False
    """A workspace refuses rows without it."""
    personal: bool = False
    """Identifies or reaches a person: masked in exports, never in logs."""


@dataclass(frozen=True, slots=True)
class Table:
    """The contract of one table."""

    name: str
    meaning: str
    """One row per what."""
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __contains__(self, name: object) -> bool:
        return any(column.name == name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)
