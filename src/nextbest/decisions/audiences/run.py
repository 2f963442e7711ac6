"""The recipe of audiences: choose the rules, take their bodies apart, find who has the one and lacks the other."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from nextbest.base.capability import Moment
from nextbest.base.findings import Finding
from nextbest.decisions.audiences.core import read_body
from nextbest.decisions.audiences.query import (
    audiences,
    bought,
    chosen_rules,
    has_items,
    held,
    standings,
)
from nextbest.decisions.audiences.spec import AudienceSettings
from nextbest.models.rules import rule_id
from nextbest.tables.store import Store

_BODIES = pa.schema(
    [("rule_id", pa.string()), ("level", pa.string()), ("item_id", pa.string()), ("n_items", pa.int64())]
)
_HEADS = pa.schema(
    [
        ("rule_id", pa.string()),
        ("level", pa.string()),
        ("item_id", pa.string()),
        ("margin_at_stake", pa.float64()),
    ]
)
_NO_PRODUCTS = pa.schema(
    [(name, pa.string()) for name in ("product_id", "category", "department")]
).empty_table()


def run(store: Store, settings: AudienceSettings, moment: Moment) -> list[Finding]:
    """Find the audience of every rule worth acting on; what they are worth, the rules' own findings say."""
    store.write("audiences", lacking(store, settings, moment))
    return []


def lacking(store: Store, settings: AudienceSettings, moment: Moment) -> ir.Table:
    """List who has the body and lacks the head of each rule worth acting on, as of any day."""
    return audiences(*_sides(store, settings, _haves(store, moment)))


def standing(store: Store, customer_id: str, settings: AudienceSettings, moment: Moment) -> ir.Table:
    """Say of one customer how each rule with an audience stands.

    Returns
    -------
    One row per rule: rule_id, n_items (in the body), n_had (of them), has_head, and from ``rules`` body, head,
    size_lift, confidence, n_both, margin_at_stake (for this one customer), margin_source, is_ordered.
    """
    haves = _haves(store, moment)
    bodies, heads, has = _sides(store, settings, haves.filter(haves.customer_id == customer_id))
    shown = ("rule_id", "body", "head", "size_lift", "confidence", "n_both", "margin_source", "is_ordered")
    known = (
        store.table("rules").select(*shown).inner_join(heads.select("rule_id", "margin_at_stake"), "rule_id")
    )
    return known.inner_join(standings(bodies, heads, has), "rule_id")


def _sides(store: Store, settings: AudienceSettings, haves: ir.Table) -> tuple[ir.Table, ir.Table, ir.Table]:
    """Take the chosen rules apart: items of their bodies, their heads, and who has which of these items."""
    rules = store.arrow(chosen_rules(store.table("rules"), settings)).to_pylist()
    bodies = pa.Table.from_pylist([item for rule in rules for item in _body(rule)], _BODIES)
    heads = pa.Table.from_pylist([rule | {"item_id": rule["head_id"]} for rule in rules], _HEADS)
    items = pa.concat_tables([bodies.select(["level", "item_id"]), heads.select(["level", "item_id"])])
    levels = sorted(set(heads["level"].to_pylist())) or ["product"]
    products = store.table("products") if store.has("products") else store.memtable(_NO_PRODUCTS)
    has = has_items(haves, products, store.memtable(items), levels)
    return store.memtable(bodies), store.memtable(heads), has


def _haves(store: Store, moment: Moment) -> ir.Table:
    """Take what customers bought where orders know them, else what they hold."""
    if store.has("order_lines", "customer_id"):
        return bought(store.table("order_lines"), moment.as_of)
    return held(store.table("holdings"), moment.as_of)


def _body(rule: dict[str, Any]) -> list[dict[str, Any]]:
    """List the items of a rule's body."""

    def is_body(ids: tuple[str, ...]) -> bool:
        key: str = rule["rule_id"]
        return key == rule_id(rule["level"], ids, rule["head_id"], rule["sign"], rule["is_ordered"])

    ids = read_body(rule["body_ids"], is_body)
    return [
        {"rule_id": rule["rule_id"], "level": rule["level"], "item_id": item, "n_items": len(ids)}
        for item in ids
    ]
