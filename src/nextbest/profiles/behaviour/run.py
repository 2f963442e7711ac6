"""The recipe of behaviour: products and categories are counted by sorting, all else by one query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa

from nextbest.base.capability import Moment
from nextbest.base.findings import Finding
from nextbest.profiles.behaviour.core import distinct_counts
from nextbest.profiles.behaviour.query import (
    behaviour,
    changes,
    known_customers,
    numbered_products,
    purchases,
)
from nextbest.profiles.behaviour.spec import WINDOW_DAYS, BehaviourSettings, Change
from nextbest.profiles.behaviour.words import findings
from nextbest.tables.store import Store

_NO_PRODUCTS = pa.schema([("product_id", pa.string()), ("category", pa.string())]).empty_table()
_ITEMS = pa.schema(
    [
        ("as_of", pa.date32()),
        ("customer_id", pa.string()),
        *((f"n_{what}_{n}d", pa.int64()) for what in ("products", "categories") for n in WINDOW_DAYS),
    ]
)
_PORTION: Final = 100_000
"""Customers whose lines are in memory at once, 8 bytes a line."""


def run(store: Store, settings: BehaviourSettings, moment: Moment) -> list[Finding]:
    """Draw up every customer who bought before each day; findings are about the last day."""
    days = settings.days(moment)
    items = pa.concat_tables([_ITEMS.empty_table(), *_items(store, days)])
    store.write("behaviour", behaviour(store.table("order_lines"), store.memtable(items), days))
    (row,) = store.arrow(changes(store.table("behaviour"), days[-1])).to_pylist()
    return findings(Change(**row))


def _items(store: Store, days: Sequence[date]) -> Iterator[pa.Table]:
    """Count products and categories, one portion of customers and one day at a time."""
    lines = store.table("order_lines")
    named = store.table("products") if store.has("products") else store.memtable(_NO_PRODUCTS)
    customers = store.arrow(known_customers(lines))
    products = store.arrow(numbered_products(lines, named))
    for start in range(0, len(customers), _PORTION):
        portion = customers.slice(start, _PORTION)
        portion = portion.append_column("customer", pa.array(np.arange(len(portion))))
        for day in days:
            bought = purchases(lines, store.memtable(portion), store.memtable(products), day)
            yield _counted(portion, store.arrow(bought), products, day)


def _counted(customers: pa.Table, bought: pa.Table, products: pa.Table, day: date) -> pa.Table:
    counts = distinct_counts(np.asarray(bought["purchase"]), np.asarray(products["category"]), len(customers))
    columns = [column for table in counts for column in table.T]
    days = pa.array([day] * len(customers), pa.date32())
    return pa.table([days, customers["customer_id"], *columns], schema=_ITEMS)
