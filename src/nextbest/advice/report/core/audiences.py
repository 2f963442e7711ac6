"""Audiences: how many customers each rule concerns, and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from nextbest.advice.report.core.reading import column, rows
from nextbest.advice.report.core.rules import rule_rows
from nextbest.advice.report.spec import Audience, Tables


def audiences_of(tables: Tables, at_most: int) -> tuple[Sequence[Audience], int]:
    """Sum up audiences, most margin at stake first, and count them all.

    An audience whose rule is not among ``rules`` is left out.
    """
    members = tables["audiences"]
    slim = pa.table(
        {"rule_id": members["rule_id"], "margin": column(members, "margin_at_stake", pa.float64())}
    )
    # Floats are added in the order of their size: the same sum whatever the order of rows.
    slim = slim.sort_by([("rule_id", "ascending"), ("margin", "ascending")])
    summed = slim.group_by("rule_id", use_threads=False).aggregate([([], "count_all"), ("margin", "sum")])
    sizes = {row["rule_id"]: (row["count_all"], row["margin_sum"]) for row in rows(summed)}
    rules = tables["rules"].filter(
        pc.is_in(tables["rules"]["rule_id"], value_set=pa.array(sizes, pa.string()))
    )
    found = [Audience(rule, *sizes[rule["rule_id"]]) for rule in rule_rows(rules)]
    ranked = sorted(found, key=lambda a: (-(a.margin_at_stake or 0), -a.n_customers, a.rule["rule_id"]))
    return ranked[:at_most], len(ranked)
