"""What the store holds, read into the arrays that lists are made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.models.recommend import query
from nextbest.models.recommend.core.making import Catalogue
from nextbest.models.recommend.core.orders import Ints, Orders
from nextbest.models.recommend.spec import RecommendSettings
from nextbest.tables.store import Store


@dataclass(frozen=True, slots=True)
class Reading:
    """A shop's orders as codes, and what the codes stand for."""

    orders: Orders
    items: pa.Array
    """Id of each item, by code."""
    names: pa.Array
    """Name of each item, by code."""
    customers: pa.Array
    """Id of each customer who ordered, by code."""
    catalogue: Catalogue
    segments: pa.Array | None
    """Segment of each customer who ordered; ``None`` where nobody knows."""
    cold: pa.Table | None
    """Known customers without an order: customer_id, segment."""
    are_holdings: bool


def read(store: Store, settings: RecommendSettings, as_of: date | None) -> Reading:
    """Read orders, else holdings, at the level asked for."""
    from_orders = store.has("order_lines", "customer_id")
    if from_orders:
        lines = store.table("order_lines")
        is_dated = store.has("order_lines", "ordered_on")
        bought = query.bought(lines, as_of, is_dated=is_dated)
    else:
        is_dated = store.has("holdings", "opened_on") or store.has("holdings", "seen_on")
        bought = query.held(store.table("holdings"), as_of, is_dated=is_dated)
    products = store.table("products") if store.has("products") else None
    at_level = query.at_level(bought, products, settings.level)
    items, orders = query.items_of(at_level), query.orders_of(at_level)
    facts = store.arrow(query.facts_of(items, products, settings.level)).sort_by("code")
    heads = store.arrow(orders).sort_by("code")
    rows = store.arrow(query.lines_of(at_level, orders, items)).sort_by(
        [("order", "ascending"), ("item", "ascending")]
    )
    customers = _customers(heads)
    read_orders = Orders(
        _ints(heads["customer_code"]),
        _ints(heads["day"].cast(pa.int32())) if is_dated else None,
        _ints(rows["order"]),
        _ints(rows["item"]),
        len(customers),
        facts.num_rows,
    )
    segments, cold = _segments(store, settings, customers)
    catalogue = Catalogue(_codes(facts["department"]), _codes(facts["family"]))
    ids, names = (facts[name].combine_chunks() for name in ("item", "name"))
    return Reading(read_orders, ids, names, customers, catalogue, segments, cold, not from_orders)


def _customers(heads: pa.Table) -> pa.Array:
    """List the ids of the customers by their codes."""
    known = heads.filter(pc.greater_equal(heads["customer_code"], 0))
    first = np.flatnonzero(np.diff(_ints(known["customer_code"]), prepend=-1))
    return known["customer"].combine_chunks().take(pa.array(first))


def _segments(
    store: Store, settings: RecommendSettings, customers: pa.Array
) -> tuple[pa.Array | None, pa.Table | None]:
    """Say which segment each customer who ordered is in, and who has not ordered."""
    if not store.has("customers", "customer_id"):
        return None, None
    rows = store.arrow(query.segments_of(store.table("customers"), settings.segment)).sort_by("customer_id")
    place = pc.index_in(customers, rows["customer_id"].combine_chunks())
    segments = rows["segment"].combine_chunks().take(place)
    cold = rows.filter(pc.invert(pc.is_in(rows["customer_id"], customers)))
    return segments, cold


def _ints(column: pa.ChunkedArray) -> Ints:
    return np.ascontiguousarray(column.to_numpy(), dtype=np.int32)


def _codes(column: pa.ChunkedArray) -> Ints | None:
    """Give the values codes in their own order, -1 for none; ``None`` where there are no values."""
    values = pc.unique(column).drop_null().sort()
    if not len(values):
        return None
    return np.asarray(pc.fill_null(pc.index_in(column, values), -1).to_numpy(), dtype=np.int32)
