"""What each customer may be offered, what the nightly run ruled out for them, and what they have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from numpy.typing import NDArray

from nextbest.decisions.offers import OFFERED, PLACES, REASONS
from nextbest.serving.decide.core.shop import KINDS, Barred, Lists, Personal, Products, Starts
from nextbest.serving.decide.loading import reading
from nextbest.serving.decide.loading.goods import Recent
from nextbest.serving.decide.loading.reading import Files

_TEXT: Final = pa.string()
_PERMITTED: Final = (OFFERED, *PLACES)
"""Stages of ``offer_candidates`` that only the length of lists decided."""
_BARRED: Final = ("just_bought", "rarely_again", "already_has")
_BARRED_IN_LISTS: Final = ("has_alike", "fading")
"""Stages that forbid a product to a customer; what others forbid is asked anew at every decision."""
_BOUGHT_DAYS: Final = 14
_LITTLE: Final = 1e-6
_UNKNOWN_DAYS: Final = np.iinfo(np.uint16).max


def personal(files: Files, ids: pa.Array, products: Products, product_ids: pa.Array, most: int) -> Personal:
    """Read what each customer may be offered, in the order of the nightly run."""
    texts = dict.fromkeys(
        ("customer_id", "product_id", "kind", "reason_code", "rule_id", "because", "segment"), _TEXT
    )
    numbers = ("probability", "expected_profit", "n_orders", "since_days", "gap_days", "strength")
    kinds = {**texts, **dict.fromkeys(numbers, pa.float64()), "rank": pa.int64()}
    table = files.read("offer_candidates", kinds, ds.field("stage").isin(_PERMITTED), needs=("stage",))
    customer, product = (
        reading.customers_of(table, ids),
        reading.numbers_of(reading.column(table, "product_id"), product_ids),
    )
    rank = reading.whole(table, "rank", 255)
    profit, chance = reading.floats(table, "expected_profit"), reading.floats(table, "probability")
    order = np.lexsort((product, -np.nan_to_num(chance), -np.nan_to_num(profit, nan=-np.inf), rank, customer))
    order = order[(customer[order] >= 0) & (product[order] >= 0)]
    order = order[reading.first_of_each(customer[order], most)]
    kept = table.take(order)
    refs, ref = _refs(kept)
    start = reading.starts(customer[order], len(ids))
    return Personal(
        start=start,
        product=product[order].astype(np.int32),
        kind=_code(kept, "kind", KINDS),
        reason=_code(kept, "reason_code", REASONS),
        probability=chance[order].astype(np.float32),
        factor=_factor(kept, chance[order], products.base_rate[product[order]], start),
        n_orders=_small(kept, "n_orders"),
        since_days=_small(kept, "since_days"),
        gap_days=np.minimum(reading.floats(kept, "gap_days"), 60_000).astype(np.float16),
        ref=ref,
        refs=refs,
        incremental=_incremental(files, kept),
    )


def _factor(
    own: pa.Table, chance: NDArray[np.float64], usual: NDArray[np.float32], start: Starts
) -> NDArray[np.float32]:
    """Compare what the run expects of a customer, of what is new to them, with everybody's buying it; 1: nothing to compare."""
    is_new = reading.objects(own, "kind") != "replenish"
    is_known = ~np.isnan(chance) & (np.nan_to_num(usual) > 0)
    sums = [np.cumsum(np.append(0.0, np.where(is_new & is_known, values, 0.0))) for values in (chance, usual)]
    mine, others = (np.diff(one[start]) for one in sums)
    ratio = np.divide(mine, others, out=np.ones(len(mine)), where=others > _LITTLE)
    return np.minimum(ratio, 1.0).astype(np.float32)


