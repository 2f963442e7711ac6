"""What the store holds, read into the arrays that are mined."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from nextbest.models.rules import query
from nextbest.models.rules.core.baskets import Ints
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


def read(store: Store, level: str, settings: RulesSettings, as_of: date | None, *, ordered: bool) -> Reading:
    """Read the baskets of one level: orders, or customers where the settings or the data say so."""
    from_orders = store.has("order_lines", "product_id")
    lines = (
        query.bought(store.table("order_lines"), as_of)
        if from_orders
        else query.held(store.table("holdings"), as_of)
    )
    are_customers = not ordered and (settings.unit == "customer" or not from_orders)
    products = store.table("products") if store.has("products") else None
    items = query.at_level(query.by_customer(lines) if are_customers else lines, products, level)
    codes, baskets = query.items_of(items), query.baskets_of(items)
    names = store.arrow(query.names_of(codes, products, level)).sort_by("code")
    facts = store.arrow(query.basket_facts(baskets)).sort_by("code")
    rows = store.arrow(query.rows_of(items, baskets, codes))
    (n_no_level,) = store.arrow(query.without_level(items))["n_lines"].to_pylist()
    source = Source(
        _ints(rows, "basket"),
        _ints(rows, "product"),
        len(facts),
        None if are_customers else _customers(facts),
        None if are_customers else _days(facts),
        _families(names, level),
        are_customers,
    )
    limit = settings.max_basket if from_orders and not are_customers else None
    source, n_large = without_large(source, limit)
    if are_customers and not from_orders and store.has("customers"):
        (n_more,) = store.arrow(query.without_holdings(store.table("customers"), lines))[
            "n_customers"
        ].to_pylist()
        source = dataclasses.replace(source, n_baskets=source.n_baskets + n_more)
    ids = names["item"].to_pylist()
    return Reading(source, ids, _distinct(ids, names["name"].to_pylist()), n_no_level, n_large)


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


def _ints(table: pa.Table, name: str) -> Ints:
    return np.ascontiguousarray(table[name].to_numpy(), dtype=np.int32)


def _customers(facts: pa.Table) -> Ints | None:
    customers = _ints(facts, "customer_code")
    return customers if (customers >= 0).any() else None


def _days(facts: pa.Table) -> Ints | None:
    days = facts["day"].cast(pa.int32())
    if days.null_count == len(days):
        return None
    return np.ascontiguousarray(days.fill_null(NO_DAY).to_numpy(), dtype=np.int32)


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
