"""The recipe of behaviour: one query."""

from __future__ import annotations

import pyarrow as pa

from nextbest.base.capability import Moment
from nextbest.base.findings import Finding
from nextbest.profiles.behaviour.query import behaviour, changes
from nextbest.profiles.behaviour.spec import BehaviourSettings, Change
from nextbest.profiles.behaviour.words import findings
from nextbest.tables.store import Store

_NO_PRODUCTS = pa.schema([("product_id", pa.string()), ("category", pa.string())]).empty_table()


def run(store: Store, settings: BehaviourSettings, moment: Moment) -> list[Finding]:
    """Draw up every customer who bought before each day; findings are about the last day."""
    days = settings.days(moment)
    products = store.table("products") if store.has("products") else store.memtable(_NO_PRODUCTS)
    store.write("behaviour", behaviour(store.table("order_lines"), products, days))
    (row,) = store.arrow(changes(store.table("behaviour"), days[-1])).to_pylist()
    return findings(Change(**row))
