"""People's judgement on rules: reviews of what was mined, and rules that people write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from nextbest.base.errors import DataError
from nextbest.engines.duckdb_store import DuckDBStore
from nextbest.engines.operations import State, WrittenRule
from nextbest.models.rules import rule_id

STATES: Final[Mapping[str, State]] = {"approve": "approved", "reject": "rejected", "note": "noted"}
"""What a person does to a rule, and the state that follows."""


def whole_id(store: DuckDBStore, text: str) -> str:
    """Find the rule whose id begins with what was typed.

    Raises
    ------
    DataError
        No rule, or more than one, begins like that.
    """
    if not store.has("rules"):
        raise DataError("app.nothing_run")
    rules = store.table("rules")
    found = store.arrow(
        rules.filter(rules.rule_id.startswith(text)).select("rule_id").order_by("rule_id").limit(6)
    )
    matches: list[str] = found["rule_id"].to_pylist()
    if len(matches) != 1:
        code = "app.rule_ambiguous" if matches else "app.rule_unknown"
        raise DataError(code, rule=text, matches=matches)
    return matches[0]


def item_id(store: DuckDBStore, level: str, text: str) -> str:
    """Find a product by id or by its one name, a category or department by name.

    Raises
    ------
    DataError
        Nothing, or more than one product, has that name.
    """
    lines = store.table("order_lines") if store.has("order_lines") else store.table("holdings")
    if level == "product":
        known = lines.filter(lines.product_id == text).select("product_id").limit(1)
        if store.arrow(known).num_rows:
            return text
    products = store.table("products")
    column, name = ("product_id", "name") if level == "product" else (level, level)
    found = store.arrow(
        products.filter(products[name] == text).select(id=products[column]).distinct().order_by("id").limit(6)
    )
    matches: list[str] = found["id"].to_pylist()
    if len(matches) != 1:
        code = "app.item_ambiguous" if matches else "app.item_unknown"
        raise DataError(code, item=text, level=level, matches=matches)
    return matches[0]


def written_rule(
    store: DuckDBStore,
    level: str,
    body: Sequence[str],
    head: str,
    *,
    sign: str = "+",
    is_ordered: bool = False,
) -> WrittenRule:
    """Turn what a person typed into a rule with its id."""
    bodies = tuple(sorted(item_id(store, level, text) for text in body))
    target = item_id(store, level, head)
    return WrittenRule(
        rule_id(level, bodies, target, sign, is_ordered),
        level,
        bodies,
        target,
        sign=sign,
        is_ordered=is_ordered,
    )