def barred(files: Files, ids: pa.Array, product_ids: pa.Array) -> Barred | None:
    """List what the nightly run ruled out for each customer, and lists of the whole shop are not to bring back."""
    kinds = {"customer_id": _TEXT, "product_id": _TEXT, "stage": _TEXT}
    is_barred = ds.field("stage").isin([*_BARRED, *_BARRED_IN_LISTS])
    table = files.read("offer_candidates", kinds, is_barred, needs=("stage",))
    if not table.num_rows:
        return None
    customer, product = (
        reading.customers_of(table, ids),
        reading.numbers_of(reading.column(table, "product_id"), product_ids),
    )
    order = np.lexsort((product, customer))
    order = order[(customer[order] >= 0) & (product[order] >= 0)]
    in_lists = np.asarray(pc.is_in(table["stage"], value_set=pa.array(_BARRED_IN_LISTS)))
    return Barred(reading.starts(customer[order], len(ids)), product[order].astype(np.int32), in_lists[order])


def had(
    files: Files, recent: Recent, as_of: date | None, ids: pa.Array, product_ids: pa.Array
) -> Lists | None:
    """List what each customer holds, or bought within the last two weeks."""
    parts = []
    if recent.pairs.num_rows and as_of is not None:
        lately = pc.greater_equal(recent.pairs["ordered_on_max"], pa.scalar(as_of - timedelta(_BOUGHT_DAYS)))
        parts.append(recent.pairs.filter(lately).select(["customer_id", "product_id"]))
    if "holdings" in files:
        kinds = {"customer_id": _TEXT, "product_id": _TEXT, "closed_on": pa.date32()}
        held = files.read("holdings", kinds)
        parts.append(held.filter(pc.is_null(held["closed_on"])).select(["customer_id", "product_id"]))
    if not parts:
        return None
    pairs = pa.concat_tables(parts).combine_chunks()
    pairs = pairs.group_by(["customer_id", "product_id"]).aggregate([])
    product = reading.numbers_of(reading.column(pairs, "product_id"), product_ids)
    found = reading.lists(
        reading.customers_of(pairs, ids), product, np.ones(len(product)), product, n=len(ids), most=1000
    )
    return Lists(found.start, found.product, np.empty(0, np.float32))


def _code(table: pa.Table, name: str, names: Sequence[str]) -> NDArray[np.int8]:
    return reading.numbers_of(reading.column(table, name), pa.array(names)).astype(np.int8)


def _small(table: pa.Table, name: str) -> NDArray[np.uint16]:
    values = reading.floats(table, name)
    return np.where(
        np.isnan(values), _UNKNOWN_DAYS, np.clip(np.nan_to_num(values), 0, _UNKNOWN_DAYS - 1)
    ).astype(np.uint16)


def _refs(table: pa.Table) -> tuple[list[tuple[Any, ...]], NDArray[np.integer[Any]]]:
    """Keep each combination of rule, because, strength and segment once."""
    code = np.zeros(table.num_rows, np.int64)
    names = ("rule_id", "because", "strength", "segment")
    for name in names:
        encoded = reading.column(table, name).dictionary_encode()
        mine = np.asarray(pc.fill_null(encoded.indices, -1).cast(pa.int64())) + 1
        _, code = np.unique(code * (len(encoded.dictionary) + 1) + mine, return_inverse=True)
    _, first, code = np.unique(code, return_index=True, return_inverse=True)
    columns = [reading.column(table, name).take(pa.array(first)).to_pylist() for name in names]
    return list(zip(*columns, strict=True)), code.astype(np.min_scalar_type(len(columns[0])))


def _incremental(files: Files, kept: pa.Table) -> NDArray[np.float32] | None:
    """Give what tests say an offer adds; ``None`` where nothing was tested."""
    kinds = {"customer_id": _TEXT, "product_id": _TEXT, "incremental_profit": pa.float64()}
    tested = files.read(
        "next_best_offers", kinds, ds.field("incremental_profit").is_valid(), needs=("incremental_profit",)
    )
    if not tested.num_rows:
        return None
    joined = kept.select(["customer_id", "product_id"]).append_column(
        "row", pa.array(np.arange(kept.num_rows))
    )
    joined = joined.join(tested, ["customer_id", "product_id"]).sort_by("row")
    return reading.floats(joined, "incremental_profit").astype(np.float32)
