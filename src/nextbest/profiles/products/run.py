"""The recipe of product profiles: one query."""

from __future__ import annotations

import pyarrow as pa

from nextbest.base.capability import Moment
from nextbest.base.findings import Finding
from nextbest.profiles.products.query import margin_totals, product_profiles
from nextbest.profiles.products.spec import MarginTotals, ProductProfileSettings
from nextbest.profiles.products.words import findings
from nextbest.tables.store import Store

_NO_PRODUCTS = pa.schema(
    [(name, pa.string()) for name in ("product_id", "name", "category", "department")]
    + [("unit_cost", pa.decimal128(18, 4))]
).empty_table()


def run(store: Store, settings: ProductProfileSettings, moment: Moment) -> list[Finding]:
    """Draw up every product sold before each day; findings are about the last day."""
    days = settings.days(moment)
    products = store.table("products") if store.has("products") else store.memtable(_NO_PRODUCTS)
    store.write("product_profiles", product_profiles(store.table("order_lines"), products, days, settings))
    totals = store.arrow(margin_totals(store.table("product_profiles"), days[-1]))
    share = settings.assumed_margin_share
    return findings([MarginTotals(**row) for row in totals.to_pylist()], assumed_margin_share=share)
