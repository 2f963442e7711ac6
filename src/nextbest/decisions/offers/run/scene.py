"""What the shop knows as of a day: what customers have, the catalogue, what is bought of late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import ibis.expr.types as ir

from nextbest.decisions.offers.query import catalogue, customer_facts, popularity
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


def scene_of(
    store: Store,
    settings: OfferSettings,
    as_of: date | None,
    whom: Callable[[ir.Table], ir.Table] | None = None,
) -> Scene:
    """Draw up the scene of a day.

    Parameters
    ----------
    whom
        Keep some of the customers; the catalogue and what is bought of late count everybody still.
    """
    whole = store.memtable(store.arrow(_owned(store, as_of)))
    products = store.table("products") if store.has("products") else None
    profiles = store.table("product_profiles") if store.has("product_profiles") else None
    stock = store.table("stock") if store.has("stock", "product_id", "on_hand") else None
    goods = store.memtable(store.arrow(catalogue(whole, products, profiles, stock, as_of, settings)))
    popular = store.memtable(store.arrow(popularity(whole, as_of, settings.horizon_days)))
    has = whole if whom is None else store.memtable(store.arrow(whom(whole)))
    return Scene(as_of, has, goods, popular, _facts(store, settings, has, as_of))


def only(store: Store, settings: OfferSettings, scene: Scene, has: ir.Table) -> Scene:
    """Keep what some of the customers have."""
    own = store.memtable(store.arrow(has))
    return replace(scene, has=own, customers=_facts(store, settings, own, scene.as_of))


def _facts(store: Store, settings: OfferSettings, has: ir.Table, as_of: date | None) -> ir.Table | None:
    if as_of is None:
        return None
    return store.memtable(store.arrow(customer_facts(has, as_of, settings.horizon_days)))


def _owned(store: Store, as_of: date | None) -> ir.Table:
    """Take orders where they know customers, else holdings."""
    from_orders = store.has("order_lines", "customer_id")
    return owned(
        store.table("order_lines") if from_orders else None,
        None if from_orders else store.table("holdings"),
        as_of,
    )
