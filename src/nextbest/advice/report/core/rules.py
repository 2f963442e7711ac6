"""Which rules are shown: the sure ones, most margin at stake first, one direction of each pair."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import chi2

from nextbest.advice.report.core.reading import column, rows
from nextbest.advice.report.spec import Dot, Row, RuleLine, RuleList
from nextbest.models.rules import RULES

_TOP: Final = 4.0
"""The stability strip reaches from 1/4 of chance to 4 times chance."""


def _together(rule: Row) -> bool:
    return rule["sign"] == "+" and not rule["is_ordered"]


def _substitutes(rule: Row) -> bool:
    return rule["sign"] == "-" and rule.get("relation") == "substitutes"


def _next(rule: Row) -> bool:
    return rule["sign"] == "+" and bool(rule["is_ordered"])


KINDS: Final[dict[str, Callable[[Row], bool]]] = {
    "together": _together,
    "substitutes": _substitutes,
    "next": _next,
}
LEVELS: Final = ("product", "category", "department")


def rule_lists(
    sure: Sequence[Row], kind: str, *, periods: pa.Table | None, at_most: int
) -> Sequence[RuleList]:
    """List rules of one kind (together, substitutes, next), a list per level, most at stake first."""
    chosen = [rule for rule in sure if KINDS[kind](rule)]
    pairs = {level: one_direction([rule for rule in chosen if rule["level"] == level]) for level in LEVELS}
    shown = {level: found[:at_most] for level, found in pairs.items() if found}
    quarters = _quarters(periods, [rule for found in shown.values() for rule in found])
    lists = [
        RuleList(kind, level, [_line(rule, quarters) for rule in found], len(pairs[level]))
        for level, found in shown.items()
    ]
    return sorted(lists, key=lambda listed: _worth(listed.lines[0].rule))


def rule_rows(rules: pa.Table) -> list[Row]:
    """Read rules with every column of the contract: a snapshot of an older version may lack some.

    Examples
    --------
    >>> rule_rows(pa.table({"rule_id": ["r1"]}))[0]["review_note"] is None
    True
    """
    blank: dict[str, None] = dict.fromkeys(RULES.names)
    return [blank | dict(row) for row in rows(rules)]


def sure_rules(rules: pa.Table, max_q_value: float) -> list[Row]:
    """Keep rules that chance does not explain, or that people wrote or approved; most margin at stake first.

    Rejected and redundant rules are left out. Ties go to the higher lift, then to the smaller ``rule_id``.
    """
    q_value = pc.coalesce(column(rules, "size_q_value", pa.float64()), column(rules, "q_value", pa.float64()))
    review = pc.fill_null(column(rules, "review", pa.string()), "")
    trusted = pc.or_(pc.equal(rules["origin"], "written"), pc.equal(review, "approved"))
    mined = pc.and_(
        pc.fill_null(pc.less_equal(q_value, max_q_value), False), pc.invert(rules["is_redundant"])
    )
    keep = pc.and_(pc.or_(trusted, mined), pc.not_equal(review, "rejected"))
    return sorted(rule_rows(rules.filter(keep)), key=_worth)


def _worth(rule: Row) -> tuple[float, float, str]:
    strength = strength_of(rule)
    distance = abs(math.log(strength)) if strength else 0.0
    return (-(rule.get("margin_at_stake") or 0.0), -distance, rule["rule_id"])


def strength_of(rule: Row) -> float:
    """Give ``size_lift``, or ``rule_lift`` where basket sizes say nothing.

    Examples
    --------
    >>> strength_of({"size_lift": None, "rule_lift": 2.0})
    2.0
    """
    lift = rule.get("size_lift")
    return float(rule["rule_lift"] if lift is None else lift)


def one_direction(rules: Sequence[Row]) -> list[Row]:
    """Keep the first of "A => B" and "B => A"; ordered rules keep both.

    Examples
    --------
    >>> tea = {"rule_id": "r1", "body_ids": "tea", "head_id": "milk", "is_ordered": False}
    >>> milk = {"rule_id": "r2", "body_ids": "milk", "head_id": "tea", "is_ordered": False}
    >>> [rule["rule_id"] for rule in one_direction([tea, milk])]
    ['r1']
    """
    first: dict[object, Row] = {}
    for rule in rules:
        ids = frozenset((*rule["body_ids"].split(" + "), rule["head_id"]))
        first.setdefault(rule["rule_id"] if rule["is_ordered"] else ids, rule)
    return list(first.values())


def lift_interval(n_both: int, size_lift: float | None) -> tuple[float, float] | None:
    """Give the 95 % interval of a ratio observed / expected.

    ``n_both`` is taken for a Poisson count [1]_. Given the basket sizes it varies less than that, so the interval is
    rather too wide than too narrow.

    Examples
    --------
    >>> low, high = lift_interval(100, 2.0)
    >>> round(low, 2), round(high, 2)
    (1.63, 2.43)

    References
    ----------
    .. [1] Garwood (1936), Fiducial limits for the Poisson distribution. Biometrika 28.
    """
    if not size_lift or n_both < 1:
        return None
    expected = n_both / size_lift
    low = chi2.ppf(0.025, 2 * n_both) / 2 / expected
    high = chi2.ppf(0.975, 2 * n_both + 2) / 2 / expected
    return float(low), float(high)


def _line(rule: Row, quarters: dict[str, list[Row]]) -> RuleLine:
    low, high = lift_interval(rule["n_both"], rule.get("size_lift")) or (None, None)
    dots = [
        _dot(row["period_on"], row["rule_lift"], sign=rule["sign"])
        for row in quarters.get(rule["rule_id"], [])
    ]
    return RuleLine(rule, low, high, dots)


def _quarters(periods: pa.Table | None, rules: Sequence[Row]) -> dict[str, list[Row]]:
    if periods is None:
        return {}
    wanted = pa.array([rule["rule_id"] for rule in rules], pa.string())
    found: dict[str, list[Row]] = {}
    for row in rows(periods.filter(pc.is_in(periods["rule_id"], value_set=wanted)).sort_by("period_on")):
        found.setdefault(row["rule_id"], []).append(row)
    return found


def _dot(period_on: date, rule_lift: float | None, *, sign: str) -> Dot:
    """Place a quarter's lift on a scale of doublings, chance in the middle."""
    if rule_lift is None:
        return Dot(period_on, None, 0.5, None)
    held = min(max(rule_lift, 1 / _TOP), _TOP)
    holds = rule_lift < 1 if sign == "-" else rule_lift > 1
    return Dot(period_on, rule_lift, 0.5 + math.log(held, _TOP) / 2, holds)
