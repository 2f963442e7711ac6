"""Customers: consents in bits, facts for suitability, what they may be offered, what they have."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from numpy.typing import NDArray

from nextbest.base.contract import Kind
from nextbest.decisions.offers import OFFERED, PLACES, REASONS
from nextbest.serving.decide.core.shop import (
    DO_NOT_CONTACT,
    KINDS,
    NO_PERSONALISATION,
    UNKNOWN_DAY,
    Barred,
    Customers,
    Ints,
    Lists,
    Numbers,
    Personal,
    Places,
    Products,
    Starts,
    Words,
    granted_bit,
)
from nextbest.serving.decide.loading import reading
from nextbest.serving.decide.loading.goods import Recent
from nextbest.serving.decide.loading.reading import Files
from nextbest.serving.decide.spec import CUSTOMER_COLUMNS, PROFILE_COLUMNS
from nextbest.serving.policy import CONTACT_CHANNELS

_TEXT: Final = pa.string()
_KINDS: Final[dict[Kind, pa.DataType]] = {
    "string": _TEXT,
    "int64": pa.int64(),
    "float64": pa.float64(),
    "money": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
_PERMITTED: Final = (OFFERED, *PLACES)
"""Stages of ``offer_candidates`` that only the length of lists decided."""
_BARRED: Final = ("just_bought", "rarely_again", "already_has")
_BARRED_IN_LISTS: Final = ("has_alike", "fading")
"""Stages that forbid a product to a customer; what others forbid is asked anew at every decision."""
_PERSONAL_PURPOSES: Final = ("personalisation", "profiling")
_LEAVE_ALONE: Final = ("do_not_disturb", "do_not_contact", "免打扰", "勿扰")
_BOUGHT_DAYS: Final = 14
_LITTLE: Final = 1e-6
_UNKNOWN_DAYS: Final = np.iinfo(np.uint16).max


def ids_of_customers(files: Files, recent: Recent) -> pa.Array:
    """Give the sorted ids of everybody the tables know."""
    one = {"customer_id": _TEXT}
    found = [
        files.read(table, one)["customer_id"]
        for table in ("customers", "offer_candidates", "consents", "holdings", "lifecycle")
    ]
    return reading.sorted_ids(*found, recent.lines["customer_id"])


class Own(NamedTuple):
    """What ``had``, ``barred`` and ``peers`` found for each customer."""

    had: Lists | None
    barred: Barred | None
    peers: NDArray[np.int32]


def customers(
    files: Files, ids: pa.Array, columns: Collection[str], as_of: date | None, own: Own
) -> Customers:
    """Read what decisions need of each customer."""
    kinds = {
        "customer_id": _TEXT,
        "birth_on": pa.date32(),
        "risk_level": pa.int64(),
        "risk_assessed_on": pa.date32(),
        "time_zone": _TEXT,
    }
    table = files.read("customers", kinds)
    row = reading.last_of(table, _numbers(table, ids), len(ids))
    return Customers(
        ids=reading.packed(ids),
        consent=_consents(files, ids) | _left_alone(files, ids, as_of),
        birth_day=_picked(table, "birth_on", row, UNKNOWN_DAY).astype(np.int32),
        risk=_picked(table, "risk_level", row, 0).astype(np.int8),
        assessed_day=_picked(table, "risk_assessed_on", row, UNKNOWN_DAY).astype(np.int32),
        peers=own.peers,
        attributes={
            name: _attribute(files, ids, name) for name in sorted(columns) if name in CUSTOMER_COLUMNS
        },
        had=own.had,
        barred=own.barred,
        zones=_zones(table, row),
    )


def _zones(table: pa.Table, row: Ints) -> Words | None:
    if table["time_zone"].null_count == table.num_rows:
        return None
    return _words(reading.column(table, "time_zone"), row)


def personal(files: Files, ids: pa.Array, products: Products, product_ids: pa.Array, most: int) -> Personal:
    """Read what each customer may be offered, in the order of the nightly run."""
    texts = dict.fromkeys(
        ("customer_id", "product_id", "kind", "reason_code", "rule_id", "because", "segment"), _TEXT
    )
    numbers = ("probability", "expected_profit", "n_orders", "since_days", "gap_days", "strength")
    kinds = {**texts, **dict.fromkeys(numbers, pa.float64()), "rank": pa.int64()}
    table = files.read("offer_candidates", kinds, ds.field("stage").isin(_PERMITTED), needs=("stage",))
    customer, product = (
        _numbers(table, ids),
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
        _numbers(table, ids),
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
        _numbers(pairs, ids), product, np.ones(len(product)), product, n=len(ids), most=1000
    )
    return Lists(found.start, found.product, np.empty(0, np.float32))


def peers(
    files: Files, recent: Recent, ids: pa.Array, product_ids: pa.Array, segment: str
) -> tuple[NDArray[np.int32], list[str], dict[int, Places]]:
    """Give everybody's segment, and what most customers of each bought of late."""
    table = files.read("customers", {"customer_id": _TEXT, segment: _TEXT})
    row = reading.last_of(table, _numbers(table, ids), len(ids))
    names = reading.sorted_ids(table[segment])
    code = np.append(reading.numbers_of(reading.column(table, segment), names), -1)[row].astype(np.int32)
    customer = _numbers(recent.pairs, ids)
    product = reading.numbers_of(reading.column(recent.pairs, "product_id"), product_ids)
    its = code[customer] if len(customer) else code[:0]
    keys, counts = np.unique(
        its[its >= 0].astype(np.int64) * len(product_ids) + product[its >= 0], return_counts=True
    )
    order = np.lexsort((keys, -counts, keys // max(len(product_ids), 1)))
    segments, products = keys[order] // max(len(product_ids), 1), keys[order] % max(len(product_ids), 1)
    kept = reading.first_of_each(segments, 20)
    lists = {
        int(number): products[kept & (segments == number)].astype(np.int32)
        for number in np.unique(segments[kept])
    }
    return code, names.to_pylist(), lists


def _numbers(table: pa.Table, ids: pa.Array) -> Ints:
    return reading.numbers_of(reading.column(table, "customer_id"), ids)


def _picked(table: pa.Table, name: str, row: Ints, null: int) -> Ints:
    return reading.taken(reading.whole(table, name, null), row, null)


def _consents(files: Files, ids: pa.Array) -> NDArray[np.uint16]:
    """Turn the last word on each purpose and channel into bits; one refusal outweighs what was granted."""
    texts = dict.fromkeys(("customer_id", "purpose", "channel", "status"), _TEXT)
    table = files.read("consents", {**texts, "changed_at": pa.timestamp("us")}).sort_by("changed_at")
    keys = ["customer_id", "purpose", "channel"]
    last = table.group_by(keys, use_threads=False).aggregate([("status", "last")])
    bits = np.zeros(len(ids), np.uint16)
    said = zip(
        _numbers(last, ids).tolist(),
        *(last[name].to_pylist() for name in ("purpose", "channel", "status_last")),
        strict=True,
    )
    known: dict[tuple[str, str | None, str], int] = {}
    for customer, purpose, channel, status in said:
        key = (purpose, channel, status)
        if key not in known:
            known[key] = consent_bits(purpose, channel, is_granted=status == "granted")
        bits[customer] |= known[key]
    return bits


def consent_bits(purpose: str, channel: str | None, *, is_granted: bool) -> int:
    """Turn one statement into the bits that it sets.

    Examples
    --------
    >>> consent_bits("email", None, is_granted=True), consent_bits("marketing", "e-mail", is_granted=False)
    (1, 2)
    """
    if purpose in _PERSONAL_PURPOSES:
        return 0 if is_granted else NO_PERSONALISATION
    plain = None if channel is None else channel.replace("-", "")
    named = purpose.replace("-", "")
    channels = [
        one for one in CONTACT_CHANNELS if named == one or (named == "marketing" and plain in (None, one))
    ]
    return sum(granted_bit(one) << (not is_granted) for one in channels)


def _left_alone(files: Files, ids: pa.Array, as_of: date | None) -> NDArray[np.uint16]:
    table = files.read("tags", {"customer_id": _TEXT, "tag": _TEXT, "until_on": pa.date32()})
    holds = pc.is_in(table["tag"], value_set=pa.array(_LEAVE_ALONE))
    if as_of is not None:
        holds = pc.and_(holds, pc.fill_null(pc.greater(table["until_on"], pa.scalar(as_of)), True))
    table = table.filter(holds)
    bits = np.zeros(len(ids) + 1, np.uint16)
    bits[_numbers(table, ids)] = DO_NOT_CONTACT
    return bits[: len(ids)]


def _attribute(files: Files, ids: pa.Array, name: str) -> Words | Numbers:
    """Read one column of customers, or of their profiles."""
    tables = ("rfm", "lifecycle") if name in PROFILE_COLUMNS else ("customers",)
    kind = _KINDS[CUSTOMER_COLUMNS[name]]
    for table in tables:
        found = files.read(table, {"customer_id": _TEXT, name: kind})
        if found[name].null_count < found.num_rows:
            break
    row = reading.last_of(found, _numbers(found, ids), len(ids))
    values = reading.column(found, name)
    if kind == _TEXT:
        return _words(values, row)
    is_null = np.asarray(pc.is_null(values).to_numpy(zero_copy_only=False))
    zero = pa.scalar(0, pa.int64()).cast(kind) if not pa.types.is_date(kind) else pa.scalar(date(1970, 1, 1))
    plain = pc.fill_null(values, zero).to_numpy(zero_copy_only=False)
    return Numbers(
        reading.taken(plain, row, plain.dtype.type(0) if plain.dtype.kind != "M" else np.datetime64(0, "D")),
        reading.taken(is_null, row, True),
    )


def _words(values: pa.Array, row: Ints) -> Words:
    encoded = values.dictionary_encode()
    words = np.array([*encoded.dictionary.to_pylist(), None], dtype=object)
    code = np.asarray(pc.fill_null(encoded.indices, len(words) - 1))
    return Words(reading.taken(code, row, len(words) - 1).astype(np.int32), words)


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
