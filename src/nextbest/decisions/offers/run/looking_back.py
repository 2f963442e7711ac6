"""What the offers of one horizon ago would have promised, beside what was bought since."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.decisions.offers.core.ranking import judge
from nextbest.decisions.offers.query import bought_since, drawn_up_on, of_customers, sampled, with_margins_of
from nextbest.decisions.offers.run.learning import a_horizon_before, lacking_then, learn_simple
from nextbest.decisions.offers.run.reading import Given, batches, candidates
from nextbest.decisions.offers.run.scene import Scene, only
from nextbest.decisions.offers.run.writing import candidate_table
from nextbest.decisions.offers.spec import EVERY_KIND, OFFERED, OfferSettings, Promises
from nextbest.models.recommend import Past, Tenth, compare, overall
from nextbest.tables.store import Store

_MOST_CUSTOMERS = 1_500
_EPOCH = date(1970, 1, 1).toordinal()


def look_back(store: Store, settings: OfferSettings, then: Scene | None, scene: Scene) -> list[Tenth]:
    """Draw up the offers of one horizon ago and hold their probabilities against what was bought.

    Nothing bought on or after that day is seen; margins, stock, rules and ladders are those of today.
    """
    if then is None or then.as_of is None or not store.has("earlier_recommendations", "starts_on"):
        return []
    listed = _some(store, drawn_up_on(store.table("earlier_recommendations"), then.as_of))
    asked = only(store, settings, then, of_customers(then.has, listed))
    before = a_horizon_before(store, settings, asked, among=asked.has)
    learnt = learn_simple(store, settings, before, asked)
    goods = store.memtable(store.arrow(with_margins_of(then.goods, scene.goods)))
    known = replace(asked, goods=goods)
    given = Given(listed, lacking_then(store, known))
    offers = []
    for batch in batches(store, known, given):
        read = candidates(store, settings, known, given, learnt, batch)
        table = candidate_table(read, judge(read.rows, settings))
        offers.append(table.filter(pc.equal(table["stage"], OFFERED)))
    if not offers:
        return []
    since = store.arrow(bought_since(scene.has, then.as_of))
    return _tenths(pa.concat_tables(offers), since, then.as_of.toordinal() - _EPOCH)


def _some(store: Store, listed: ir.Table) -> ir.Table:
    """Keep the lists of each n-th customer where there are many: a look back need not cost as much as the offers."""
    n_customers = store.arrow(listed.select("customer_id").distinct()).num_rows
    every = -(-n_customers // _MOST_CUSTOMERS)
    return listed if every <= 1 else sampled(listed, every)


def _tenths(offers: pa.Table, since: pa.Table, day: int) -> list[Tenth]:
    """Compare promise and purchase, all offers together and each kind by itself."""
    known = offers.filter(pc.is_valid(offers["probability"])).select(
        ["customer_id", "product_id", "kind", "probability"]
    )
    joined = known.join(since, ["customer_id", "product_id"]).sort_by(
        [("customer_id", "ascending"), ("product_id", "ascending")]
    )
    chance = joined["probability"].to_numpy()
    bought = joined["n_since"].is_valid().to_numpy()
    customer = joined["customer_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    kind = np.array(joined["kind"].to_pylist(), dtype=object)
    tenths = []
    for name in [EVERY_KIND, *sorted(set(kind))]:
        rows = np.flatnonzero((kind == name) | (name == EVERY_KIND))
        if len(rows):
            part = Past(day, customer[rows], np.zeros((len(rows), 0), dtype=np.float32), bought[rows])
            tenths += [overall(name, part, chance[rows]), *compare(name, part, chance[rows])]
    return tenths


def promises(tenths: list[Tenth]) -> Promises | None:
    """Sum up all offers; ``None`` where nothing could be tested."""
    whole = next((tenth for tenth in tenths if (tenth.kind, tenth.decile) == (EVERY_KIND, 0)), None)
    if whole is None:
        return None
    n, day = whole.n, date.fromordinal(_EPOCH + whole.day)
    return Promises(n, whole.predicted * n, whole.n_bought, whole.low * n, whole.high * n, day)


def calibration_table(tenths: list[Tenth]) -> pa.Table:
    """Write out what was promised and what came; empty where nothing could be tested."""
    return pa.table(
        {
            "kind": pa.array([tenth.kind for tenth in tenths], pa.string()),
            "starts_on": pa.array([tenth.day for tenth in tenths], pa.int32()).cast(pa.date32()),
            **{
                name: pa.array([getattr(tenth, name) for tenth in tenths], pa.int64())
                for name in ("decile", "n", "n_bought")
            },
            **{
                name: pa.array([getattr(tenth, name) for tenth in tenths], pa.float64())
                for name in ("predicted", "observed", "low", "high")
            },
        }
    )
