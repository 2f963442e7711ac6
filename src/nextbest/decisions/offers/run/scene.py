"""What the shop knows as of a day: what customers have, the catalogue, what is bought of late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir

from nextbest.decisions.offers.query import catalogue, customer_facts, popularity, sampled
from nextbest.decisions.offers.spec import OfferSettings
from nextbest.models.ladders import owned
from nextbest.tables.store import Store


@dataclass(frozen=True, slots=True)
class Scene:
    """Small tables of one day, made once and read by every source."""

    as_of: date | None
    has: ir.Table
    """What each customer has had."""
    goods: ir.Table
    popular: ir.Table
    customers: ir.Table | None
    """Facts of each customer; ``None`` without days."""


def scene_of(store: Store, settings: OfferSettings, as_of: date | None, every: int = 1) -> Scene:
    """Draw up the scene of a day.

    Parameters
    ----------
    every
        Take each n-th customer only, in the order of their ids; what is bought of late counts everybody.
    """
    whole = store.memtable(store.arrow(_owned(store, as_of)))
    products = store.table("products") if store.has("products") else None
    profiles = store.table("product_profiles") if store.has("product_profiles") else None
    stock = store.table("stock") if store.has("stock", "product_id", "on_hand") else None
    goods = store.memtable(store.arrow(catalogue(whole, products, profiles, stock, as_of, settings)))
    popular = store.memtable(store.arrow(popularity(whole, as_of, settings.horizon_days)))
    has = whole if every == 1 else store.memtable(store.arrow(sampled(whole, every)))
    facts = None
    if as_of is not None:
        facts = store.memtable(store.arrow(customer_facts(has, as_of, settings.horizon_days)))
    return Scene(as_of, has, goods, popular, facts)


def _owned(store: Store, as_of: date | None) -> ir.Table:
    """Take orders where they know customers, else holdings."""
    from_orders = store.has("order_lines", "customer_id")
    return owned(
        store.table("order_lines") if from_orders else None,
        None if from_orders else store.table("holdings"),
        as_of,
    )
