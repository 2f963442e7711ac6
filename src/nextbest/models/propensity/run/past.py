"""What the store knows of purchases and holdings before the day of the run, asked of its engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.errors import DataError
from nextbest.models.propensity import query
from nextbest.models.propensity.core.examples import Ints, Texts
from nextbest.models.propensity.core.history import Days, Spells
from nextbest.tables.store import Store

_MOST_GROUPS: Final = 2000
_MOST_DEPARTMENTS: Final = 12
_NOTHING: Final = np.zeros(0, dtype=np.int64)
_NO_DAYS: Final = {"customer": _NOTHING, "day": _NOTHING, "kept_until": _NOTHING}
NONE_HELD: Final = {"customer": _NOTHING, "since": _NOTHING, "until": _NOTHING}
_NO_PRODUCTS = pa.schema(
    [(name, pa.string()) for name in ("product_id", "name", "category", "department")]
    + [("is_replenishable", pa.bool_())]
).empty_table()


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The groups of products whose share and recency are looked at: categories, else the products themselves."""

    ids: Sequence[str]
    of_product: pa.Table
    """product_id, group."""
    departments: Sequence[str]
    department: Ints
    """Of each group, -1: none."""


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """Purchases and holdings before the day of the run."""

    store: Store
    as_of: date
    purchases: ir.Table
    holds: ir.Table | None
    first_on: date
    """First purchase of anybody."""
    products: pa.Table
    """product_id, name, category, department, is_replenishable; empty where nobody named any."""
    groups: Groups
    customers: pa.Table
    """customer_id, customer, first_day; by number."""

    def share(self, rows: Ints) -> Crowd:
        """Take some of the customers and number them anew."""
        taken = self.customers.take(pa.array(rows))
        numbered = taken.set_column(1, "customer", pa.array(np.arange(len(rows))))
        return Crowd(self.store.memtable(numbered), numbered)


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Some customers, numbered from 0."""

    table: ir.Table
    rows: pa.Table

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    @property
    def ids(self) -> Texts:
        """Shape (n,)."""
        return np.asarray(self.rows["customer_id"].to_numpy(zero_copy_only=False), dtype=object)

    def known_before(self, origin: int) -> Ints:
        """List the customers who had bought or held something before a day."""
        return np.flatnonzero(self.rows["first_day"].to_numpy() < origin)


def past_of(store: Store, as_of: date | None) -> Past:
    """Open the purchases and number the customers.

    Raises
    ------
    DataError
        Nothing says on which day anybody bought anything.
    """
    if as_of is None:
        raise DataError("propensity.no_dates")
    parts, holds = [], None
    if store.has("order_lines", "customer_id", "ordered_on"):
        parts.append(query.bought(store.table("order_lines"), as_of))
    if store.has("holdings", "customer_id"):
        parts.append(query.opened(store.table("holdings"), as_of))
        holds = query.held(store.table("holdings"), as_of)
    purchases = parts[0].union(parts[1]) if len(parts) > 1 else parts[0] if parts else None
    if purchases is None:
        raise DataError("propensity.no_dates")
    (first_on,) = store.arrow(purchases.aggregate(first_on=purchases.on.min()))["first_on"].to_pylist()
    if first_on is None:
        raise DataError("propensity.no_dates")
    products = _products(store)
    customers = store.arrow(query.customers_of(purchases, holds))
    return Past(
        store, as_of, purchases, holds, first_on, products, _groups(store, purchases, products), customers
    )


def _products(store: Store) -> pa.Table:
    if not store.has("products"):
        return _NO_PRODUCTS
    return store.arrow(store.table("products").select(*_NO_PRODUCTS.column_names)).sort_by("product_id")


def _groups(store: Store, purchases: ir.Table, products: pa.Table) -> Groups:
    if products["category"].null_count < products.num_rows:
        named = products.filter(pc.is_valid(products["category"]))
        ids = pc.unique(named["category"]).sort()
        department = pc.unique(named["department"]).drop_null().sort()
        place = pc.index_in(named["category"], ids)
        first = named.append_column("group", place).group_by("group").aggregate([("department", "min")])
        first = first.sort_by("group")
        of_group = pc.fill_null(pc.index_in(first["department_min"], department), -1)
        of_product = pa.table({"product_id": named["product_id"], "group": place})
        return Groups(ids.to_pylist(), of_product, department.to_pylist(), _ints(of_group))
    ids = store.arrow(purchases.select("product_id").distinct().order_by("product_id"))["product_id"]
    if len(ids) > _MOST_GROUPS:
        ids = ids.slice(0, 0)
    of_product = pa.table({"product_id": ids, "group": pa.array(np.arange(len(ids)))})
    names = ids.to_pylist()
    few = len(names) <= _MOST_DEPARTMENTS
    department = np.arange(len(names)) if few else np.full(len(names), -1)
    return Groups(names, of_product, names if few else [], department)


def days_of(past: Past, crowd: Crowd, members: Sequence[Sequence[str]]) -> list[Days]:
    """Read the days on which a crowd bought each thing, given the products of each."""
    asked = past.store.memtable(members_of(enumerate(members)))
    rows = by_item(past.store.arrow(query.days_of_items(past.purchases, crowd.table, asked)))
    found = (rows.get(item, _NO_DAYS) for item in range(len(members)))
    return [Days.of(own, len(crowd)) for own in found]


def spells_of(past: Past, crowd: Crowd, members: Sequence[Sequence[str]]) -> list[Spells]:
    """Read from when to when a crowd held each thing; nothing where nothing is held."""
    if past.holds is None:
        return [Spells.of(NONE_HELD, len(crowd)) for _ in members]
    asked = past.store.memtable(members_of(enumerate(members)))
    rows = by_item(past.store.arrow(query.spells_of_items(past.holds, crowd.table, asked)))
    found = (rows.get(item, NONE_HELD) for item in range(len(members)))
    return [Spells.of(own, len(crowd)) for own in found]


def looks_of(past: Past, crowd: Crowd, members: Sequence[Sequence[str]]) -> list[Days | None]:
    """Read the days on which a crowd looked at each thing; ``None`` where no event names a product."""
    if not past.store.has("events", "customer_id", "occurred_at", "product_id"):
        return [None] * len(members)
    looks = query.looked_at(past.store.table("events"), past.as_of)
    return list(days_of(replace(past, purchases=looks), crowd, members))


def members_of(items: Iterable[tuple[int, Sequence[str]]]) -> pa.Table:
    """List the products of each numbered thing: item, product_id."""
    pairs = [(item, product) for item, products in items for product in products]
    return pa.table(
        {
            "item": pa.array([item for item, _ in pairs], pa.int64()),
            "product_id": pa.array([product for _, product in pairs], pa.string()),
        }
    )


def by_item(rows: pa.Table) -> dict[int, dict[str, Ints]]:
    """Part rows that are sorted by item."""
    columns = {name: _ints(rows[name]) for name in rows.column_names}
    items, starts = np.unique(columns.pop("item"), return_index=True)
    ends = np.append(starts, rows.num_rows)[1:]
    return {
        int(item): {name: values[start:end] for name, values in columns.items()}
        for item, start, end in zip(items, starts, ends, strict=True)
    }


def arrays(rows: pa.Table) -> dict[str, Any]:
    """Give the columns that are no texts, NaN where null."""
    return {
        name: rows[name].to_numpy() for name in rows.column_names if not pa.types.is_string(rows[name].type)
    }


def _ints(column: Any) -> Ints:
    values = column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()
    return np.asarray(values, dtype=np.int64)
