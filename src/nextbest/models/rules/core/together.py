"""Rules of products bought together: counted, tested, and set beside what the same customers do at other times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextbest.models.rules.core.baskets import Baskets, Floats, Ints, Longs, make_baskets
from nextbest.models.rules.core.lists import (
    Lists,
    basket_lists,
    group_lists,
    holders_of_all,
    makers_of_all,
)
from nextbest.models.rules.core.measures import fisher, q_values, strength
from nextbest.models.rules.core.pairs import Pairs, TooManyError, count_pairs, expected_by_chance
from nextbest.models.rules.core.sets import LongRules, frequent_sets, long_rules
from nextbest.models.rules.core.source import Mined, Plan, Quarters, Source, Written, quarters_of
from nextbest.models.rules.core.strata import SizeNull, chance, count_by_group, size_null, tail

_LEAST_INFORMATION = 0.05
_ABOUT_ONE = 0.9

Columns = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class PairTests:
    """Tests of pairs, one entry per pair; NaN where a test does not apply."""

    p_value: Floats
    q_value: Floats
    size_lift: Floats
    size_p_value: Floats
    size_q_value: Floats


def mine_together(source: Source, plan: Plan) -> Mined:
    """Find and judge the rules body => head within a basket.

    Raises
    ------
    TooManyError
        More than ``plan.max_rules`` rules reach the floor.
    """
    written = [rule for rule in plan.written if not rule.is_ordered]
    baskets = make_baskets(
        source.basket,
        source.product,
        n_baskets=source.n_baskets,
        floor=plan.floor,
        also=[code for rule in written for code in (*rule.body, rule.head)],
    )
    found = count_pairs(
        baskets,
        plan.floor,
        sign=plan.sign,
        customers=source.customers,
        limit=plan.max_rules // 2,
        threads=plan.threads,
    )
    makers = found.n_both if source.are_customers else found.n_makers
    many = (makers >= plan.min_customers) | (_anybody(source))
    null = size_null(baskets)
    work = _Work(source, plan, baskets, null, _buyers(source, baskets))
    choices = {"+": found.where((found.n_both >= plan.floor) & many), "-": found.where(_is_rare(baskets, found, plan))}
    parts = [
        _pair_rules(work, mined, sign, written) for sign, mined in choices.items() if plan.sign in (sign, "both")
    ]
    if plan.max_length > 2 and plan.sign != "-":
        parts += _long_parts(work, found.where(found.n_both >= plan.floor))
    parts += _long_written(work, written, parts)
    return _finish(work, parts, n_too_few=int(((found.n_both >= plan.floor) & ~many).sum()))


def test_pairs(
    baskets: Baskets, pairs: Pairs, floor: int, *, sign: str = "+", threads: int | None = None
) -> PairTests:
    """Test pairs against chance, and against chance in baskets of their size, over all pairs of frequent products."""
    return _test_pairs(baskets, size_null(baskets), pairs, floor=floor, sign=sign, threads=threads)


test_pairs.__test__ = False  # type: ignore[attr-defined]


def _anybody(source: Source) -> bool:
    """Tell whether no customer is known, so that none can be asked for."""
    return source.customers is None and not source.are_customers


@dataclass(frozen=True, slots=True)
class _Work:
    source: Source
    plan: Plan
    baskets: Baskets
    null: SizeNull
    buyers: Lists | None

    @property
    def n_known_customers(self) -> int:
        customers = self.source.customers
        return 0 if customers is None else len(np.unique(customers[customers >= 0]))


@dataclass(frozen=True, slots=True)
class _Part:
    """Some rules by product numbers; ``bodies`` has shape (n_rules, length - 1)."""

    bodies: Ints
    heads: Ints
    columns: Columns


def _buyers(source: Source, baskets: Baskets) -> Lists | None:
    if source.customers is None:
        return None
    return group_lists(basket_lists(baskets), source.customers)


def _test_pairs(
    baskets: Baskets, null: SizeNull, pairs: Pairs, *, floor: int, sign: str, threads: int | None
) -> PairTests:
    counts = baskets.counts
    n_a, n_b = counts[pairs.first], counts[pairs.second]
    n_frequent = baskets.n_frequent(floor)
    n_tests = n_frequent * (n_frequent - 1) / 2
    under = chance(null, pairs.first, pairs.second, threads)
    tells = (under.variance > _LEAST_INFORMATION * under.free) & (under.expected > 0)
    size_lift = np.divide(pairs.n_both, under.expected, out=np.full(len(pairs), np.nan), where=tells)
    size_p = np.where(tells, tail(pairs.n_both, under, sign), np.nan)
    p = fisher(pairs.n_both, n_a, n_b, baskets.n, sign)
    family = np.minimum(n_a, n_b) >= floor
    return PairTests(p, _adjust(p, family, n_tests), size_lift, size_p, _adjust(size_p, family & tells, n_tests))


def _adjust(p: Floats, family: NDArray[np.bool_], n_tests: float) -> Floats:
    q = np.full(len(p), np.nan)
    q[family] = q_values(p[family], n_tests)
    return q


def _is_rare(baskets: Baskets, found: Pairs, plan: Plan) -> NDArray[np.bool_]:
    """Tell which pairs should reach the floor by chance and stay below chance."""
    expected = expected_by_chance(baskets, found)
    return (expected >= plan.floor) & (found.n_both < expected)


def _pair_rules(work: _Work, mined: Pairs, sign: str, written: list[Written]) -> _Part:
    baskets, plan = work.baskets, work.plan
    pairs, extra = _with_written(work, mined, [rule for rule in written if rule.sign == sign and len(rule.body) == 1])
    tests = _test_pairs(baskets, work.null, pairs, floor=plan.floor, sign=sign, threads=plan.threads)
    row = np.concatenate([np.arange(len(mined)), np.arange(len(mined)), extra[:, 0]]).astype(np.int64)
    turned = np.concatenate([np.zeros(len(mined)), np.ones(len(mined)), extra[:, 1]]).astype(bool)
    bodies = np.where(turned, pairs.second[row], pairs.first[row])
    heads = np.where(turned, pairs.first[row], pairs.second[row])
    n_body, n_head = baskets.counts[bodies], baskets.counts[heads]
    columns = _counts(work, pairs.n_both[row], n_body, n_head)
    gap = pairs.n_both[row] * baskets.n - n_body * n_head
    columns |= {
        "sign": np.full(len(row), sign),
        "n_customers_both": _known(work, pairs.n_both, pairs.n_customers)[row],
        "p_value": tests.p_value[row],
        "q_value": tests.q_value[row],
        "size_lift": tests.size_lift[row],
        "size_p_value": tests.size_p_value[row],
        "size_q_value": tests.size_q_value[row],
        "is_redundant": gap <= 0 if sign == "+" else gap >= 0,
    }
    part = _Part(bodies[:, None], heads, columns)
    _add_customers(work, part)
    _add_relation(work, part, sign)
    return _confident(part, plan.min_confidence, n_kept=len(extra), written=_spots(work, written, sign))


def _with_written(work: _Work, mined: Pairs, written: list[Written]) -> tuple[Pairs, Longs]:
    """Add the written pairs that were not found; also their rows, and whether the body is the commoner product."""
    number = {int(code): at for at, code in enumerate(work.baskets.codes)}
    n_products = len(number)
    keys = mined.first.astype(np.int64) * n_products + mined.second
    rules = sorted({(number[r.body[0]], number[r.head]) for r in written if {r.body[0], r.head} <= set(number)})
    rules = [(a, b) for a, b in rules if min(a, b) * n_products + max(a, b) not in set(keys.tolist())]
    extras = sorted({(min(rule), max(rule)) for rule in rules})
    where = {pair: len(mined) + at for at, pair in enumerate(extras)}
    rows = np.array([(where[min(a, b), max(a, b)], a > b) for a, b in rules], dtype=np.int64).reshape(-1, 2)
    if not extras:
        return mined, rows
    members = np.array(extras, dtype=np.int32)
    lists = basket_lists(work.baskets)
    n_both = holders_of_all(lists, members)[:, 0]
    n_customers, n_makers = n_both, n_both
    if work.source.customers is not None:
        n_customers, n_makers = makers_of_all(lists, members, work.source.customers)
    more = Pairs(members[:, 0], members[:, 1], n_both, n_customers, n_makers)
    fields = ("first", "second", "n_both", "n_customers", "n_makers")
    return Pairs(*(np.concatenate([getattr(mined, name), getattr(more, name)]) for name in fields)), rows


def _spots(work: _Work, written: list[Written], sign: str) -> set[tuple[int, int]]:
    number = {int(code): at for at, code in enumerate(work.baskets.codes)}
    return {
        (number.get(rule.body[0], -1), number.get(rule.head, -1))
        for rule in written
        if rule.sign == sign and len(rule.body) == 1
    }


def _counts(work: _Work, n_both: Longs, n_body: Longs, n_head: Longs) -> Columns:
    n = work.baskets.n
    measured = strength(n_both, n_body, n_head, n)
    return {
        "n_orders": np.full(len(n_both), n, dtype=np.int64),
        "n_body": n_body,
        "n_head": n_head,
        "n_both": n_both,
        "support": measured.support,
        "confidence": measured.confidence,
        "rule_lift": measured.rule_lift,
        "leverage": measured.leverage,
        "conviction": measured.conviction,
    }


def _known(work: _Work, n_both: Longs, n_customers: Longs) -> Floats:
    if work.source.are_customers:
        return n_both.astype(float)
    return np.full(len(n_both), np.nan) if work.source.customers is None else n_customers.astype(float)


def _add_customers(work: _Work, part: _Part) -> None:
    """Set beside each rule what customers do over all their baskets."""
    columns = part.columns
    if work.buyers is None:
        columns["n_audience"] = (columns["n_body"] - columns["n_both"]).astype(float)  # type: ignore[operator]
        columns["customer_lift"] = (
            columns["rule_lift"] if work.source.are_customers else np.full(len(part.heads), np.nan)
        )
        return
    sets = np.column_stack([part.bodies, part.heads]).astype(np.int32)
    both = _each_once(work.buyers, np.sort(sets, axis=1), work.plan.threads)
    counts = work.buyers.counts
    n_body = (
        counts[part.bodies[:, 0]]
        if part.bodies.shape[1] == 1
        else _each_once(work.buyers, part.bodies, work.plan.threads)
    )
    columns["n_audience"] = (n_body - both).astype(float)
    columns["customer_lift"] = strength(both, n_body, counts[part.heads], work.n_known_customers).rule_lift


def _each_once(lists: Lists, sets: Ints, threads: int | None) -> Longs:
    """Count each distinct set once: both directions of a rule share it."""
    distinct, at = np.unique(sets, axis=0, return_inverse=True)
    counts: Longs = holders_of_all(lists, np.ascontiguousarray(distinct), threads=threads)[:, 0]
    return counts[at.ravel()]


def _add_relation(work: _Work, part: _Part, sign: str) -> None:
    """Name what the rule may mean; empty where the data cannot tell."""
    relation = np.full(len(part.heads), "", dtype=object)
    if sign == "+":
        relation[part.columns["rule_lift"] > 1] = "complements"  # type: ignore[operator]
    elif work.source.families is not None:
        families = work.source.families[work.baskets.codes]
        body, head = families[part.bodies[:, 0]], families[part.heads]
        told = (body >= 0) & (head >= 0)
        at_other_times: Floats = part.columns["customer_lift"]  # type: ignore[assignment]
        relation[told & (body != head)] = "different_customers"
        relation[told & (body == head) & (at_other_times < _ABOUT_ONE)] = "different_customers"
        relation[told & (body == head) & (at_other_times >= _ABOUT_ONE)] = "substitutes"
    part.columns["relation"] = relation


def _confident(part: _Part, least: float, *, n_kept: int, written: set[tuple[int, int]]) -> _Part:
    """Drop rules below the least confidence, but none that a person wrote."""
    if least == 0:
        return part
    keep = part.columns["confidence"] >= least  # type: ignore[operator]
    keep[len(keep) - n_kept :] = True
    if written:
        pairs = zip(part.bodies[:, 0].tolist(), part.heads.tolist(), strict=True)
        keep |= np.array([pair in written for pair in pairs], dtype=bool)
    return _take(part, keep)


def _take(part: _Part, keep: NDArray[np.bool_]) -> _Part:
    return _Part(part.bodies[keep], part.heads[keep], {name: c[keep] for name, c in part.columns.items()})


def _long_parts(work: _Work, pairs: Pairs) -> list[_Part]:
    plan = work.plan
    levels = frequent_sets(
        work.baskets, pairs, plan.floor, max_length=plan.max_length, limit=plan.max_rules // 3, threads=plan.threads
    )
    if sum(level.members.size for level in levels[1:]) > plan.max_rules:
        raise TooManyError(sum(level.members.size for level in levels[1:]))
    rules = [_confident_long(rule, plan.min_confidence) for rule in long_rules(levels, work.baskets.n)]
    return [part for part in (_long_part(work, rule) for rule in rules) if len(part.heads)]


def _confident_long(rule: LongRules, least: float) -> LongRules:
    keep = rule.n_both / rule.n_body >= least
    return LongRules(
        rule.bodies[keep], rule.heads[keep], rule.n_body[keep], rule.n_both[keep], rule.is_redundant[keep]
    )


def _long_part(work: _Work, rule: LongRules, *, sign: str = "+", keep_all: bool = False) -> _Part:
    n_head = work.baskets.counts[rule.heads]
    sets = np.sort(np.column_stack([rule.bodies, rule.heads]), axis=1).astype(np.int32)
    n_customers = n_makers = rule.n_both
    if work.source.customers is not None and len(sets):
        distinct, at = np.unique(sets, axis=0, return_inverse=True)
        made = makers_of_all(basket_lists(work.baskets), distinct, work.source.customers, work.plan.threads)
        n_customers, n_makers = made[0][at.ravel()], made[1][at.ravel()]
    none = np.full(len(rule.heads), np.nan)
    columns = _counts(work, rule.n_both, rule.n_body, n_head)
    columns |= {
        "sign": np.full(len(rule.heads), sign),
        "n_customers_both": _known(work, rule.n_both, n_customers),
        "p_value": fisher(rule.n_both, rule.n_body, n_head, work.baskets.n, sign),
        "q_value": none,
        "size_lift": none,
        "size_p_value": none,
        "size_q_value": none,
        "is_redundant": rule.is_redundant,
    }
    enough = (n_makers >= work.plan.min_customers) | keep_all | _anybody(work.source)
    part = _take(_Part(rule.bodies, rule.heads, columns), enough)
    _add_customers(work, part)
    _add_relation(work, part, sign)
    return part


def _long_written(work: _Work, written: list[Written], parts: list[_Part]) -> list[_Part]:
    """Measure written rules with longer bodies that were not found."""
    number = {int(code): at for at, code in enumerate(work.baskets.codes)}
    out = []
    for rule in sorted(set(written), key=repr):
        names = {*rule.body, rule.head}
        if len(rule.body) < 2 or not names <= set(number):
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


def _has(part: _Part, body: Ints, head: int, sign: str) -> bool:
    if part.bodies.shape[1] != body.shape[1]:
        return False
    same = (part.bodies == body).all(axis=1) & (part.heads == head) & (part.columns["sign"] == sign)
    return bool(same.any())


def _finish(work: _Work, parts: list[_Part], *, n_too_few: int) -> Mined:
    longest = max((part.bodies.shape[1] for part in parts), default=1)
    codes = work.baskets.codes
    bodies = [np.pad(codes[part.bodies], ((0, 0), (0, longest - part.bodies.shape[1])), constant_values=-1) for part in parts]
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns}
    quarters = _quarters(work, parts[: 1 if work.plan.sign != "both" else 2])
    if quarters is not None:
        columns |= _stability(quarters, columns)
    n_frequent = work.baskets.n_frequent(work.plan.floor)
    return Mined(
        np.concatenate(bodies),
        codes[np.concatenate([part.heads for part in parts])],
        columns,
        quarters,
        work.baskets.n,
        n_frequent,
        n_frequent * (n_frequent - 1) // 2,
        n_too_few,
    )


def _quarters(work: _Work, parts: list[_Part]) -> Quarters | None:
    """Count the pair rules per calendar quarter."""
    days = work.source.days
    if days is None:
        return None
    index, starts_on = quarters_of(days)
    if not len(starts_on):
        return None
    bodies = np.concatenate([part.bodies[:, 0] for part in parts])
    heads = np.concatenate([part.heads for part in parts])
    pairs = np.sort(np.column_stack([bodies, heads]), axis=1)
    distinct, at = np.unique(pairs, axis=0, return_inverse=True)
    n_both = holders_of_all(
        basket_lists(work.baskets), distinct, group=index, n_groups=len(starts_on), threads=work.plan.threads
    )
    n_with = count_by_group(work.baskets, index, len(starts_on)).astype(np.int64)
    n_orders = np.bincount(index[index >= 0], minlength=len(starts_on))
    return Quarters(starts_on, n_orders, n_with[bodies], n_with[heads], n_both[at.ravel()], np.arange(len(bodies)))


def _stability(quarters: Quarters, columns: Columns) -> Columns:
    """Count the quarters in which both were on sale, and those in which the rule pointed the same way."""
    n_rules = len(columns["sign"])
    sold = (quarters.n_body > 0) & (quarters.n_head > 0)
    gap = quarters.n_both * quarters.n_orders - quarters.n_body * quarters.n_head
    plus = (columns["sign"][quarters.rules] == "+")[:, None]
    held = sold & np.where(plus, gap > 0, gap < 0)
    n_periods, n_held = np.full(n_rules, np.nan), np.full(n_rules, np.nan)
    n_periods[quarters.rules], n_held[quarters.rules] = sold.sum(axis=1), held.sum(axis=1)
    return {"n_periods": n_periods, "n_periods_held": n_held}
