"""Customers: consents in bits, facts for suitability, peers, what conditions ask."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nextbest.base.contract import Kind
from nextbest.serving.decide.core.shop import (
    DO_NOT_CONTACT,
    NO_PERSONALISATION,
    UNKNOWN_DAY,
    Barred,
    Customers,
    Ints,
    Lists,
    Numbers,
    Places,
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
_PERSONAL_PURPOSES: Final = ("personalisation", "profiling")
_LEAVE_ALONE: Final = ("do_not_disturb", "do_not_contact", "免打扰", "勿扰")


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
    row = reading.last_of(table, reading.customers_of(table, ids), len(ids))
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


def peers(
    files: Files, recent: Recent, ids: pa.Array, product_ids: pa.Array, segment: str
) -> tuple[NDArray[np.int32], list[str], dict[int, Places]]:
    """Give everybody's segment, and what most customers of each bought of late."""
    table = files.read("customers", {"customer_id": _TEXT, segment: _TEXT})
    row = reading.last_of(table, reading.customers_of(table, ids), len(ids))
    names = reading.sorted_ids(table[segment])
    code = np.append(reading.numbers_of(reading.column(table, segment), names), -1)[row].astype(np.int32)
    customer = reading.customers_of(recent.pairs, ids)
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
        reading.customers_of(last, ids).tolist(),
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
    bits[reading.customers_of(table, ids)] = DO_NOT_CONTACT
    return bits[: len(ids)]


def _attribute(files: Files, ids: pa.Array, name: str) -> Words | Numbers:
    """Read one column of customers, or of their profiles."""
    tables = ("rfm", "lifecycle") if name in PROFILE_COLUMNS else ("customers",)
    kind = _KINDS[CUSTOMER_COLUMNS[name]]
    for table in tables:
        found = files.read(table, {"customer_id": _TEXT, name: kind})
        if found[name].null_count < found.num_rows:
            break
    row = reading.last_of(found, reading.customers_of(found, ids), len(ids))
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
