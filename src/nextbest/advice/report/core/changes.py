"""What changed since an older run: rules, segments, lifecycle, revenue."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from nextbest.advice.report.core.reading import latest, rows
from nextbest.advice.report.core.rules import one_direction, strength_of, sure_rules
from nextbest.advice.report.core.shop import shop_of
from nextbest.advice.report.spec import Changes, Move, Row, RuleChange, Tables

_Z95 = 1.96


def changes_of(now: Tables, before: Tables, max_q_value: float) -> Changes:
    """Compare two snapshots."""
    return Changes(
        shop_before=shop_of(before),
        shop_after=shop_of(now),
        rules=_rule_changes(_sure(now, max_q_value), _sure(before, max_q_value)),
        segments=_moves(now.get("rfm"), before.get("rfm"), "segment"),
        stages=_moves(now.get("lifecycle"), before.get("lifecycle"), "stage"),
    )


def _sure(tables: Tables, max_q_value: float) -> dict[str, Row]:
    if "rules" not in tables:
        return {}
    return {rule["rule_id"]: rule for rule in sure_rules(tables["rules"], max_q_value)}


def _rule_changes(now: dict[str, Row], before: dict[str, Row]) -> dict[str, list[RuleChange]]:
    """Sort rules into new, gone, strengthened and weakened, most margin at stake first."""
    both = [
        RuleChange(rule, strength_of(before[key]), strength_of(rule))
        for key, rule in now.items()
        if key in before
    ]
    clear = [change for change in both if differs(before[change.rule["rule_id"]], change.rule)]
    changes = {
        "new": [RuleChange(rule, None, strength_of(rule)) for key, rule in now.items() if key not in before],
        "gone": [RuleChange(rule, strength_of(rule), None) for key, rule in before.items() if key not in now],
        "strengthened": [change for change in clear if _stronger(change)],
        "weakened": [change for change in clear if not _stronger(change)],
    }
    return {kind: _paired(found) for kind, found in changes.items()}


def _paired(changes: list[RuleChange]) -> list[RuleChange]:
    kept = {rule["rule_id"] for rule in one_direction([change.rule for change in changes])}
    return [change for change in changes if change.rule["rule_id"] in kept]


def _stronger(change: RuleChange) -> bool:
    """Further from chance than before; for "bought less together" that is a lower lift."""
    up = (change.after or 0) > (change.before or 0)
    return up if change.rule["sign"] == "+" else not up


def differs(before: Row, after: Row) -> bool:
    """Tell whether two strengths of one rule differ by more than chance (95 %).

    The log of observed / expected has variance 1 / observed (Poisson). Runs that share baskets vary together, so the
    test is rather too slow than too quick to see a change.

    Examples
    --------
    >>> differs({"size_lift": 2.0, "n_both": 100}, {"size_lift": 3.0, "n_both": 100})
    True
    >>> differs({"size_lift": 2.0, "n_both": 100}, {"size_lift": 2.2, "n_both": 100})
    False
    """
    old, new = strength_of(before), strength_of(after)
    if min(old, new) <= 0 or min(before["n_both"], after["n_both"]) < 1:
        return old != new
    spread = math.sqrt(1 / before["n_both"] + 1 / after["n_both"])
    return abs(math.log(new / old)) > _Z95 * spread


def _moves(now: pa.Table | None, before: pa.Table | None, by: str) -> Sequence[Move]:
    """Count customers who changed group, most first; newcomers and leavers are counted by their absence."""
    if now is None or before is None:
        return []
    after = latest(now).select(["customer_id", by]).rename_columns(["customer_id", "after"])
    earlier = latest(before).select(["customer_id", by]).rename_columns(["customer_id", "before"])
    joined = after.join(earlier, "customer_id", join_type="full outer", use_threads=False)
    filled = pa.table({name: pc.fill_null(joined[name], "") for name in ("before", "after")})
    moved = filled.filter(pc.not_equal(filled["before"], filled["after"]))
    counted = moved.group_by(["before", "after"], use_threads=False).aggregate([([], "count_all")])
    moves = [Move(row["before"], row["after"], row["count_all"]) for row in rows(counted)]
    return sorted(moves, key=lambda move: (-move.n_customers, move.before, move.after))
