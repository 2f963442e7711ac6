"""Codes back to ids: the tables that are written."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.models.recommend.core.judging import BASELINES, OURS
from nextbest.models.recommend.core.listing import Rows
from nextbest.models.recommend.core.making import Made, fresh
from nextbest.models.recommend.core.orders import Floats, Ints
from nextbest.models.recommend.run.reading import Reading
from nextbest.models.recommend.spec import RecommendSettings
from nextbest.models.recommend.words import reasons

_MEANS_RHYTHM = 2
"""Orders with a product from which a gap is a rhythm."""
_LISTS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("list", pa.string()),
        ("rank", pa.int64()),
        ("product_id", pa.string()),
        ("probability", pa.float64()),
        ("reason_code", pa.string()),
        ("because_id", pa.string()),
        ("n_orders", pa.int64()),
        ("since_days", pa.float64()),
        ("gap_days", pa.float64()),
        ("segment", pa.string()),
        ("reason", pa.string()),
    ]
)


def evaluation_rows(made: Made) -> pa.Table:
    """List how every method did; empty where nobody could be judged."""
    return pa.table(
        {
            "method": [row.method for row in made.judged],
            "uses": [row.uses for row in made.judged],
            "is_baseline": pa.array([row.method in BASELINES for row in made.judged], pa.bool_()),
            "is_chosen": pa.array([row.method == OURS for row in made.judged], pa.bool_()),
            "list": [row.kind for row in made.judged],
            "k": pa.array([row.k for row in made.judged], pa.int64()),
            **{
                name: pa.array([getattr(row.quality, name) for row in made.judged], pa.float64())
                for name in ("recall", "recall_se", "ndcg", "hit_rate")
            },
            "n_customers": pa.array([row.quality.n_customers for row in made.judged], pa.int64()),
        }
    )


def calibration_rows(made: Made) -> pa.Table:
    """List what was predicted of each tenth of the lists and what followed; empty where nothing could be tested."""
    tenths = made.tenths
    return pa.table(
        {
            "list": pa.array([tenth.kind for tenth in tenths], pa.string()),
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


def list_table(made: Made, kind: str, reading: Reading) -> pa.Table:
    """Write out one list of every customer who ordered."""
    return _listed(kind, made.lists[kind], made.chances[kind], reading, is_dated=made.as_of is not None)


def earlier_rows(made: Made, reading: Reading) -> pa.Table:
    """Write out the lists of one horizon ago; empty where nothing could be foretold then."""
    parts = [
        _listed(kind, part.rows, chance, reading, is_dated=True).append_column(
            "starts_on", pa.array([part.day] * len(chance), pa.int32()).cast(pa.date32())
        )
        for kind, (part, chance) in made.earlier.items()
        if part.rows is not None
    ]
    return pa.concat_tables(parts) if parts else pa.table({})


def _listed(kind: str, rows: Rows, chance: Floats | None, reading: Reading, *, is_dated: bool) -> pa.Table:
    is_repeat = kind == "repeat"
    columns = {
        "customer_id": reading.customers.take(pa.array(rows.customer)),
        "list": _constant(kind, len(rows.rank)),
        "rank": pa.array(rows.rank.astype(np.int64)),
        "product_id": reading.items.take(pa.array(rows.product)),
        "probability": _absent(rows) if chance is None else pa.array(chance),
        "reason_code": _reason_codes(rows, is_repeat=is_repeat, is_dated=is_dated),
        "because_id": reading.items.take(_or_null(rows.because)),
        "n_orders": pa.array(rows.n_orders.astype(np.int64)) if is_repeat else _absent(rows, pa.int64()),
        "since_days": pa.array(rows.since) if is_repeat and is_dated else _absent(rows),
        "gap_days": _gaps(rows) if is_repeat and is_dated else _absent(rows),
        "segment": _absent(rows, pa.string()),
    }
    because = reading.names.take(_or_null(rows.because))
    return _with_reasons(pa.table(columns), because)


def cold_rows(made: Made, reading: Reading, settings: RecommendSettings) -> pa.Table:
    """Write out what is popular in the segment of each known customer who has not ordered."""
    cold = reading.cold
    assert cold is not None and reading.segments is not None  # noqa: S101, PT018 - known customers have both
    named = pc.unique(reading.segments).drop_null().sort()
    own = _places(reading.segments, named)
    lists = fresh(made.scene, own, made.as_of, settings.list_length)
    asked = [place if place in lists else -1 for place in _places(cold["segment"], named).tolist()]
    sizes = np.array([len(lists[place]) for place in asked], dtype=np.int64)
    rows = np.repeat(np.arange(len(asked)), sizes)
    rank = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
    product = np.concatenate([lists[place] for place in asked])
    segment = named.take(pa.array(asked, pa.int32(), mask=np.array(asked) < 0)).take(pa.array(rows))
    columns = {
        "customer_id": cold["customer_id"].combine_chunks().take(pa.array(rows)),
        "list": _constant("discover", len(rows)),
        "rank": pa.array(rank),
        "product_id": reading.items.take(pa.array(product)),
        "reason_code": pc.if_else(pc.is_null(segment), "fresh", "fresh_segment"),
        "segment": segment,
    }
    return _with_reasons(pa.table(columns), pa.nulls(len(rows), pa.string()))


def related_rows(made: Made, items: pa.Array) -> pa.Table:
    """List what goes with each product and what is bought instead of it."""
    parts = [
        pa.table(
            {
                "product_id": items.take(pa.array(related.product)),
                "list": _constant(kind, len(related.rank)),
                "rank": pa.array(related.rank.astype(np.int64)),
                "related_id": items.take(pa.array(related.related)),
                "strength": pa.array(related.strength),
                "n_both": pa.array(related.n_both.astype(np.int64)),
            }
        )
        for kind, related in made.related.items()
    ]
    return pa.concat_tables(parts)


def _with_reasons(columns: pa.Table, because: pa.Array) -> pa.Table:
    """Complete the columns and put each row's reason into words."""
    whole = pa.table(
        {
            field.name: columns[field.name].cast(field.type)
            if field.name in columns.column_names
            else pa.nulls(columns.num_rows, field.type)
            for field in _LISTS
            if field.name != "reason"
        }
    )
    return whole.append_column("reason", reasons(whole, because))


def _reason_codes(rows: Rows, *, is_repeat: bool, is_dated: bool) -> pa.Array:
    if is_repeat:
        is_rhythm = (rows.n_orders > _MEANS_RHYTHM) & is_dated
        return pa.array(np.where(is_rhythm, "rhythm", "often"))
    return pa.array(np.where(rows.because >= 0, "because", "popular"))


def _gaps(rows: Rows) -> pa.Array:
    """Give the usual gap where it is more than the time since a single purchase."""
    return pa.array(rows.gap, mask=rows.n_orders < _MEANS_RHYTHM)


def _or_null(codes: Ints) -> pa.Array:
    return pa.array(codes, mask=codes < 0)


def _places(values: pa.Array, among: pa.Array) -> Ints:
    found = pc.fill_null(pc.index_in(values, among), -1)
    return np.asarray(
        found.to_numpy(zero_copy_only=False) if isinstance(found, pa.Array) else found.to_numpy()
    )


def _constant(text: str, n: int) -> pa.Array:
    return pa.array([text]).take(pa.array(np.zeros(n, dtype=np.int32)))


def _absent(rows: Rows, kind: pa.DataType | None = None) -> pa.Array:
    return pa.nulls(len(rows.rank), kind or pa.float64())
