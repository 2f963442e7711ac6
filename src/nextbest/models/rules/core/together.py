"""Rules of products bought together: counted, tested, and set beside what the same customers do at other times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nextbest.models.rules.core.baskets import Baskets, Longs, make_baskets
from nextbest.models.rules.core.lists import basket_lists, group_lists, holders_of_all, makers_of_all
from nextbest.models.rules.core.long_parts import long_parts, long_written
from nextbest.models.rules.core.pair_tests import judge_pairs
from nextbest.models.rules.core.pairs import Pairs, count_pairs, expected_by_chance
from nextbest.models.rules.core.parts import (
    Part,
    Work,
    add_customers,
    add_relation,
    counted,
    joined,
    known_customers,
    nobody_known,
    take,
)
from nextbest.models.rules.core.source import Mined, Plan, Quarters, Source, Written
from nextbest.models.rules.core.stability import count_quarters, stability
from nextbest.models.rules.core.strata import size_null

_PAIR = 2


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
    many = (makers >= plan.min_customers) | (nobody_known(source))
    buyers = None if source.customers is None else group_lists(basket_lists(baskets), source.customers)
    work = Work(source, plan, baskets, size_null(baskets), buyers)
    reach = {"+": (found.n_both >= plan.floor) & many, "-": _is_rare(baskets, found, plan)}
    signs = [sign for sign in reach if plan.sign in (sign, "both")]
    also = {rule.sign for rule in written if len(rule.body) == 1} - set(signs)
    nothing = np.zeros(len(found), dtype=bool)
    pair_parts = [
        _pair_rules(work, found.where(reach[sign] if sign in signs else nothing), sign, written)
        for sign in (*signs, *sorted(also))
    ]
    parts = list(pair_parts)
    if plan.max_length > _PAIR and plan.sign != "-":
        parts += long_parts(work, found.where(found.n_both >= plan.floor))
    parts += long_written(work, written, parts)
    return _finish(
        work,
        parts,
        count_quarters(work, pair_parts),
        n_too_few=int(((found.n_both >= plan.floor) & ~many).sum()),
    )


def _is_rare(baskets: Baskets, found: Pairs, plan: Plan) -> NDArray[np.bool_]:
    """Tell which pairs should reach the floor by chance and stay below chance."""
    expected = expected_by_chance(baskets, found)
    return (expected >= plan.floor) & (found.n_both < expected)


def _pair_rules(work: Work, mined: Pairs, sign: str, written: list[Written]) -> Part:
    baskets, plan = work.baskets, work.plan
    pairs, extra = _with_written(
        work, mined, [rule for rule in written if rule.sign == sign and len(rule.body) == 1]
    )
    tests = judge_pairs(baskets, work.null, pairs, floor=plan.floor, sign=sign, threads=plan.threads)
    row = np.concatenate([np.arange(len(mined)), np.arange(len(mined)), extra[:, 0]]).astype(np.int64)
    turned = np.concatenate([np.zeros(len(mined)), np.ones(len(mined)), extra[:, 1]]).astype(bool)
    bodies = np.where(turned, pairs.second[row], pairs.first[row])
    heads = np.where(turned, pairs.first[row], pairs.second[row])
    n_body, n_head = baskets.counts[bodies], baskets.counts[heads]
    columns = counted(work, pairs.n_both[row], n_body, n_head)
    gap = pairs.n_both[row] * baskets.n - n_body * n_head
    columns |= {
        "sign": np.full(len(row), sign),
        "n_customers_both": known_customers(work, pairs.n_both, pairs.n_customers)[row],
        "p_value": tests.p_value[row],
        "q_value": tests.q_value[row],
        "size_lift": tests.size_lift[row],
        "size_p_value": tests.size_p_value[row],
        "size_q_value": tests.size_q_value[row],
        "is_redundant": gap <= 0 if sign == "+" else gap >= 0,
    }
    part = Part(bodies[:, None], heads, columns)
    add_customers(work, part)
    add_relation(work, part, sign)
    return _confident(part, plan.min_confidence, n_kept=len(extra), written=_spots(work, written, sign))


def _with_written(work: Work, mined: Pairs, written: list[Written]) -> tuple[Pairs, Longs]:
    """Add the written pairs that were not found; also their rows, and whether the body is the commoner product."""
    number = {int(code): at for at, code in enumerate(work.baskets.codes)}
    n_products = len(number)
    keys = mined.first.astype(np.int64) * n_products + mined.second
    rules = sorted(
        {(number[r.body[0]], number[r.head]) for r in written if {r.body[0], r.head} <= set(number)}
    )
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


def _spots(work: Work, written: list[Written], sign: str) -> set[tuple[int, int]]:
    number = {int(code): at for at, code in enumerate(work.baskets.codes)}
    return {
        (number.get(rule.body[0], -1), number.get(rule.head, -1))
        for rule in written
        if rule.sign == sign and len(rule.body) == 1
    }


def _confident(part: Part, least: float, *, n_kept: int, written: set[tuple[int, int]]) -> Part:
    """Drop rules below the least confidence, but none that a person wrote."""
    if least == 0:
        return part
    keep = part.columns["confidence"] >= least  # type: ignore[operator]
    keep[len(keep) - n_kept :] = True
    if written:
        pairs = zip(part.bodies[:, 0].tolist(), part.heads.tolist(), strict=True)
        keep |= np.array([pair in written for pair in pairs], dtype=bool)
    return take(part, keep)


def _finish(work: Work, parts: list[Part], quarters: Quarters | None, *, n_too_few: int) -> Mined:
    longest = max((part.bodies.shape[1] for part in parts), default=1)
    codes = work.baskets.codes
    bodies = [
        np.pad(codes[part.bodies], ((0, 0), (0, longest - part.bodies.shape[1])), constant_values=-1)
        for part in parts
    ]
    columns = {name: joined([part.columns[name] for part in parts]) for name in parts[0].columns}
    if quarters is not None:
        columns |= stability(quarters, columns)
    n_frequent = work.baskets.n_frequent(work.plan.floor)
    return Mined(
        joined(bodies),
        codes[joined([part.heads for part in parts])],
        columns,
        quarters,
        work.baskets.n,
        n_frequent,
        n_frequent * (n_frequent - 1) // 2,
        n_too_few,
    )
