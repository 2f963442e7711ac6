"""Products and what leads from one to another: related products, better versions, rules, lists of the whole shop."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from numpy.typing import NDArray

from nextbest.serving.decide.core.shop import MONEY, Ints, Lists, Places, Products, Rules
from nextbest.serving.decide.loading import reading
from nextbest.serving.decide.loading.reading import Files

_TEXT: Final = pa.string()
_NUMBER: Final = pa.float64()
_PRODUCT: Final = {
    **dict.fromkeys(("product_id", "name", "category", "department", "brand"), _TEXT),
    **dict.fromkeys(("list_price", "risk_level"), _NUMBER),
    **dict.fromkeys(("is_active", "is_replenishable"), pa.bool_()),
}
_PROFILE: Final = {
    **dict.fromkeys(("product_id", "name", "category", "department", "margin_source"), _TEXT),
    **dict.fromkeys(("mean_price", "margin_per_order", "repeat_rate", "n_customers"), _NUMBER),
    "as_of": pa.date32(),
}
_OFTEN_AGAIN: Final = 0.5
_MOSTLY: Final = 0.5
RECENT_DAYS: Final = 28
_MOST: Final = 20
_MAX_Q: Final = 0.05


def products(files: Files, never: Collection[str], recent: Recent) -> tuple[Products, pa.Array]:
    """Read all products, and give their sorted ids."""
    given, profiles = files.read("products", _PRODUCT), files.read("product_profiles", _PROFILE)
    candidates = files.read("offer_candidates", {"product_id": _TEXT})
    ids = reading.sorted_ids(given["product_id"], profiles["product_id"], candidates["product_id"])
    n = len(ids)
    row = _rows(given, ids)
    profile = _rows(profiles, ids)
    texts = {
        name: _first_known(
            reading.taken(reading.objects(given, name), row, None),
            reading.taken(reading.objects(profiles, name), profile, None) if name != "brand" else None,
        )
        for name in ("name", "category", "department", "brand")
    }
    price = reading.taken(reading.floats(given, "list_price"), row, np.nan)
    mean_price = reading.taken(reading.floats(profiles, "mean_price"), profile, np.nan)
    active = np.asarray(pc.fill_null(reading.column(given, "is_active"), True).to_numpy(zero_copy_only=False))
    again = reading.taken(reading.floats(profiles, "repeat_rate"), profile, np.nan) >= _OFTEN_AGAIN
    replenishable = np.asarray(
        pc.fill_null(reading.column(given, "is_replenishable"), False).to_numpy(zero_copy_only=False)
    )
    words = ids.to_pylist()
    return Products(
        ids=words,
        index={one: number for number, one in enumerate(words)},
        **texts,
        category_code=_codes(texts["category"]),
        name_code=_codes(texts["name"]),
        price=reading.grown(
            np.where(np.isnan(price), -1, np.rint(np.nan_to_num(price) * MONEY)).astype(np.int64), -1
        ),
        usual_price=reading.grown(np.where(np.isnan(price), mean_price, price), np.nan),
        margin=reading.grown(
            reading.taken(reading.floats(profiles, "margin_per_order"), profile, np.nan), np.nan
        ),
        margin_source=reading.grown(
            reading.taken(reading.objects(profiles, "margin_source"), profile, None), None
        ),
        is_sold=reading.grown(_taken_bool(active, row, null=True) & ~_is_never(texts, never)[:n], True),
        stock=_stock(files, ids),
        risk=reading.grown(reading.taken(reading.floats(given, "risk_level"), row, np.nan), np.nan),
        is_replenishable=reading.grown(_taken_bool(replenishable, row, null=False) | again, False),
        base_rate=recent.rates(ids),
    ), ids


class Recent:
    """Who bought what within the last days: the shop's own base rates."""

    def __init__(self, files: Files, as_of: date | None) -> None:
        kinds = {"customer_id": _TEXT, "product_id": _TEXT, "ordered_on": pa.date32(), "quantity": _NUMBER}
        where = None
        if as_of is not None:
            on = ds.field("ordered_on")
            where = (on >= as_of - timedelta(RECENT_DAYS)) & (on < as_of)
        lines = (
            files.read("order_lines", kinds, where, needs=("ordered_on",))
            if as_of is not None
            else files.read("", kinds)
        )
        lines = lines.filter(pc.greater(pc.fill_null(lines["quantity"], 1.0), 0.0))
        self.lines = lines.filter(
            pc.and_(pc.is_valid(lines["customer_id"]), pc.is_valid(lines["product_id"]))
        )
        self.pairs = self.lines.group_by(["customer_id", "product_id"]).aggregate([("ordered_on", "max")])
        self.n_customers = 0

    def rates(self, ids: pa.Array) -> NDArray[np.float32]:
        """Give the share of all customers who bought each product; NaN where nobody's orders are known."""
        if not self.pairs.num_rows:
            return np.full(len(ids) + 1, np.nan, np.float32)
        number = reading.numbers_of(reading.column(self.pairs, "product_id"), ids)
        counts = np.bincount(number[number >= 0], minlength=len(ids) + 1)
        rates = counts / max(self.n_customers, 1)
        rates[-1] = np.nan
        return rates.astype(np.float32)


