"""What the store holds, read into the arrays that are compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from nextbest.models.profit import query
from nextbest.models.profit.core.panel import Ints, Panel
from nextbest.models.profit.core.scene import Shape
from nextbest.models.profit.spec import ProfitSettings
from nextbest.tables.store import Store

_NO_PRODUCTS = pa.schema(
    [(name, pa.string()) for name in ("product_id", "category", "department")]
).empty_table()
_HEAD = pa.schema([("level", pa.string()), ("head_id", pa.string())])
_HEADS_AT_ONCE = 10
_DAYS_OF_A_MONTH = 28
"""Of window_days, where profit is given per month."""


@dataclass(frozen=True, slots=True)
class Source:
    """What was bought when, and what customers earned."""

    purchases: ir.Table
    earned: ir.Table
    unit: query.Unit
    margin_source: str
    has_margins: bool
    """Each purchase's own margin is known."""

    def shape(self, settings: ProfitSettings) -> Shape:
        """Give the windows in days or months."""
        if self.unit == "day":
            return Shape(settings.window_days, 7)
        return Shape(settings.window_days // _DAYS_OF_A_MONTH, 1)


@dataclass(frozen=True, slots=True)
class Book:
    """The panel, and the numbers that lead to it."""

    panel: Panel
    customers: ir.Table
    start: int
    """Number of the first period since 1970."""


@dataclass(frozen=True, slots=True)
class Head:
    """One head and who bought it first when."""

    level: str
    head_id: str
    head: str
    n_buyers: int
    """With enough history on both sides."""
    customer: Ints
    period: Ints
    """-1: had it before anybody looked."""

    @property
    def key(self) -> tuple[str, str]:
        """Level and id."""
        return self.level, self.head_id


@dataclass(frozen=True, slots=True)
class Margins:
    """What a head itself earned, sorted by customer, then period."""

    customer: Ints
    period: Ints
    margin: Ints


def purchases_of(store: Store, as_of: date) -> ir.Table | None:
    """Take dated purchases of known customers: from orders, else from holdings."""
    if store.has("order_lines", "customer_id", "ordered_on"):
        return query.bought(store.table("order_lines"), _shares(store, as_of), as_of)
    if store.has("holdings", "customer_id"):
        return query.opened(store.table("holdings"), as_of)
    return None


def source_of(store: Store, as_of: date) -> Source | None:
    """Find out what customers earn: as given per month, else the margins of their orders; ``None``: nobody knows."""
    purchases = purchases_of(store, as_of)
    if purchases is None:
        return None
    shares = _shares(store, as_of)
    has_margins = store.has("order_lines", "customer_id", "ordered_on", "net_revenue") and shares is not None
    if store.has("customer_profit", "profit"):
        earned = query.earned_by_month(store.table("customer_profit"), as_of)
        return Source(purchases, earned, "month", "given", has_margins)
    if not has_margins or shares is None:
        return None
    (least_certain,) = store.arrow(shares.aggregate(source=shares.margin_source.min()))["source"].to_pylist()
    return Source(purchases, query.earned_by_day(purchases), "day", least_certain or "assumed", has_margins)


def book_of(store: Store, source: Source) -> Book:
    """Read the panel; periods run from the first of the data to the last of them."""
    (span,) = store.arrow(query.span_of(source.earned, source.unit)).to_pylist()
    start, last = span["first"] or 0, span["last"]
    customers = store.memtable(store.arrow(query.customers_of(source.earned, source.unit, start)))
    rows = store.arrow(query.panel_of(source.earned, customers, source.unit, start))
    customer, period, profit, size = (_ints(rows, name) for name in ("customer", "period", "profit", "size"))
    n_customers = int(customer.max(initial=-1)) + 1
    n_periods = 0 if last is None else last - start + 1
    return Book(Panel(customer, period, profit, size, n_customers, n_periods), customers, start)


def products_of(store: Store) -> ir.Table:
    """Take the products; none where there are none."""
    return store.table("products") if store.has("products") else store.memtable(_NO_PRODUCTS)


def heads_of(store: Store, source: Source, book: Book, settings: ProfitSettings) -> tuple[list[Head], int]:
    """Read the heads with enough first purchases, most margin at stake first; also how many have too few."""
    if not store.has("rules", "head_id"):
        return [], 0
    asked = query.heads_of(store.table("rules"), settings)
    first = query.first_purchases(source.purchases, query.head_products(asked, products_of(store)))
    bounds = (book.start, book.panel.n_periods, source.shape(settings).window)
    counts = query.heads_with_buyers(asked, first, book.customers, source.unit, bounds)
    rows = store.arrow(counts).to_pylist()
    enough = sorted((row for row in rows if row["n_buyers"] >= settings.min_buyers), key=_rank)
    chosen = enough[: settings.max_heads]
    bought = _first_of(store, source, book, chosen)
    return [_head(row, bought) for row in chosen], len(rows) - len(enough)


def margins_of(
    store: Store, source: Source, book: Book, heads: Sequence[Head]
) -> Iterator[tuple[Head, Margins | None]]:
    """Read what the heads themselves earned, a few heads at a time."""
    if not source.has_margins:
        yield from ((head, None) for head in heads)
        return
    for place in range(0, len(heads), _HEADS_AT_ONCE):
        some = heads[place : place + _HEADS_AT_ONCE]
        asked = store.memtable(pa.Table.from_pylist([_named(head) for head in some], _HEAD))
        members = query.head_products(asked, products_of(store))
        rows = store.arrow(
            query.head_panel(source.purchases, members, book.customers, source.unit, book.start)
        )
        parts = dict(_parts(rows))
        yield from ((head, _margins(parts[head.key])) for head in some)


def _first_of(
    store: Store, source: Source, book: Book, chosen: Sequence[dict[str, Any]]
) -> dict[tuple[str, str], pa.Table]:
    asked = store.memtable(pa.Table.from_pylist([_only(row) for row in chosen], _HEAD))
    members = query.head_products(asked, products_of(store))
    first = query.first_purchases(source.purchases, members)
    return dict(_parts(store.arrow(query.head_starts(first, book.customers, source.unit, book.start))))


def _parts(rows: pa.Table) -> Iterator[tuple[tuple[str, str], pa.Table]]:
    """Cut rows sorted by head into one table per head."""
    keys = list(zip(rows["level"].to_pylist(), rows["head_id"].to_pylist(), strict=True))
    place = 0
    for key, same in groupby(keys):
        n_rows = sum(1 for _ in same)
        yield key, rows.slice(place, n_rows)
        place += n_rows


def _head(row: dict[str, Any], bought: dict[tuple[str, str], pa.Table]) -> Head:
    mine = bought[row["level"], row["head_id"]]
    return Head(
        row["level"],
        row["head_id"],
        row["head"],
        row["n_buyers"],
        _ints(mine, "customer"),
        _ints(mine, "period"),
    )


def _margins(rows: pa.Table) -> Margins:
    return Margins(_ints(rows, "customer"), _ints(rows, "period"), _ints(rows, "margin"))


def _rank(row: dict[str, Any]) -> tuple[Any, ...]:
    money = row["margin_at_stake"]
    return (money is None, -(money or 0.0), -row["n_buyers"], row["level"], row["head_id"])


def _named(head: Head) -> dict[str, str]:
    return {"level": head.level, "head_id": head.head_id}


def _only(row: dict[str, Any]) -> dict[str, Any]:
    return {"level": row["level"], "head_id": row["head_id"]}


def _shares(store: Store, as_of: date) -> ir.Table | None:
    if not store.has("product_profiles", "margin_share"):
        return None
    return query.margin_shares(store.table("product_profiles"), as_of)


def _ints(table: pa.Table, name: str) -> Ints:
    return np.ascontiguousarray(table[name].to_numpy(), dtype=np.int64)
