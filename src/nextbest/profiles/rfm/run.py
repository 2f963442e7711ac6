"""The recipe of RFM: sum up the orders, score each day's customers among themselves, name the segments."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.capability import Moment
from nextbest.base.findings import Finding
from nextbest.profiles.rfm.core import score_cuts, scores, segments
from nextbest.profiles.rfm.query import customer_totals, segment_totals
from nextbest.profiles.rfm.spec import RfmSettings, SegmentTotals
from nextbest.profiles.rfm.words import findings
from nextbest.tables.store import Store


def run(store: Store, settings: RfmSettings, moment: Moment) -> list[Finding]:
    """Score and name every customer who bought before each day; findings are about the last day."""
    days = settings.days(moment)
    totals = store.arrow(customer_totals(store.table("order_lines"), days))
    store.write("rfm", pa.concat_tables([_scored(totals, day, settings.bins) for day in days]))
    held = store.arrow(segment_totals(store.table("rfm"), days[-1]))
    return findings([SegmentTotals(**row) for row in held.to_pylist()])


def _scored(totals: pa.Table, day: date, bins: int) -> pa.Table:
    """Score the customers of one day among themselves."""
    rows = totals.filter(pc.equal(totals["as_of"], pa.scalar(day, pa.date32())))
    r_score = _score(-rows["days_since_last_order"].to_numpy(), bins)
    f_score = _score(rows["n_orders"].to_numpy(), bins)
    revenue = rows["revenue_total"].cast("float64").to_numpy()
    m_score = pa.array(_score(revenue, bins), mask=np.isnan(revenue))
    columns = {"r_score": r_score, "f_score": f_score, "m_score": m_score}
    for name, column in (columns | {"segment": segments(r_score, f_score, bins)}).items():
        rows = rows.append_column(name, pa.array(column))
    return rows


def _score(values: np.ndarray, bins: int) -> np.ndarray:
    return scores(values, score_cuts(values, bins))
