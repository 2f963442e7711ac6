"""Which rules are worth a sentence: sure, stable, not redundant, one direction of each pair, most money first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

Rule = Mapping[str, Any]

_SURE = 0.05
_STABLE = 0.75
_CLEAR_ORDER = 1.5
_CLEAR_LIFT = 1.1
_MOST_OF_ONE = 2
_ROOM = {"complements": 12, "follows": 5, "substitutes": 3}


def headlines(rules: Iterable[Rule]) -> list[Rule]:
    """Choose at most twenty rules, and at most two that name the same product.

    Rules that a person rejected, or towards what no shop proposes, are left out; so are orders less than half above chance, which a season and a frequent body
    can make between them. Where basket size leaves nothing to chance (few products), ``q_value`` and
    ``rule_lift`` decide instead of ``size_q_value`` and ``size_lift``. Ties go to the smaller ``rule_id``.
    """
    ranked = sorted((rule for rule in rules if is_sure(rule)), key=_rank)
    seen: set[tuple[Any, ...]] = set()
    said: Counter[tuple[str, str]] = Counter()
    room = dict(_ROOM)
    chosen = []
    for rule in ranked:
        members = {(rule["level"], name) for name in (*rule["body_ids"].split(" + "), rule["head_id"])}
        pair = (rule["is_ordered"], frozenset(members))
        if pair in seen or not room[rule["relation"]] or any(said[one] == _MOST_OF_ONE for one in members):
            continue
        seen.add(pair)
        said.update(members)
        room[rule["relation"]] -= 1
        chosen.append(rule)
    return chosen


def is_sure(rule: Rule) -> bool:
    """Tell whether a rule holds with basket size held fixed, in most quarters, and says more than a shorter one.

    Examples
    --------
    >>> rule = dict(relation="complements", sign="+", review=None, is_redundant=False, is_ordered=False, q_value=0.001,
    ...             rule_lift=2.0, size_q_value=0.01, size_lift=1.5, n_periods=4, n_periods_held=4)
    >>> is_sure(rule), is_sure(rule | {"size_q_value": 0.2}), is_sure(rule | {"n_periods_held": 2})
    (True, False, False)
    """
    q, lift = rule["size_q_value"], rule["size_lift"]
    if lift is None and rule["sign"] == "+":
        q, lift = rule["q_value"], rule["rule_lift"]
    if rule["relation"] not in _ROOM or rule["review"] == "rejected" or rule.get("is_never"):
        return False
    if q is None or lift is None or q >= _SURE:
        return False
    if rule["n_periods"] and rule["n_periods_held"] < _STABLE * rule["n_periods"]:
        return False
    if rule["sign"] == "-":
        return bool(lift < 1)
    if rule["is_ordered"]:
        return bool(lift >= _CLEAR_ORDER)
    return bool(lift > 1 and rule["rule_lift"] > _CLEAR_LIFT and not rule["is_redundant"])


def _rank(rule: Rule) -> tuple[Any, ...]:
    lift = rule["size_lift"] or rule["rule_lift"]
    beyond_chance = abs(1 - 1 / lift) * rule["n_both"] if lift else rule["n_body"]
    money = rule["margin_at_stake"]
    return (money is None, -(money or 0.0), -beyond_chance, -rule["confidence"], rule["rule_id"])
