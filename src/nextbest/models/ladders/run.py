"""The recipe of ladders: prices, steps, who took them, and the better version of each product."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.capability import Moment
from nextbest.base.errors import SettingsError
from nextbest.base.findings import Finding
from nextbest.models.ladders.core import judge_steps
from nextbest.models.ladders.query import owned, priced, rungs, steps, targets
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
    seen = store.arrow(steps(has, rungs(prices)).order_by("source", "step"))
    judged = _judged(seen, settings)
    known = store.memtable(judged)
    store.write(
        "ladders", targets(prices, settings).inner_join(known, ["source", "step"]).drop("step", "variance")
    )
    return findings(_totals(judged), _best(judged))


def _judged(seen: pa.Table, settings: LadderSettings) -> pa.Table:
    """Add shares, intervals and q-values to the counts of each step."""
    result = judge_steps(
        *(seen[name].to_numpy() for name in ("n_buyers", "n_stepped", "expected_stepped", "variance"))
    )
    is_given = np.array(seen["source"].to_pylist(), dtype=object) == "given"
    is_seen = (result.q_value < settings.max_q_value) & (seen["n_stepped"].to_numpy() >= settings.min_stepped)
    columns = {
        "share_stepped": result.share,
        "ci_low": result.ci_low,
        "ci_high": result.ci_high,
        "step_q_value": result.q_value,
    }
    for name, values in columns.items():
        seen = seen.append_column(name, pa.array(values, from_pandas=True))
    return seen.append_column("is_supported", pa.array(is_given | is_seen, pa.bool_()))


def _totals(judged: pa.Table) -> LadderTotals:
    is_given = pc.equal(judged["source"], "given")
    bands = judged.filter(pc.invert(is_given))
    return LadderTotals(
        judged.num_rows - bands.num_rows, bands.num_rows, pc.sum(bands["is_supported"]).as_py() or 0
    )


def _best(judged: pa.Table) -> list[BestStep]:
    """Pick the steps that most customers took beyond chance."""
    rows = judged.filter(pc.and_(judged["is_supported"], pc.equal(judged["source"], "next_band"))).to_pylist()
    rows.sort(key=lambda row: (row["expected_stepped"] - row["n_stepped"], row["step"]))
    fields = [name for name in BestStep.__slots__ if name != "need"]
    return [
        BestStep(row["step"].rpartition("|")[0], *(row[name] for name in fields)) for row in rows[:_SHOWN]
    ]
