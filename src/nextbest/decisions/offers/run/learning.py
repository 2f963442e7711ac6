"""A simple model of purchase for candidates that the lists of *recommend* do not hold, learnt from the last horizon."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.capability import Moment
from nextbest.decisions.audiences import AudienceSettings, lacking
from nextbest.decisions.offers.core.features import Known, described
from nextbest.decisions.offers.query import (
    best_sellers,
    bought_since,
    head_products,
    new_arrivals,
    of_customers,
    pool,
    ruled,
    sampled,
    sizes,
    upgrades,
    with_facts,
)
from nextbest.decisions.offers.run.scene import Scene, scene_of
from nextbest.decisions.offers.spec import SOURCES, OfferSettings
from nextbest.models.recommend import Chance, fit_chance
from nextbest.tables.store import Store

MODEL = "offers.simple"
_MOST_CUSTOMERS = 10_000
_LEAST_PURCHASES = 50
"""With fewer products bought since, there is nothing to learn from."""


def a_horizon_before(
    store: Store,
    settings: OfferSettings,
    scene: Scene,
    *,
    also: ir.Table | None = None,
    among: ir.Table | None = None,
) -> Scene | None:
    """Draw up the scene of one horizon ago, of each n-th customer where they are many.

    Parameters
    ----------
    also
        Rows of customers who are kept in any case.
    among
        Rows of the customers to keep instead.

    Returns
    -------
    ``None`` without days, or with too few purchases since to learn from.
    """
    if scene.as_of is None:
        return None
    start = scene.as_of - timedelta(days=settings.horizon_days)
    (size,) = store.arrow(sizes(scene.has, start)).to_pylist()
    if size["n_since"] < _LEAST_PURCHASES:
        return None
    every = -(-size["n_customers"] // _MOST_CUSTOMERS)
    whom = None
    if among is not None:
        whom = partial(of_customers, rows=among)
    elif every > 1:
        whom = partial(sampled, every=every, also=also)
    return scene_of(store, settings, start, whom)


def learn_simple(store: Store, settings: OfferSettings, then: Scene | None, scene: Scene) -> Chance | None:
    """Learn from the candidates of one horizon ago who bought them since.

    Returns
    -------
    Probabilities calibrated on that window; ``None`` without candidates then.
    """
    if then is None or then.as_of is None:
        return None
    proposed = pool(shop_sources(store, settings, then), settings.max_candidates)
    known = with_customers(with_facts(proposed, then.has, then.goods, then.as_of), then)
    since = bought_since(scene.has, then.as_of)
    is_open = known.is_open & (known.own_orders == 0) & ((known.n_alike == 0) | settings.offer_alike)
    joined = known.filter(is_open).left_join(since, ["customer_id", "product_id"])
    rows = store.arrow(
        joined.drop("customer_id_right", "product_id_right").order_by("customer_id", "product_id")
    )
    if not rows.num_rows:
        return None
    return fit_chance(described(known_of(rows)), ~rows["n_since"].is_null().to_numpy())


def shop_sources(store: Store, settings: OfferSettings, scene: Scene) -> list[ir.Table]:
    """List the sources that can be drawn up as of any day."""
    sources = [best_sellers(scene.has, scene.popular)]
    if scene.as_of is not None:
        sources.append(new_arrivals(scene.has, scene.goods, scene.popular, scene.as_of, settings))
    if store.has("ladders"):
        sources.append(upgrades(store.table("ladders"), scene.has))
    who = lacking_then(store, scene)
    if who is not None:
        heads = head_products(store.table("rules"), scene.goods, scene.popular)
        sources.append(ruled(who, heads, scene.has))
    return sources


def lacking_then(store: Store, scene: Scene) -> ir.Table | None:
    """List who had the body of today's rules and lacked the head on the scene's day; ``None`` without rules."""
    if not (store.has("rules") and store.has("audiences")):
        return None
    current = store.table("audiences").select("rule_id").distinct()
    return lacking(store, AudienceSettings(), Moment(scene.as_of)).semi_join(current, "rule_id")


def with_customers(rows: ir.Table, scene: Scene) -> ir.Table:
    """Add what is known of each customer, and how often the product is bought of late."""
    assert scene.customers is not None  # noqa: S101 - a scene with days
    joined = rows.left_join(scene.customers, "customer_id").drop("customer_id_right")
    return joined.left_join(scene.popular, "product_id").drop("product_id_right")


def known_of(rows: pa.Table) -> Known:
    """Take the features' columns out of a table."""

    def floats(name: str, *, unknown: float = 0.0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        column = rows[name].cast(pa.float64()).fill_null(unknown)
        return np.asarray(column.to_numpy())

    source = pc.coalesce(rows["shop_source"], rows["source"]).combine_chunks()
    return Known(
        np.asarray(pc.index_in(source, pa.array(SOURCES)).to_numpy(zero_copy_only=False), np.int64),
        floats("n_recent"),
        floats("n_products"),
        floats("n_recent_products"),
        floats("silence_days"),
        floats("category_orders"),
        floats("strength", unknown=np.nan),
    )
