"""What a file feeds and which of its columns is which, with the reason for each guess."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from nextbest.base.contract import Column, Table
from nextbest.tables import CANONICAL

Shape = Literal["rows", "wide", "lists"]
"""``rows``: a row per thing; ``lists``: a row per basket, its products in one cell (``milk, bread``); ``wide``: a column per product held. Monthly snapshots are either, with ``seen_on``."""
Mode = Literal["append", "upsert", "replace"]
"""How a later file of the same source joins the earlier ones."""
Why = Literal["given", "name", "shape"]

ROW_NUMBER: Final = "@row"
"""Stands for a column that numbers the rows of the file."""
FILE_NAME: Final = "@file"
"""Stands for a column that holds the file's name, such as a month in ``holdings-2024-05.csv``."""
ELSE: Final = " | "
"""Between two columns: the second where the first is empty (``Lineitem sku | Lineitem name``)."""
WITH: Final = " + "
"""Between two columns: texts are joined by a blank (``Date + Time``), numbers are added."""

ORDERS: Final = Table(
    "orders",
    "one row per order: the heads of orders whose lines stand in another file",
    ("order_id",),
    (
        Column("order_id", "string", "key of the order", required=True),
        Column("customer_id", "string", "who bought"),
        Column("ordered_at", "timestamp", "when it was ordered"),
        Column("status", "string", "state of the order, as the source says"),
        Column(
            "order_revenue",
            "money",
            "paid for the order, or its lines before discount; spread over its lines",
        ),
        Column("order_refund", "money", "given back for the order, positive"),
        Column("order_discount", "money", "taken off the whole order, positive"),
        Column("order_postage", "money", "postage and packing contained in order_revenue"),
        Column("cancelled_at", "timestamp", "when the order was cancelled"),
        Column("currency", "string", "ISO 4217 code"),
        Column("channel", "string", "web, app, store, phone"),
        Column("store_id", "string", "where it was sold"),
        Column("coupon_id", "string", "coupon used"),
        Column("campaign_id", "string", "campaign that led to the order"),
        Column("adviser_id", "string", "adviser who sold it"),
    ),
)
"""A table that is never stored: its columns fill the lines of the item file."""

RATES: Final = Table(
    "rates",
    "one row per day and currency: what one unit is worth in the shop's currency",
    ("day_on", "currency"),
    (
        Column("day_on", "date", "first day at this rate", required=True),
        Column("currency", "string", "ISO 4217 code", required=True),
        Column("rate", "float64", "shop currency per unit", required=True),
    ),
)

STAGING: Final = (
    Column("unit_price", "money", "paid per unit; times quantity where the line has no amount"),
    Column("gross_revenue", "money", "line before discount"),
    Column("tax", "money", "tax contained in net_revenue"),
    Column("refund", "money", "given back for the line, positive"),
    Column("refunded_quantity", "float64", "units given back, positive"),
    Column(
        "order_revenue",
        "money",
        "paid for the whole order, or its lines before discount; spread over its lines",
    ),
    Column("order_refund", "money", "given back for the whole order, spread over its lines, positive"),
    Column("order_discount", "money", "taken off the whole order, spread over its lines, positive"),
    Column("order_postage", "money", "postage and packing contained in order_revenue"),
    Column("line_type", "string", "what the row is: a line, or the head or payment of a receipt"),
    Column("cancelled_at", "timestamp", "when the whole order was cancelled"),
    Column("status", "string", "state of the order, as the source says"),
)
"""Columns of order lines that are read and used up while loading."""

SNAPSHOT: Final = Column("held", "string", "long holdings: 1/0 or an amount; 0 and empty are not held")


def terms(theirs: str, columns: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Take a mapping's right side apart: how the columns are joined, and which they are.

    Examples
    --------
    >>> terms("Lineitem sku | Lineitem name", ["Lineitem sku", "Lineitem name"])
    (' | ', ('Lineitem sku', 'Lineitem name'))
    >>> terms("a | b", ["a | b"])
    ('', ('a | b',))
    """
    if theirs in columns:
        return "", (theirs,)
    for joint in (ELSE, WITH):
        if joint in theirs:
            return joint, tuple(part.strip() for part in theirs.split(joint))
    return "", (theirs,)


def columns_of(table: str) -> tuple[Column, ...]:
    """List the columns that a file feeding ``table`` may be mapped to.

    Examples
    --------
    >>> [column.name for column in columns_of("rates")]
    ['day_on', 'currency', 'rate']
    """
    extra = {"order_lines": STAGING, "holdings": (SNAPSHOT,)}.get(table, ())
    contract = {"orders": ORDERS, "rates": RATES}.get(table) or CANONICAL[table]
    return (*contract.columns, *extra)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file feeds and which of its columns is which: what a person confirms, kept in ``nextbest.toml``."""

    table: str
    """The canonical table, or ``orders`` (heads of orders) or ``rates``."""
    columns: Mapping[str, str]
    """``[table.]column`` -> the file's column; dotted names feed other tables (``products.name``)."""
    shape: Shape = "rows"
    fill_by: str | None = None
    """Column of the file whose equal, consecutive values share the cells that only the first row fills (Shopify: Name)."""
    products: tuple[str, ...] = ()
    """Wide holdings: the columns that are products; a cell that is 1 or an amount means held."""

    def of(self, table: str) -> dict[str, str]:
        """Columns of one table, without the table's name.

        Examples
        --------
        >>> layout = Layout("order_lines", {"product_id": "SKU", "products.name": "Title"})
        >>> layout.of("products")
        {'name': 'Title'}
        """
        parts = ((name.rpartition("."), theirs) for name, theirs in self.columns.items())
        return {column: theirs for (owner, _, column), theirs in parts if (owner or self.table) == table}


@dataclass(frozen=True, slots=True)
class Match:
    """One column that was recognised."""

    column: str
    """``[table.]column``."""
    theirs: str
    why: Why
    """``given`` by a person, by its ``name``, or by the ``shape`` of its values."""
    sureness: float
    """0-1; from 0.9 on nobody needs to look."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What a file seems to be."""

    layout: Layout
    matches: tuple[Match, ...]
    unmapped: tuple[str, ...]
    """Columns kept as attributes."""
    missing: tuple[str, ...] = ()
    """Required columns that nothing fits."""
    time_zone: str | None = None
    """IANA zone, where the file betrays it."""
    currency: str | None = None
    """ISO 4217 code, where the file betrays it."""
    export: str | None = None
    """Known export: shopify, woocommerce, taobao, youzan, ga4, segment, uci_invoices."""
    mode: Mode = "append"
    """Proposed: upsert where rows can change later (order states, master data), else append."""
    personal: tuple[str, ...] = field(default=())
    """Unmapped columns that seem to hold names, addresses, phone numbers: masked in exports, never in logs."""
