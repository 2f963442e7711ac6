"""Candidates of every source with all that guardrails ask, as arrays and as the columns that are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.decisions.offers.core.features import described
from nextbest.decisions.offers.core.listed import last_listed, less_listed
from nextbest.decisions.offers.core.naming import lines_of
from nextbest.decisions.offers.core.rows import Bools, Floats, Ints, Rows
from nextbest.decisions.offers.query import (
    best_sellers,
    category_shares,
    current_models,
    every_customer,
    head_products,
    looked,
    new_arrivals,
    overused,
    pool,
    recommended,
    ruled,
    upgrades,
    with_facts,
    with_propensities,
    within,
)
from nextbest.decisions.offers.run.learning import MODEL, known_of, with_customers
from nextbest.decisions.offers.run.scene import Scene
from nextbest.decisions.offers.spec import KINDS, SOURCES, OfferSettings
from nextbest.models.recommend import Chance
from nextbest.tables.store import Store

RECOMMEND = "recommend"
_CUSTOMERS_AT_ONCE = 20_000
_REPEATED_BY = ("rhythm",)
"""Reasons by which a product comes back in the customer's own rhythm."""


@dataclass(frozen=True, slots=True)
class Given:
    """What other capabilities say of the scene's day."""

    listed: ir.Table
    """The lists of *recommend*."""
    lacking: ir.Table | None
    """Who has a rule's body and lacks its head; ``None`` without rules."""


@dataclass(frozen=True, slots=True)
class Read:
    """Candidates twice, row by row the same: as arrays, and as columns."""

    rows: Rows
    columns: pa.Table
    """customer_id, product_id, kind, model_id, rule_id, reason_code, product, category, because, and the reason's numbers."""
    n_beyond: int
    """Candidates beyond ``max_candidates``."""
    n_customers_beyond: int


def given_today(store: Store) -> Given:
    """Take the tables of the run."""
    has_rules = store.has("rules") and store.has("audiences")
    return Given(store.table("recommendations"), store.table("audiences") if has_rules else None)


def days_known(store: Store) -> bool:
    """Tell whether orders, else holdings, have days."""
    if store.has("order_lines", "customer_id"):
        return store.has("order_lines", "ordered_on")
    return store.has("holdings", "opened_on") or store.has("holdings", "seen_on")


def batches(store: Store, scene: Scene, given: Given) -> list[tuple[str, str]]:
    """Split the customers by their ids, so that memory does not grow with their number: first and last id of each."""
    everybody = every_customer(scene.has, given.listed)
    ids = store.arrow(everybody)["customer_id"].drop_null()
    starts = range(0, len(ids), _CUSTOMERS_AT_ONCE)
    return [
        (ids[start].as_py(), ids[min(start + _CUSTOMERS_AT_ONCE, len(ids)) - 1].as_py()) for start in starts
    ]


def candidates(
    store: Store,
    settings: OfferSettings,
    scene: Scene,
    given: Given,
    simple: Chance | None,
    batch: tuple[str, str],
) -> Read:
    """Read the candidates of one batch of customers with what guardrails ask about them."""
    sources = [within(source, *batch) for source in _sources(store, settings, scene, given)]
    proposed = pool(sources, settings.max_candidates)
    known = with_facts(proposed, within(scene.has, *batch), scene.goods, scene.as_of)
    if scene.as_of is not None:
        known = with_customers(known, scene)
        known = _with_models(store, known, scene, settings)
    table = store.arrow(known.order_by("customer_id", "product_id"))
    goods = store.arrow(scene.goods).sort_by("product_id")
    return _read(store, settings, table, goods, simple)


def _with_models(store: Store, known: ir.Table, scene: Scene, settings: OfferSettings) -> ir.Table:
    """Add what propensity models of the same horizon say, where there are any."""
    tables = ("propensity_scores", "propensity_models", "propensity_windows")
    if scene.as_of is None or not all(store.has(name) for name in tables):
        return known
    scores, models, windows = (store.table(name) for name in tables)
    current = current_models(models, windows, scene.as_of, settings.horizon_days)
    shares = category_shares(scene.has, scene.goods, scene.as_of, settings.horizon_days)
    return with_propensities(known, scores, current, shares, scene.goods)


