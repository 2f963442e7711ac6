"""What the store holds, read into the arrays that are mined."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.models.rules import query
from nextbest.models.rules.core.baskets import Ints
from nextbest.models.rules.core.levels import Bought, at_level, by_customer, make_bought, only_found
from nextbest.models.rules.core.source import NO_DAY, Source, Written
from nextbest.models.rules.spec import Level, RulesSettings
from nextbest.tables.store import Store


@dataclass(frozen=True, slots=True)
class Reading:
    """One level's baskets, and what their codes stand for."""

    source: Source
    ids: list[str]
    names: list[str]
    n_no_level: int
    """Lines whose product has no id at the level."""
    n_large: int
    """Baskets left out because they hold too many products."""


class Readings:
    """Baskets at every level, read from the store once.

    Parameters
    ----------
    store, settings
        Where ``order_lines`` or ``holdings`` are, and what a basket is.
    as_of
        Nothing on or after this day is read.
    """

    def __init__(self, store: Store, settings: RulesSettings, as_of: date | None) -> None:
        self._store, self._settings = store, settings
        self._from_orders = store.has("order_lines", "product_id")
        self._lines = (
            query.bought(store.table("order_lines"), as_of)
            if self._from_orders
            else query.held(store.table("holdings"), as_of)
        )
        self._products = store.table("products") if store.has("products") else None
        self._ids = store.arrow(query.items_of(self._lines)).sort_by("item")["item"].combine_chunks()
        self._codes = store.memtable(coded_ids(self._ids))
        self._bought = self._read()
        self._made: dict[tuple[str, bool], Reading] = {}

    def at(self, level: str, *, ordered: bool) -> Reading:
        """Put the baskets together at a level: orders, or customers where the settings or the data say so."""
        per_customer = not ordered and (self._settings.unit == "customer" or not self._from_orders)
        if (level, per_customer) not in self._made:
            self._made[level, per_customer] = self._make(level, per_customer=per_customer)
        return self._made[level, per_customer]

    def _read(self) -> Bought:
        store = self._store
        baskets = store.arrow(query.baskets_of(self._lines)).sort_by("code")
        keys = store.arrow(query.keys_of(self._lines, store.memtable(baskets), self._codes))
        return make_bought(
            np.array(keys["key"].to_numpy(), dtype=np.int64),
            _ints(baskets["customer_code"]),
            _ints(baskets["day"].cast(pa.int32()).fill_null(NO_DAY)),
            n_products=len(self._ids),
        )

    def _make(self, level: str, *, per_customer: bool) -> Reading:
        group, ids = (None, self._ids) if level == "product" else self._groups(level)
        bought = by_customer(self._bought) if per_customer else self._bought
        n_no_level = 0 if group is None else int(bought.n_lines[group < 0].sum())
        source, found = only_found(at_level(bought, group), len(ids))
        ids = ids.take(pa.array(found))
        names = self._names(level, ids)
        limit = self._settings.max_basket if self._from_orders and not per_customer else None
        source, n_large = without_large(dataclasses.replace(source, families=_families(names, level)), limit)
        known = self._as_customers(source) if per_customer else _as_known(source)
        texts = ids.to_pylist()
        return Reading(known, texts, _distinct(texts, names["name"].to_pylist()), n_no_level, n_large)

    def _groups(self, level: str) -> tuple[Ints, pa.Array]:
        """Say in which group each product is, -1 for none, and name the groups in their own order."""
        group = np.full(len(self._ids), -1, dtype=np.int32)
        if self._products is None:
            return group, pa.array([], pa.string())
        rows = self._store.arrow(query.groups_of(self._codes, self._products, level))
        coded: Any = rows["item"].combine_chunks().dictionary_encode()
        order = pc.sort_indices(coded.dictionary).to_numpy()
        rank = np.empty(len(order), dtype=np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        group[rows["code"].to_numpy()] = rank[coded.indices.to_numpy()]
        return group, coded.dictionary.take(pa.array(order))

    def _names(self, level: str, ids: pa.Array) -> pa.Table:
        codes = self._store.memtable(coded_ids(ids))
        return self._store.arrow(query.names_of(codes, self._products, level)).sort_by("code")

    def _as_customers(self, source: Source) -> Source:
        n_more = 0
        if not self._from_orders and self._store.has("customers"):
            nothing = query.without_holdings(self._store.table("customers"), self._lines)
            (n_more,) = self._store.arrow(nothing)["n_customers"].to_pylist()
        return dataclasses.replace(
            source, n_baskets=source.n_baskets + n_more, customers=None, days=None, are_customers=True
        )


def coded_ids(ids: pa.Array) -> pa.Table:
    """Give codes to ids as they stand: item, code."""
    return pa.table({"item": ids, "code": np.arange(len(ids), dtype=np.int32)})


def without_large(source: Source, max_basket: int | None) -> tuple[Source, int]:
    """Leave out baskets of more than ``max_basket`` products; also say how many there were."""
    if max_basket is None or not len(source.basket):
        return source, 0
    sizes = np.bincount(source.basket, minlength=source.n_baskets)
    small = sizes <= max_basket
    if small.all():
        return source, 0
    number = (np.cumsum(small) - 1).astype(np.int32)
    rows = small[source.basket]
    kept = dataclasses.replace(
        source,
        basket=number[source.basket[rows]],
        product=source.product[rows],
        n_baskets=int(small.sum()),
        customers=None if source.customers is None else source.customers[small],
        days=None if source.days is None else source.days[small],
    )
    return kept, int((~small).sum())


def written_levels(store: Store) -> set[tuple[Level, bool]]:
    """Say at which levels people wrote rules, together (False) or in order (True)."""
    if not store.has("written_rules"):
        return set()
    rows = store.arrow(store.table("written_rules").select("level", "is_ordered").distinct()).to_pylist()
    return {(row["level"], row["is_ordered"]) for row in rows}


def written_rules(store: Store, level: str, ids: list[str], *, ordered: bool) -> tuple[list[Written], int]:
    """Read the rules people wrote at a level; also how many cannot be measured.

    These name a product that was never sold, or want an order of three.
    """
    if not store.has("written_rules"):
        return [], 0
    rules = store.table("written_rules")
    rules = rules.filter(rules.level == level, rules.is_ordered == ordered)
    codes = {item: code for code, item in enumerate(ids)}
    found, n_unknown = [], 0
    for row in store.arrow(rules).sort_by("rule_id").to_pylist():
        body = json.loads(row["body_ids"])
        if not {*body, row["head_id"]} <= set(codes) or (ordered and len(body) > 1):
            n_unknown += 1
            continue
        members = tuple(sorted(codes[item] for item in body))
        found.append(Written(members, codes[row["head_id"]], row["sign"], row["is_ordered"]))
    return found, n_unknown


def reviews(store: Store) -> dict[str, tuple[str, str | None]]:
    """Read what people said about rules: state and note by ``rule_id``."""
    if not store.has("reviews"):
        return {}
    rows = store.arrow(store.table("reviews").select("rule_id", "state", "note")).to_pylist()
    return {row["rule_id"]: (row["state"], row["note"]) for row in rows}


def margins(store: Store, level: str) -> dict[str, tuple[float, str]]:
    """Read what an order with each id earns, and where that figure comes from."""
    if not store.has("product_profiles", "margin_per_order"):
        return {}
    profiles: ir.Table = store.table("product_profiles")
    rows = store.arrow(query.margins_of(profiles, level)).to_pylist()
    return {row["item"]: (row["margin"], row["margin_source"]) for row in rows if row["margin"] is not None}


def never(store: Store, level: str, words: Sequence[str]) -> frozenset[str]:
    """Read the ids of what no shop proposes."""
    if not store.has("products"):
        return frozenset()
    rows = store.arrow(query.never_at(store.table("products"), level, words))
    return frozenset(rows["item"].to_pylist())


def _ints(column: pa.ChunkedArray) -> Ints:
    return np.ascontiguousarray(column.to_numpy(), dtype=np.int32)


def _as_known(source: Source) -> Source:
    """Say ``None`` where no customer, or no day, is known."""
    customers, days = source.customers, source.days
    return dataclasses.replace(
        source,
        customers=customers if customers is not None and (customers >= 0).any() else None,
        days=days if days is not None and (days != NO_DAY).any() else None,
    )


def _families(names: pa.Table, level: str) -> Ints | None:
    """Say which ids may serve one need; a category without a department, or a department, is like no other."""
    if level == "product" and names["family"].null_count == len(names):
        return None
    coded: Any = names["family"].combine_chunks().dictionary_encode()
    families: Ints = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    if level != "product":
        unknown = np.flatnonzero(families < 0)
        families[unknown] = len(families) + unknown
    return families


def _distinct(ids: list[str], names: list[str]) -> list[str]:
    """Put the id behind names that several products share."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
    return [name if seen[name] == 1 else f"{name} ({item})" for item, name in zip(ids, names, strict=True)]
