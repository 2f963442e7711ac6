"""The recipe of ladders: prices, what is within reach, who moved which way, and the better version of each product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nextbest.base.capability import Moment
from nextbest.base.errors import SettingsError
from nextbest.base.findings import Finding
from nextbest.models.ladders.core import chance_of_up, judge_steps
from nextbest.models.ladders.query import alone, moves, named, owned, priced, reach, targets, with_allowance
from nextbest.models.ladders.spec import BestStep, LadderSettings, LadderTotals
from nextbest.models.ladders.words import findings
from nextbest.tables.store import Store

_SHOWN = 3


def run(store: Store, settings: LadderSettings, moment: Moment) -> list[Finding]:
    """Find each product's better version; findings say where customers step up."""
    products = store.table("products")
    if settings.need not in products.columns:
        raise SettingsError("ladders.need_unknown", need=settings.need, known=sorted(products.columns))
    from_orders = store.has("order_lines", "customer_id")
    is_dated = from_orders and store.has("order_lines", "ordered_on")
    as_of = moment.as_of if is_dated or not from_orders else None
    has = owned(
        store.table("order_lines") if from_orders else None,
        None if from_orders else store.table("holdings"),
        as_of,
    )
    profiles = store.table("product_profiles") if store.has("product_profiles") else None
    prices = store.memtable(store.arrow(priced(products, profiles, as_of, settings.need)))
    whole = store.memtable(store.arrow(has))
    pairs = store.memtable(store.arrow(reach(prices, settings)))
    judged = _judged(store, whole, pairs, settings)
    is_limited = store.has("holdings", "usage", "allowance")
    limited = with_allowance(store.table("holdings")) if is_limited else None
    steps = targets(pairs, store.memtable(judged), limited)
    written = store.arrow(steps.order_by("product_id", "upgrade_id"))
    store.write("ladders", written)
    best = _best(written)
    ids = sorted({row[side] for row in best for side in ("product_id", "upgrade_id")})
    names = {row["product_id"]: row["name"] for row in store.arrow(named(products, ids)).to_pylist()}
    return findings(_totals(written, judged), [_told(row, names) for row in best])


def _judged(store: Store, has: ir.Table, pairs: ir.Table, settings: LadderSettings) -> pa.Table:
    """Count who moved which way between compared products, and set it beside chance."""
    compared = pairs.filter(pairs.is_compared).select("product_id", "upgrade_id", "need")
    seen = store.arrow(moves(has, compared).order_by("product_id", "upgrade_id"))
    n_stepped, n_back = (seen[name].to_numpy() for name in ("n_stepped", "n_back"))
    moved = np.where(n_stepped + n_back >= settings.min_stepped, n_stepped + n_back, 0)
    chance = _chances(store, has, seen, moved)
    result = judge_steps(
        seen["n_buyers"].to_numpy(), n_stepped, chance * moved, chance * (1 - chance) * moved
    )
    is_seen = (result.q_value < settings.max_q_value) & (n_stepped >= settings.min_stepped)
    columns = {
        "share_stepped": result.share,
        "ci_low": result.ci_low,
        "ci_high": result.ci_high,
        "expected_stepped": chance * (n_stepped + n_back),
        "step_q_value": result.q_value,
    }
    for name, values in columns.items():
        seen = seen.append_column(name, pa.array(values, from_pandas=True))
    return seen.append_column("is_seen", pa.array(is_seen, pa.bool_()))


def _chances(store: Store, has: ir.Table, seen: pa.Table, moved: NDArray[np.int64]) -> NDArray[np.float64]:
    """Ask, of pairs in which more moved up than a coin would, whether the days of the sales say the same."""
    chance = np.full(seen.num_rows, 0.5)
    is_asked = (moved > 0) & (seen["n_stepped"].to_numpy() > 0.5 * moved + np.sqrt(moved))
    asked = seen.select(["product_id", "upgrade_id"]).append_column("place", pa.array(np.arange(len(chance))))
    wanted = asked.filter(pa.array(is_asked))
    pairs = store.memtable(wanted)
    rows = store.arrow(
        alone(has, pairs.select("product_id", "upgrade_id")).inner_join(pairs, ["product_id", "upgrade_id"])
    )
    place = rows["place"].to_numpy()
    first, last = (rows[name].cast(pa.int32()).to_numpy() for name in ("first_on", "last_on"))
    is_upper = rows["is_upper"].to_numpy()
    order = np.argsort(place, kind="stable")
    pair, starts = np.unique(place[order], return_index=True)
    for where, mine in zip(pair, np.split(order, starts[1:]), strict=False):
        low, high = mine[~is_upper[mine]], mine[is_upper[mine]]
        chance[where] = chance_of_up(first[low], last[low], first[high], last[high])
    return chance


def _totals(written: pa.Table, judged: pa.Table) -> LadderTotals:
    is_given = pc.equal(written["source"], "given")
    n_given = pc.sum(is_given).as_py() or 0
    n_tested = judged.num_rows - judged["step_q_value"].null_count
    return LadderTotals(n_given, n_tested, pc.sum(judged["is_seen"]).as_py() or 0)


def _best(written: pa.Table) -> list[dict[str, Any]]:
    """Pick the steps that most customers took beyond chance."""
    is_seen = pc.and_(written["is_supported"], pc.equal(written["source"], "next_band"))
    rows: list[dict[str, Any]] = written.filter(is_seen).to_pylist()
    rows.sort(key=lambda row: (row["expected_stepped"] - row["n_stepped"], row["product_id"]))
    return rows[:_SHOWN]


def _told(row: Mapping[str, Any], names: Mapping[str, str]) -> BestStep:
    counts = [row[name] for name in BestStep.__slots__ if name not in {"product", "upgrade"}]
    return BestStep(names[row["product_id"]], names[row["upgrade_id"]], *counts)