def _sources(store: Store, settings: OfferSettings, scene: Scene, given: Given) -> list[ir.Table]:
    """List the sources that the data allow."""
    sources = [
        recommended(given.listed, scene.has),
        best_sellers(scene.has, scene.popular),
    ]
    if store.has("ladders"):
        sources.append(upgrades(store.table("ladders"), scene.has))
        if store.has("holdings", "usage", "allowance"):
            sources.append(overused(store.table("holdings"), store.table("ladders"), scene.as_of, settings))
    if given.lacking is not None:
        heads = head_products(store.table("rules"), scene.goods, scene.popular)
        sources.append(ruled(given.lacking, heads, scene.has))
    if scene.as_of is not None:
        sources.append(new_arrivals(scene.has, scene.goods, scene.popular, scene.as_of, settings))
        if store.has("events", "customer_id", "product_id"):
            sources.append(looked(store.table("events"), scene.has, scene.goods, scene.as_of, settings))
    return sources


def _read(
    store: Store, settings: OfferSettings, table: pa.Table, goods: pa.Table, simple: Chance | None
) -> Read:
    names = goods["name"].combine_chunks()
    kind = _mapped(table["source"], KINDS)
    probability, model = _probabilities(table, settings, simple)
    good = _codes(table["product_id"], goods["product_id"])
    places = pa.array(good)
    customers = pc.unique(table["customer_id"]).sort()
    customer = _codes(table["customer_id"], customers)
    category = goods["category"].combine_chunks().take(places)
    is_replenishable = goods["is_replenishable"].combine_chunks().take(places)
    own_rhythm = pc.is_in(table["reason_code"].combine_chunks(), pa.array(_REPEATED_BY))
    rows = Rows(
        customer=customer,
        product=good,
        category=_codes(category, pc.unique(category).drop_null().sort()),
        name=_lines(names.take(places)),
        source=_codes(table["source"], pa.array(SOURCES)),
        kind=_codes(kind, pa.array(sorted(set(KINDS.values())))),
        place=_numbers(table["place"]).astype(np.int64),
        probability=probability,
        margin=_numbers(goods["margin"].combine_chunks().take(places)),
        own_orders=_numbers(table["own_orders"]),
        own_days=_numbers(table["own_days"]),
        gap_days=_numbers(table["gap_days"]),
        is_replenishable=_flags(pc.coalesce(is_replenishable, own_rhythm)),
        n_alike=_numbers(table["n_alike"]),
        is_active=_flags(goods["is_active"].combine_chunks().take(places)),
        is_never=_flags(goods["is_never"].combine_chunks().take(places)),
        is_fading=_flags(goods["is_fading"].combine_chunks().take(places)),
        again_ratio=_numbers(goods["again_ratio"].combine_chunks().take(places)),
        on_hand=_numbers(goods["on_hand"].combine_chunks().take(places)),
        product_risk=_numbers(goods["risk_level"].combine_chunks().take(places)),
        customer_risk=_risks(store, customers)[customer],
        is_rejected=_flags(pc.is_in(table["rule_id"].combine_chunks(), _rejected(store))),
        is_losing=_flags(pc.is_in(table["rule_id"].combine_chunks(), _losing(store))),
    )
    because = pc.coalesce(
        table["because"].combine_chunks(),
        names.take(pc.index_in(table["because_id"].combine_chunks(), goods["product_id"].combine_chunks())),
    )
    columns = table.select(["customer_id", "product_id", "rule_id", "strength", "segment"])
    more: dict[str, Any] = {
        "kind": kind,
        "model_id": model,
        "margin_source": goods["margin_source"].combine_chunks().take(places),
        "reason_code": _reasons(table),
        "product": names.take(places),
        "category": category,
        "because": because,
        "n_orders": table["own_orders"],
        "since_days": table["own_days"].cast(pa.float64()),
        "gap_days": table["gap_days"],
    }
    for name, column in more.items():
        columns = columns.append_column(name, column)
    n_pool = _numbers(table["n_pool"])
    _, first, n_kept = np.unique(customer, return_index=True, return_counts=True)
    beyond = n_pool[first] - n_kept
    return Read(rows, columns, int(beyond.sum()), int((beyond > 0).sum()))