def bestsellers(all_products: Products, popularity: NDArray[np.floating]) -> Places:
    """Give the products that most customers bought, ties by id."""
    score = np.nan_to_num(popularity[:-1].astype(np.float64))
    order = np.lexsort((np.arange(len(score)), -score))[:200]
    kept = order[(score[order] > 0) & all_products.is_sold[order]]
    return kept.astype(np.int32)


def related(files: Files, ids: pa.Array, kind: str) -> Lists:
    """Read one of the lists of related products."""
    kinds = {"product_id": _TEXT, "list": _TEXT, "rank": pa.int64(), "related_id": _TEXT, "strength": _NUMBER}
    table = files.read("related_products", kinds)
    table = table.filter(pc.equal(table["list"], kind))
    return _linked(table, ("product_id", "related_id", "strength"), reading.whole(table, "rank", 0), ids)


def better_versions(files: Files, ids: pa.Array) -> Lists:
    """Read the supported ladders, those that most customers stepped up first."""
    kinds = {"product_id": _TEXT, "upgrade_id": _TEXT, "share_stepped": _NUMBER, "is_supported": pa.bool_()}
    table = files.read("ladders", kinds)
    table = table.filter(pc.fill_null(table["is_supported"], False))
    share = np.nan_to_num(reading.floats(table, "share_stepped"))
    place = np.rint(-share * 1e9).astype(np.int64)
    return _linked(table, ("product_id", "upgrade_id", "share_stepped"), place, ids)


def rules(files: Files, all_products: Products, ids: pa.Array) -> Rules:
    """Read the rules that hold (approved, written, or sure with basket size held fixed), by what must be in the cart."""
    table = _rules_that_hold(files)
    categories = pa.array(_category_names(all_products), _TEXT)
    best = _best_of_categories(all_products, len(categories))
    body = [one.split(" + ") for one in table["body_ids"].to_pylist()]
    is_product = np.asarray(pc.equal(reading.column(table, "level"), "product"))
    first = _keys(pa.array([one[0] for one in body], _TEXT), is_product, ids, categories)
    second = _keys(
        pa.array([one[1] if len(one) > 1 else None for one in body], _TEXT), is_product, ids, categories
    )
    head_key = _keys(reading.column(table, "head_id"), is_product, ids, categories)
    head = np.where(
        head_key < len(ids), head_key, best[np.maximum(head_key - len(ids), 0)] if len(best) else -1
    )
    is_short = np.array([len(one) <= 2 for one in body], dtype=bool)  # noqa: PLR2004
    is_whole = np.array([len(one) == 1 for one in body], dtype=bool)
    fits = is_short & (first >= 0) & (head >= 0) & (is_whole | (second >= 0))
    strength = np.nan_to_num(reading.floats(table, "size_lift"), nan=1.0)
    names = reading.objects(table, "rule_id")
    order = np.lexsort((names[fits].astype(str), -strength[fits], first[fits]))
    order = np.flatnonzero(fits)[order]
    order = order[reading.first_of_each(first[order], _MOST)]
    return Rules(
        start=reading.starts(first[order], len(ids) + len(categories)),
        head=head[order].astype(np.int32),
        other=second[order].astype(np.int32),
        strength=strength[order].astype(np.float32),
        ids=names[order].tolist(),
    )


def _rules_that_hold(files: Files) -> pa.Table:
    texts = ("rule_id", "body_ids", "head_id", "level", "sign", "review", "origin")
    kinds = {
        **dict.fromkeys(texts, _TEXT),
        **dict.fromkeys(("size_lift", "size_q_value"), _NUMBER),
        **dict.fromkeys(("is_ordered", "is_redundant"), pa.bool_()),
    }
    review, field = ds.field("review"), ds.field
    is_vouched = (review == "approved") | (field("origin") == "written")
    is_sure = (field("size_q_value") < _MAX_Q) & (field("size_lift") > 1) & ~field("is_redundant")
    is_open = review.is_null() | (review != "rejected")
    is_ours = (field("sign") == "+") & ~field("is_ordered") & field("level").isin(["product", "category"])
    return files.read("rules", kinds, is_ours & is_open & (is_vouched | is_sure), needs=tuple(kinds))


