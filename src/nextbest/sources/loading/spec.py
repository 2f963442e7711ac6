"""How a file becomes typed rows, and the account of every row that was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Protocol
from zoneinfo import available_timezones

from pydantic import AfterValidator

from nextbest.base.contract import Column, Table
from nextbest.base.settings import Settings

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Effect = Literal["merged", "quarantined", "flagged", "changed"]


def _zone(name: str) -> str:
    if name not in available_timezones():
        message = "a time zone such as Europe/London or Asia/Shanghai"
        raise ValueError(message)
    return name


class LoadingSettings(Settings):
    """What the shop must say about its files."""

    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Zone in which times without an offset are read, and whose days are the shop's days."""
    currency: str | None = None
    """ISO 4217 code of the shop; rows in another currency are converted by ``rates`` or quarantined."""


class Engine(Protocol):
    """What loading asks of an engine; an Ibis backend has it."""

    def read_parquet(self, path: str | Path, /, **options: Any) -> ir.Table:
        """Open Parquet files lazily."""
        ...

    def to_parquet(self, expr: ir.Table, /, path: str | Path, **options: Any) -> None:
        """Execute and write."""
        ...

    def to_pyarrow(self, expr: ir.Table, /, **options: Any) -> pa.Table:
        """Execute a small query."""
        ...


QUARANTINE: Final = Table(
    "quarantine",
    "one row per row of a file that was set aside",
    ("source", "file", "row"),
    (
        Column("source", "string", "name of the source", required=True),
        Column("file", "string", "file or database table", required=True),
        Column("row", "int64", "number of the row in the file, from 1", required=True),
        Column("rule", "string", "why: code of the catalogues", required=True),
        Column("column", "string", "column of the file concerned"),
        Column("content", "string", "the row as JSON, without personal columns"),
    ),
)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a file is worked on, and what lies beside it."""

    engine: Engine
    folder: Path
    """Where the Parquet files go; made if it is not there."""
    source: str = "files"
    """Name of the source, as ``nextbest.toml`` calls it."""
    not_after: datetime | None = None
    """Instant (UTC) after which nothing can have happened yet; nothing is checked without."""
    orders: ir.Table | None = None
    """Heads of orders (the ``orders`` tables of the same source) that fill the lines of an item file."""
    rates: ir.Table | None = None
    """Exchange rates (``rates``)."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What one rule did to the rows of one file: a row of ``load_reasons``."""

    rule: str
    """``loading.<name>`` or ``cleaning.<name>``."""
    effect: Effect
    n_rows: int
    example: str | None = None
    """One row it happened to, without personal columns."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One file as typed tables; ``n_read == n_kept + n_merged + n_quarantined``."""

    source: str
    file: str
    digest: str
    table: str
    """The table the file feeds first; rows are counted there."""
    tables: Mapping[str, Path]
    """Parquet per canonical table (or ``orders``, ``rates``), columns of the contract first, then attributes."""
    quarantine: Path
    """Parquet of ``QUARANTINE``."""
    reasons: tuple[Reason, ...]
    n_read: int
    n_kept: int
    n_merged: int
    n_quarantined: int


@dataclass(frozen=True, slots=True)
class Merged:
    """How new rows join those already there, as lazy queries; all have the columns of both tables."""

    kept: ir.Table
    """Rows that were there and stay."""
    added: ir.Table
    """New rows."""
    merged: ir.Table
    """New rows that were there already and are counted as merged."""

    @property
    def rows(self) -> ir.Table:
        """Everything that is there afterwards."""
        return self.kept.union(self.added)
