"""The shop, its customers and its rules as the page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from nextbest.advice.report.spec.page import Row
from nextbest.base.contract import Column, Table

SHOP_TOTALS: Final = Table(
    "shop_totals",
    "one row: the whole shop",
    (),
    (
        Column("n_orders", "int64", "distinct orders with a product"),
        Column("n_customers", "int64", "distinct known customers who bought a product"),
        Column("n_products", "int64", "distinct products"),
        Column("n_lines", "int64", "order lines with a product"),
        Column("revenue_total", "money", "net revenue, returns taken off"),
        Column("first_on", "date", "first day with an order"),
        Column("last_on", "date", "last day with an order"),
    ),
)


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop in a handful of numbers; ``None`` where the data do not say."""

    n_orders: int | None
    n_customers: int | None
    n_products: int | None
    revenue_total: float | None
    first_on: date | None
    last_on: date | None


@dataclass(frozen=True, slots=True)
class Loading:
    """What became of the rows that were read: ``n_read == n_kept + n_merged + n_quarantined``."""

    n_read: int
    n_kept: int
    n_merged: int
    n_quarantined: int
    files: Sequence[Row]
    reasons: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Quality:
    """How well the columns of one table are filled."""

    table: str
    columns: Sequence[Row]
    """Columns that the data give, most missing values first: rows of ``data_quality``."""
    not_given: Sequence[str]
    """Columns of the contract without a single value."""


@dataclass(frozen=True, slots=True)
class Group:
    """A named group of customers: an RFM segment or a lifecycle stage."""

    name: str
    n_customers: int
    customers_share: float
    revenue_total: float | None
    revenue_share: float | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the RFM grid."""

    r_score: int
    f_score: int
    n_customers: int
    customers_share: float
    revenue_share: float | None
    shade: float
    """0-1: this cell's part of the fullest cell's; by revenue, without revenue by customers."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Customers by recency (rows, most recent first) and frequency (columns, rarest first)."""

    n_customers: int
    rows: Sequence[Sequence[Cell]]

    @property
    def top(self) -> Cell:
        """The fullest cell; of equals the most recent and most frequent."""
        return max((cell for row in self.rows for cell in row), key=lambda c: (c.shade, c.r_score, c.f_score))


class Dot(NamedTuple):
    """One quarter of a rule's stability strip."""

    period_on: date
    rule_lift: float | None
    height: float
    """0 (a quarter of chance, or less) to 1 (four times chance, or more); chance itself is 0.5."""
    holds: bool | None
    """Pointed the way of the rule's sign; ``None`` where body or head was not sold."""


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule with what the page draws beside it."""

    rule: Row
    size_lift_low: float | None
    size_lift_high: float | None
    dots: Sequence[Dot]


@dataclass(frozen=True, slots=True)
class RuleList:
    """The rules of one kind that are shown, and how many there are."""

    kind: str
    """together, substitutes or next."""
    level: str
    lines: Sequence[RuleLine]
    n_sure: int
    """Rules of this kind and level that are sure enough; both directions of a pair count as one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What cut the search for rules: a line per limit, a column per search."""

    searches: Sequence[tuple[str, bool]]
    """Level, and whether in order."""
    lines: Mapping[str, Sequence[Row | None]]
    """By name of the limit, the row of ``rule_limits`` for each search."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who has a rule's body and lacks its head."""

    rule: Row
    n_customers: int
    margin_at_stake: float | None


class Move(NamedTuple):
    """Customers who went from one group to another between two runs."""

    before: str
    after: str
    n_customers: int


class RuleChange(NamedTuple):
    """One rule in two runs; strengths are size_lift, or rule_lift where there is none."""

    rule: Row
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different from an older run."""

    shop_before: Shop
    shop_after: Shop
    rules: Mapping[str, Sequence[RuleChange]]
    """By new, gone, strengthened, weakened."""
    segments: Sequence[Move]
    stages: Sequence[Move]
