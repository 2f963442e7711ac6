"""What rules say, as findings: code and numbers; the sentences live in the catalogues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nextbest.base.findings import Finding
from nextbest.base.messages import Value

_CODES = {"complements": "rules.goes_with", "follows": "rules.follows", "substitutes": "rules.substitutes"}
_KNOWN = {(True, True): "", (True, False): "_undated", (False, True): "_of_guests", (False, False): "_bare"}
_VALUES = (
    "body",
    "head",
    "n_orders",
    "n_body",
    "n_both",
    "n_customers_both",
    "n_audience",
    "confidence",
    "rule_lift",
    "customer_lift",
    "size_lift",
    "size_q_value",
    "n_periods",
    "n_periods_held",
    "days_between",
    "days_between_low",
    "days_between_high",
)


def rule_found(rule: Mapping[str, Any]) -> Finding:
    """Say what one rule says, as far as the data tell."""
    code = _CODES[rule["relation"]]
    if rule["relation"] == "complements":
        code += _known(rule)
    if rule["margin_at_stake"] is None and rule["sign"] == "+":
        code += "_unpriced"
    return Finding(
        code,
        {name: rule[name] for name in _VALUES} | {"margin": rule["margin_at_stake"]},
        money=rule["margin_at_stake"],
        margin_source=rule["margin_source"],
        ref=rule["rule_id"],
    )


def _known(rule: Mapping[str, Any]) -> str:
    """Name the text for what is known of a complement's customers, days and basket sizes."""
    has_customers, has_days = rule["n_customers_both"] is not None, rule["n_periods"] is not None
    if rule["size_lift"] is None:
        return "_of_few" if has_customers else "_of_few_bare"
    if has_customers and not has_days and rule["customer_lift"] == rule["rule_lift"]:
        return "_per_customer"
    return _KNOWN[has_customers, has_days]


def too_few_products(level: str, n_products: int) -> Finding:
    """Say that there is nothing to combine."""
    return Finding("rules.too_few_products", {"level": f"rules.level_{level}", "n_products": n_products})


def nothing_at_level(level: str) -> Finding:
    """Say that no product has an id at this level."""
    return Finding("rules.nothing_at_level", {"level": f"rules.level_{level}", "column": f"products.{level}"})


def no_pairs(level: str, *, floor: int, n_baskets: int, is_ordered: bool) -> Finding:
    """Say that no pair reaches the floor."""
    code = "rules.no_sequences" if is_ordered else "rules.no_pairs"
    return Finding(code, {"level": f"rules.level_{level}", "floor": floor, "n_baskets": n_baskets})


def too_few_customers(level: str, *, n_pairs: int, floor: int, min_customers: int, n_baskets: int) -> Finding:
    """Say that pairs reach the floor, but by too few customers."""
    values: dict[str, Value] = {
        "level": f"rules.level_{level}",
        "n_pairs": n_pairs,
        "floor": floor,
        "min_customers": min_customers,
        "n_baskets": n_baskets,
    }
    return Finding("rules.too_few_customers", values)


def order_unknown(level: str) -> Finding:
    """Say that what comes later cannot be seen."""
    return Finding("rules.order_unknown", {"level": f"rules.level_{level}"})


def large_baskets_left_out(level: str, *, max_basket: int, n_left_out: int, n_baskets: int) -> Finding:
    """Say that baskets too large to tell anything were left out."""
    values: dict[str, Value] = {
        "level": f"rules.level_{level}",
        "max_basket": max_basket,
        "n_left_out": n_left_out,
        "n_baskets": n_baskets,
    }
    return Finding("rules.large_baskets_left_out", values)


def floor_raised(level: str, *, floor: int, chosen: int, max_rules: int) -> Finding:
    """Say that the floor was raised, since too many rules reached the one chosen from the data."""
    values: dict[str, Value] = {
        "level": f"rules.level_{level}",
        "floor": floor,
        "chosen": chosen,
        "max_rules": max_rules,
    }
    return Finding("rules.floor_raised", values)