def _probabilities(
    table: pa.Table, settings: OfferSettings, simple: Chance | None
) -> tuple[Floats, pa.Array]:
    """Take the probability of a propensity model, else of *recommend*, else the simple model's; say whose it is.

    What *recommend* did not list is no likelier than the last it did list as new to the customer.
    """
    given = _numbers(table["probability"])
    is_given = ~np.isnan(given)
    is_simple = np.zeros(len(given), dtype=np.bool_)
    if simple is not None and len(given):
        is_new = (_codes(table["source"], pa.array(SOURCES)) != SOURCES.index("repeat")) & (
            _numbers(table["own_orders"]) == 0
        )
        is_simple = ~is_given & is_new & ~table["silence_days"].is_null().to_numpy()
        is_open = is_new & (settings.offer_alike | (_numbers(table["n_alike"]) == 0))
        group = np.where(is_open, _codes(table["shop_source"], pa.array(SOURCES)), -1)
        learnt = simple(described(known_of(table)))
        customer = _codes(table["customer_id"], pc.unique(table["customer_id"]))
        unlisted = np.minimum(less_listed(learnt, given, group), last_listed(customer, given, is_new))
        given = np.where(is_simple, unlisted, given)
    model = np.where(is_given, RECOMMEND, np.where(is_simple, MODEL, ""))
    named = pa.array(model, pa.string(), mask=model == "")
    for kind in ("category", "product"):
        if f"{kind}_p" in table.column_names:
            said = _numbers(table[f"{kind}_p"])
            is_said = ~np.isnan(said)
            given = np.where(is_said, said, given)
            named = pc.if_else(pa.array(is_said), table[f"{kind}_model"].combine_chunks(), named)
    return given, named


def _lines(names: pa.Array) -> Ints:
    """Give each name the code of its product line."""
    distinct = pc.unique(names)
    return lines_of(distinct.to_pylist())[_codes(names, distinct)]


def _reasons(table: pa.Table) -> pa.Array:
    """Take the reasons; what was bought in one order only is not bought often, and several orders of one day are no rhythm."""
    code = table["reason_code"].combine_chunks()
    no_rhythm = pc.and_(pc.equal(code, "rhythm"), pc.less(table["gap_days"].combine_chunks(), 0.5))
    code = pc.if_else(pc.fill_null(no_rhythm, False), "often", code)
    is_once = pc.and_(pc.equal(code, "often"), pc.equal(table["own_orders"].combine_chunks(), 1))
    return pc.if_else(is_once, "once", code)


def _risks(store: Store, customers: pa.Array) -> Floats:
    """Give the highest risk each customer may take."""
    if not store.has("customers", "risk_level"):
        return np.full(len(customers), np.nan)
    known = store.arrow(store.table("customers").select("customer_id", "risk_level")).sort_by("customer_id")
    place = pc.index_in(customers, known["customer_id"].combine_chunks())
    return _numbers(known["risk_level"].combine_chunks().take(place))


def _rejected(store: Store) -> pa.Array:
    if not store.has("reviews", "rule_id"):
        return pa.array([], pa.string())
    reviews = store.table("reviews")
    return store.arrow(reviews.filter(reviews.state == "rejected").select("rule_id"))[
        "rule_id"
    ].combine_chunks()


def _losing(store: Store) -> pa.Array:
    """Find the rules after whose head customers' profit fell."""
    if not (store.has("head_profit") and store.has("rules")):
        return pa.array([], pa.string())
    heads, rules = store.table("head_profit"), store.table("rules")
    lost = heads.filter(heads.is_losing).select("level", "head_id")
    return store.arrow(rules.semi_join(lost, ["level", "head_id"]).select("rule_id"))[
        "rule_id"
    ].combine_chunks()


def _mapped(column: pa.ChunkedArray, names: Any) -> pa.Array:
    places = pc.index_in(column.combine_chunks(), pa.array(list(names)))
    return pa.array(list(names.values()), pa.string()).take(places)


def _codes(column: Any, among: Any) -> Ints:
    """Give each value its place in a list, -1 where it has none."""
    one = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    found = pc.fill_null(pc.index_in(one, among), -1)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def _numbers(column: Any) -> Floats:
    one = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    floats = pc.fill_null(one.cast(pa.float64()), np.nan)
    return np.array(floats.to_numpy(zero_copy_only=False), dtype=np.float64)


def _flags(column: Any) -> Bools:
    return np.asarray(pc.fill_null(column, False).to_numpy(zero_copy_only=False), dtype=np.bool_)
