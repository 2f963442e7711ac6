"""The tables that are written, and what is said about them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.decisions.offers.core.ranking import STAGES, Verdicts
from nextbest.decisions.offers.run.reading import Read
from nextbest.decisions.offers.spec import BEYOND_LIMIT, OFFERED, KindTotals, OfferTotals
from nextbest.decisions.offers.words import placeholders, reasons

_SHOWN = ("customer_id", "product", "because", "n_orders", "since_days", "probability")
_BEST_FIRST = [
    ("expected_profit", "descending"),
    ("probability", "descending"),
    ("customer_id", "ascending"),
    ("rank", "ascending"),
]
_WEAKEST_FIRST = ("assumed", "category_default", "given")


def candidate_table(read: Read, verdicts: Verdicts) -> pa.Table:
    """Put candidates and verdicts side by side."""
    more = {
        "stage": pa.array(STAGES, pa.string()).take(pa.array(verdicts.stage)),
        "rank": pa.array(verdicts.rank, mask=verdicts.rank == 0),
        "probability": pa.array(read.rows.probability, from_pandas=True),
        "margin": pa.array(read.rows.margin, from_pandas=True),
        "expected_profit": pa.array(verdicts.expected_profit, from_pandas=True),
    }
    table = read.columns
    for name, column in more.items():
        table = table.append_column(name, column)
    return table


def offer_table(table: pa.Table) -> pa.Table:
    """Take what is offered and put the reasons into words."""
    offers = table.filter(pc.equal(table["stage"], OFFERED))
    said = reasons(offers)
    return (
        offers.append_column(
            "offer_id", pc.binary_join_element_wise(offers["kind"], offers["product_id"], ":")
        )
        .append_column("placeholders", placeholders(offers))
        .append_column("reason", said)
        .drop_columns(["stage"])
    )


def exclusion_table(table: pa.Table, n_beyond: int, n_customers_beyond: int) -> pa.Table:
    """Count what is not offered, by its reason."""
    left_out = table.filter(pc.not_equal(table["stage"], OFFERED)).select(["stage", "customer_id"])
    counted = left_out.group_by("stage").aggregate(
        [("customer_id", "count"), ("customer_id", "count_distinct")]
    )
    rows = {
        "reason": [*counted["stage"].to_pylist()],
        "n_candidates": [*counted["customer_id_count"].to_pylist()],
        "n_customers": [*counted["customer_id_count_distinct"].to_pylist()],
    }
    if n_beyond:
        for name, value in zip(rows, (BEYOND_LIMIT, n_beyond, n_customers_beyond), strict=True):
            rows[name].append(value)
    kinds = (pa.string(), pa.int64(), pa.int64())
    return pa.table({name: pa.array(rows[name], kind) for name, kind in zip(rows, kinds, strict=True)})


def added(parts: pa.Table) -> pa.Table:
    """Add up the counts of several batches; no customer is in two of them."""
    total = parts.group_by("reason").aggregate([("n_candidates", "sum"), ("n_customers", "sum")])
    return total.rename_columns({"n_candidates_sum": "n_candidates", "n_customers_sum": "n_customers"})


def compact(table: pa.Table) -> pa.Table:
    """Keep each text once, and numbers in memory of their own: there may be millions of rows.

    A column that comes from the engine keeps all other columns of its batch alive; a copy does not.
    """
    every = pa.array(np.arange(table.num_rows))
    return pa.table(
        {
            name: table[name].dictionary_encode()
            if pa.types.is_string(table[name].type)
            else table[name].take(every)
            for name in table.column_names
        }
    )


def totals(offers: pa.Table, n_candidates: int, n_asked: int) -> OfferTotals:
    """Add up what was offered to how many."""
    n_customers = pc.count_distinct(offers["customer_id"]).as_py()
    first = offers.filter(pc.equal(offers["rank"], 1)).sort_by("customer_id")
    sources = set(pc.unique(first["margin_source"]).to_pylist())
    worth = first["expected_profit"].drop_null().to_numpy()
    return OfferTotals(
        n_customers=n_customers,
        n_none=n_asked - n_customers,
        n_offers=offers.num_rows,
        n_candidates=n_candidates,
        expected_profit=float(np.sum(worth)) if len(worth) else None,
        margin_source=next((source for source in _WEAKEST_FIRST if source in sources), None),
        n_without_margin=offers["margin"].null_count,
        n_without_probability=offers["probability"].null_count,
    )


def kinds(offers: pa.Table) -> list[KindTotals]:
    """Count the offers of each kind and pick the one worth most, or likeliest, as an example."""
    result = []
    for kind in sorted(pc.unique(offers["kind"]).to_pylist()):
        mine = offers.filter(pc.equal(offers["kind"], kind))
        best = _telling(mine, kind)
        result.append(
            KindTotals(
                kind=kind,
                n_offers=mine.num_rows,
                n_customers=pc.count_distinct(mine["customer_id"]).as_py(),
                **{name: best[name] for name in _SHOWN},
            )
        )
    return [row for row in result if row.because or row.kind == "replenish"]


def _telling(mine: pa.Table, kind: str) -> dict[str, Any]:
    """Pick the example: one that points to something the customer has, where there is any."""
    pointing = mine if kind == "replenish" else mine.filter(pc.is_valid(mine["because"]))
    best = (pointing if pointing.num_rows else mine).sort_by(_BEST_FIRST).slice(0, 1)
    return dict(best.to_pylist()[0])