def _rows(table: pa.Table, ids: pa.Array) -> Ints:
    return reading.last_of(table, reading.numbers_of(reading.column(table, "product_id"), ids), len(ids))


def _first_known(texts: NDArray[np.object_], others: NDArray[np.object_] | None) -> NDArray[np.object_]:
    known = texts.copy()
    if others is not None:
        is_open = np.array([one is None for one in texts], dtype=bool)
        known[is_open] = others[is_open]
    return reading.grown(known, None)


def _taken_bool(values: NDArray[np.bool_], rows: Ints, *, null: bool) -> NDArray[np.bool_]:
    return reading.taken(values.astype(bool), rows, null)


def _codes(texts: NDArray[np.object_]) -> Ints:
    encoded = pa.array(texts, _TEXT).dictionary_encode()
    return np.asarray(pc.fill_null(encoded.indices, -1).cast(pa.int64()))


def _category_names(all_products: Products) -> list[str]:
    code = all_products.category_code
    names = [""] * (int(code.max(initial=-1)) + 1)
    for number, row in zip(*np.unique(code, return_index=True), strict=True):
        if number >= 0:
            names[number] = all_products.category[row]
    return names


def _best_of_categories(all_products: Products, n: int) -> Ints:
    """Give each category's most bought product that is sold; -1: none."""
    rate = np.where(all_products.is_sold, np.nan_to_num(all_products.base_rate, nan=0.0), -1.0)
    order = np.lexsort((-np.arange(len(rate)), rate))
    order = order[(rate[order] > 0) & (all_products.category_code[order] >= 0)]
    best = np.full(n, -1, np.int64)
    best[all_products.category_code[order]] = order
    return best


def _keys(texts: pa.Array, is_product: NDArray[np.bool_], ids: pa.Array, categories: pa.Array) -> Ints:
    of_product, of_category = reading.numbers_of(texts, ids), reading.numbers_of(texts, categories)
    return np.where(is_product, of_product, np.where(of_category < 0, -1, len(ids) + of_category))


def _is_never(texts: dict[str, NDArray[np.object_]], never: Collection[str]) -> NDArray[np.bool_]:
    """Tell products of which name, category or department holds a word of the list, and nameless ones among named ones.

    As *offers* does: a word begins where a word of the text begins, so that "fuel" finds no refuelling.
    """
    is_named = np.array([one is not None for one in texts["name"]], dtype=bool)
    barred = ~is_named & (is_named[:-1].mean() >= _MOSTLY if len(is_named) > 1 else False)
    either = "|".join(re.escape(f" {word.lower()}" if word.isascii() else word.lower()) for word in never)
    for name in ("name", "category", "department") if either else ():
        encoded = pa.array(texts[name], _TEXT).fill_null("").dictionary_encode()
        plain = pc.replace_substring_regex(pc.utf8_lower(encoded.dictionary), r"[\s\p{P}]+", " ")
        has = pc.match_substring_regex(pc.binary_join_element_wise("", plain, " "), either)
        barred |= np.asarray(has)[np.asarray(encoded.indices)]
    return barred


def _stock(files: Files, ids: pa.Array) -> NDArray[np.float64]:
    """Add up the last count of each store; NaN: not counted."""
    kinds = {"product_id": _TEXT, "store_id": _TEXT, "counted_on": pa.date32(), "on_hand": _NUMBER}
    table = files.read("stock", kinds).sort_by("counted_on")
    last = table.group_by(["product_id", "store_id"], use_threads=False).aggregate([("on_hand", "last")])
    number = reading.numbers_of(reading.column(last, "product_id"), ids)
    units = np.nan_to_num(reading.floats(last, "on_hand_last"))
    total = np.bincount(number[number >= 0], units[number >= 0], len(ids) + 1)
    counted = np.bincount(number[number >= 0], minlength=len(ids) + 1) > 0
    return np.where(counted, total, np.nan)


def _linked(table: pa.Table, names: tuple[str, str, str], place: Ints, ids: pa.Array) -> Lists:
    source, target, strength = names
    return reading.lists(
        reading.numbers_of(reading.column(table, source), ids),
        reading.numbers_of(reading.column(table, target), ids),
        np.nan_to_num(reading.floats(table, strength)),
        place,
        n=len(ids),
        most=_MOST,
    )
