"""Rules of what is bought later: counted per customer, against shuffled days and the calendar."""

from __future__ import annotations

import numpy as np

from nextbest.models.rules.core.baskets import Baskets, Ints, make_baskets
from nextbest.models.rules.core.measures import fisher, q_values, strength
from nextbest.models.rules.core.ordered import Sequences, measure_sequences, ordered_pairs
from nextbest.models.rules.core.source import NO_DAY, Mined, Plan, Source
from nextbest.models.rules.core.visits import Visits, make_visits


def mine_later(source: Source, plan: Plan) -> Mined | None:
    """Find and judge the rules body => later head; ``None`` where customers or days are not known.

    Raises
    ------
    TooManyError
        More than ``plan.max_rules`` rules reach the floor.
    """
    if source.customers is None or source.days is None:
        return None
    known = (source.customers >= 0) & (source.days != NO_DAY)
    if not known.any():
        return None
    written = [rule for rule in plan.written if rule.is_ordered and len(rule.body) == 1]
    baskets = make_baskets(
        source.basket,
        source.product,
        n_baskets=source.n_baskets,
        floor=plan.floor,
        also=[code for rule in written for code in (rule.body[0], rule.head)],
    )
    visits = make_visits(baskets, source.customers, source.days, known)
    found = ordered_pairs(visits, plan.floor, plan.within_days, limit=plan.max_rules, threads=plan.threads)
    members = _with_written(baskets, found, [(rule.body[0], rule.head) for rule in written])
    measured = measure_sequences(visits, members, plan.within_days, threads=plan.threads)
    return _judge(visits, baskets, measured, plan, n_mined=len(found))


def _with_written(baskets: Baskets, found: Ints, written: list[tuple[int, int]]) -> Ints:
    number = {int(code): at for at, code in enumerate(baskets.codes)}
    there = set(map(tuple, found.tolist())) if written else set()
    rules = sorted({(number[a], number[b]) for a, b in written if a in number and b in number} - there)
    return np.concatenate([found, np.array(rules, dtype=np.int32).reshape(-1, 2)])


def _judge(visits: Visits, baskets: Baskets, measured: Sequences, plan: Plan, *, n_mined: int) -> Mined:
    n, counts = visits.n_customers, visits.buyers.counts
    n_body, n_head, n_both = counts[measured.bodies], counts[measured.heads], measured.n_both
    n_frequent = int((counts >= plan.floor).sum())
    n_tests = n_frequent * (n_frequent - 1)
    p, size_p = fisher(n_both, n_body, n_head, n), measured.p_values
    family = np.minimum(n_body, n_head) >= plan.floor
    q, size_q, size_lift = (np.full(len(p), np.nan) for _ in range(3))
    q[family], size_q[family] = q_values(p[family], n_tests), q_values(size_p[family], n_tests)
    np.divide(n_both, measured.expected, out=size_lift, where=measured.expected > 0)
    own = strength(n_both, n_body, n_head, n)
    columns = {
        "n_orders": np.full(len(p), n, dtype=np.int64),
        "n_body": n_body,
        "n_head": n_head,
        "n_both": n_both,
        "support": own.support,
        "confidence": own.confidence,
        "rule_lift": own.rule_lift,
        "leverage": own.leverage,
        "conviction": own.conviction,
        "sign": np.full(len(p), "+"),
        "n_customers_both": n_both.astype(float),
        "p_value": p,
        "q_value": q,
        "size_lift": size_lift,
        "size_p_value": size_p,
        "size_q_value": size_q,
        "is_redundant": n_both * n <= n_body * n_head,
        "n_audience": (n_body - measured.n_ever).astype(float),
        "customer_lift": strength(measured.n_ever, n_body, n_head, n).rule_lift,
        "relation": np.full(len(p), "follows", dtype=object),
        "days_between_low": measured.days[:, 0],
        "days_between": measured.days[:, 1],
        "days_between_high": measured.days[:, 2],
    }
    keep = (own.confidence >= plan.min_confidence) & (n_both >= plan.min_customers)
    keep[n_mined:] = True
    return Mined(
        baskets.codes[measured.bodies][keep][:, None],
        baskets.codes[measured.heads][keep],
        {name: column[keep] for name, column in columns.items()},
        None,
        n,
        n_frequent,
        n_tests,
    )
