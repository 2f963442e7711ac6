"""Rules with a body of two products or more, mined or written."""

from __future__ import annotations

import numpy as np

from nextbest.models.rules.core.baskets import Ints
from nextbest.models.rules.core.lists import basket_lists, each_once, holders_of_all, makers_of_all
from nextbest.models.rules.core.measures import fisher
from nextbest.models.rules.core.pairs import Pairs, TooManyError
from nextbest.models.rules.core.parts import (
    Part,
    Work,
    add_customers,
    add_relation,
    counted,
    known_customers,
    nobody_known,
    take,
)
from nextbest.models.rules.core.sets import LongRules, frequent_sets, long_rules
from nextbest.models.rules.core.source import Written


def long_parts(work: Work, pairs: Pairs) -> list[Part]:
    """Find the rules of three products and more.

    Raises
    ------
    TooManyError
        More than ``max_rules`` rules reach the floor.
    """
    plan = work.plan
    levels = frequent_sets(
        work.baskets,
        pairs,
        plan.floor,
        max_length=plan.max_length,
        limit=plan.max_rules // 3,
        threads=plan.threads,
    )
    if sum(level.members.size for level in levels[1:]) > plan.max_rules:
        raise TooManyError(sum(level.members.size for level in levels[1:]))
    rules = [_confident_long(rule, plan.min_confidence) for rule in long_rules(levels, work.baskets.n)]
    return [part for part in (_long_part(work, rule) for rule in rules) if len(part.heads)]


def long_written(work: Work, written: list[Written], parts: list[Part]) -> list[Part]:
    """Measure written rules with longer bodies that were not found."""
    number = {int(code): at for at, code in enumerate(work.baskets.codes)}
    out = []
    for rule in sorted(set(written), key=repr):
        names = {*rule.body, rule.head}
        if len(rule.body) == 1 or not names <= set(number):
            continue
        body = np.array([sorted(number[code] for code in rule.body)], dtype=np.int32)
        head = np.array([number[rule.head]], dtype=np.int32)
        if any(_has(part, body, int(head[0]), rule.sign) for part in parts):
            continue
        lists = basket_lists(work.baskets)
        n_body = holders_of_all(lists, body)[:, 0]
        n_both = holders_of_all(lists, np.sort(np.column_stack([body, head]), axis=1))[:, 0]
        redundant = n_both * work.baskets.n <= n_body * work.baskets.counts[head]
        rules = LongRules(body, head, n_body, n_both, redundant)
        out.append(_long_part(work, rules, sign=rule.sign, keep_all=True))
    return out


def _confident_long(rule: LongRules, least: float) -> LongRules:
    keep = rule.n_both / rule.n_body >= least
    return LongRules(
        rule.bodies[keep], rule.heads[keep], rule.n_body[keep], rule.n_both[keep], rule.is_redundant[keep]
    )


def _long_part(work: Work, rule: LongRules, *, sign: str = "+", keep_all: bool = False) -> Part:
    n_head = work.baskets.counts[rule.heads]
    sets = np.column_stack([rule.bodies, rule.heads])
    n_customers = n_makers = rule.n_both
    if work.source.customers is not None and len(sets):
        distinct, at = each_once(sets, len(work.baskets.codes))
        made = makers_of_all(basket_lists(work.baskets), distinct, work.source.customers, work.plan.threads)
        n_customers, n_makers = made[0][at], made[1][at]
    none = np.full(len(rule.heads), np.nan)
    columns = counted(work, rule.n_both, rule.n_body, n_head)
    columns |= {
        "sign": np.full(len(rule.heads), sign),
        "n_customers_both": known_customers(work, rule.n_both, n_customers),
        "p_value": fisher(rule.n_both, rule.n_body, n_head, work.baskets.n, sign),
        "q_value": none,
        "size_lift": none,
        "size_p_value": none,
        "size_q_value": none,
        "is_redundant": rule.is_redundant,
    }
    enough = (n_makers >= work.plan.min_customers) | keep_all | nobody_known(work.source)
    part = take(Part(rule.bodies, rule.heads, columns), enough)
    add_customers(work, part)
    add_relation(work, part, sign)
    return part


def _has(part: Part, body: Ints, head: int, sign: str) -> bool:
    if part.bodies.shape[1] != body.shape[1]:
        return False
    same = (part.bodies == body).all(axis=1) & (part.heads == head) & (part.columns["sign"] == sign)
    return bool(same.any())
