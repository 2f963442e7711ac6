"""The recipe of the lifecycle: gaps by customer, the shop's rhythm of each day, the stage of each customer."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.capability import Moment
from nextbest.base.findings import Finding
from nextbest.profiles.lifecycle.core import shop_rhythm, stage, usual_gap_days
from nextbest.profiles.lifecycle.query import customer_gaps, stage_totals
from nextbest.profiles.lifecycle.spec import LifecycleSettings, Rhythm, StageTotals
from nextbest.profiles.lifecycle.words import findings
from nextbest.tables.store import Store


def run(store: Store, settings: LifecycleSettings, moment: Moment) -> list[Finding]:
    """Judge every customer who bought before each day; findings are about the last day."""
    days = settings.days(moment)
    gaps = store.arrow(customer_gaps(store.table("order_lines"), days))
    store.write("lifecycle", pa.concat_tables([_judged(gaps, day, settings) for day in days]))
    totals = store.arrow(stage_totals(store.table("lifecycle"), days[-1]))
    return findings([StageTotals(**row) for row in totals.to_pylist()])


def _judged(gaps: pa.Table, day: date, settings: LifecycleSettings) -> pa.Table:
    """Judge the customers of one day by the rhythm that was known on it."""
    rows = gaps.filter(pc.equal(gaps["as_of"], pa.scalar(day, pa.date32())))
    columns = {
        name: rows[name].to_numpy() for name in rows.column_names if name not in {"customer_id", "as_of"}
    }
    n_gaps, span = columns["n_gaps"], columns["days_first_to_last"]
    known = shop_rhythm(n_gaps, span, columns["gap_days_squared"], columns["first_gap_days"])
    usual = usual_gap_days(n_gaps, span, known or _unknown(settings), settings)
    silent = columns["days_since_last_order"]
    stages = stage(columns["days_since_first_order"], silent, usual, settings)
    judged = rows.select(["customer_id", "as_of", "n_orders", "days_since_last_order"])
    for name, column in {"stage": stages, "usual_gap_days": usual, "silence": silent / usual}.items():
        judged = judged.append_column(name, pa.array(column))
    return judged


def _unknown(settings: LifecycleSettings) -> Rhythm:
    """Where nobody ever came back, nobody is gone before ``gone_days``: no other time was named."""
    return Rhythm(gap_days=settings.new_days, second_order_days=settings.gone_days, weight=np.inf)
