"""The recipe of rules: read each level's baskets, mine, put names, money and people's reviews to the rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.capability import Moment
from nextbest.base.errors import DataError, SettingsError
from nextbest.base.findings import Finding
from nextbest.models.rules import words
from nextbest.models.rules.core.headlines import headlines
from nextbest.models.rules.core.later import mine_later
from nextbest.models.rules.core.measures import choose_floor
from nextbest.models.rules.core.pairs import TooManyError
from nextbest.models.rules.core.source import Mined, Plan
from nextbest.models.rules.core.together import mine_together
from nextbest.models.rules.run.frames import LIMITS, PERIODS, ROWS, Labels, periods_of, rules_of
from nextbest.models.rules.run.reading import (
    Reading,
    Readings,
    margins,
    never,
    reviews,
    written_levels,
    written_rules,
)
from nextbest.models.rules.spec import Level, RulesSettings
from nextbest.tables.store import Store

_SHARE_OF_CUSTOMERS = 0.01


@dataclass(frozen=True, slots=True)
class _Result:
    rules: pa.Table
    periods: pa.Table
    limits: pa.Table
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Task:
    level: str
    ordered: bool
    settings: RulesSettings
    reading: Reading
    plan: Plan
    n_unmeasured: int
    """Written rules that cannot be measured."""


def run(store: Store, settings: RulesSettings, moment: Moment) -> list[Finding]:
    """Mine every level, together and in order as the settings say; findings are about the surest rules."""
    if settings.min_count is not None and settings.min_support is not None:
        raise SettingsError(
            "rules.two_floors", min_count=settings.min_count, min_support=settings.min_support
        )
    wanted = [
        (level, ordered)
        for level in dict.fromkeys(settings.level)
        for ordered in (False, True)
        if settings.ordered in ("both", str(ordered).lower())
    ]
    readings = Readings(store, settings, moment.as_of)
    results = [_mine(store, settings, readings, level, ordered=ordered) for level, ordered in wanted]
    for level, ordered in sorted(written_levels(store) - set(wanted)):
        results.append(_measure_written(store, settings, readings, level, ordered=ordered))
    rules = pa.concat_tables([result.rules for result in results])
    store.write("rules", rules)
    store.write("rule_periods", pa.concat_tables([result.periods for result in results]))
    store.write("rule_limits", pa.concat_tables([result.limits for result in results]))
    said = [finding for result in results for finding in result.findings]
    return [words.rule_found(rule) for rule in headlines(_candidates(rules))] + said


def _mine(store: Store, settings: RulesSettings, readings: Readings, level: str, *, ordered: bool) -> _Result:
    reading = readings.at(level, ordered=ordered)
    if not reading.ids:
        return _nothing(words.nothing_at_level(level))
    if len(reading.ids) == 1:
        return _nothing(words.too_few_products(level, len(reading.ids)))
    written, n_unmeasured = written_rules(store, level, reading.ids, ordered=ordered)
    asked = replace(_plan(settings, reading, ordered=ordered), written=tuple(written))
    task = _Task(level, ordered, settings, reading, asked, n_unmeasured)
    found, plan = _mine_with_floor(task)
    if found is None:
        return _nothing(words.order_unknown(level))
    rules, periods = _tables(store, task, found)
    return _Result(rules, periods, _limits(task, found, plan), tuple(_said(task, found, plan)))


def _measure_written(
    store: Store, settings: RulesSettings, readings: Readings, level: Level, *, ordered: bool
) -> _Result:
    """Measure what people wrote where nothing is mined."""
    reading = readings.at(level, ordered=ordered)
    written, n_unmeasured = written_rules(store, level, reading.ids, ordered=ordered)
    plan = Plan(reading.source.n_baskets + 1, written=tuple(written), within_days=settings.within_days)
    task = _Task(level, ordered, settings, reading, plan, n_unmeasured)
    found = _mine_with_floor(task)[0] if written else None
    if found is None:
        return _Result(ROWS.empty_table(), PERIODS.empty_table(), LIMITS.empty_table(), ())
    return _Result(*_tables(store, task, found), LIMITS.empty_table(), ())


def _tables(store: Store, task: _Task, found: Mined) -> tuple[pa.Table, pa.Table]:
    level, reading = task.level, task.reading
    labels = Labels(
        level,
        task.ordered,
        reading.ids,
        reading.names,
        margins(store, level),
        reviews(store),
        task.plan.written,
        never(store, level, task.settings.never),
    )
    rules = rules_of(found, labels)
    return rules, periods_of(found, rules["rule_id"])


def _plan(settings: RulesSettings, reading: Reading, *, ordered: bool) -> Plan:
    source = reading.source
    n = source.n_baskets
    per_customer = ordered or source.are_customers
    if ordered:
        n = 0 if source.customers is None else int(source.customers.max(initial=-1)) + 1
    if settings.min_count is not None:
        floor = settings.min_count
    elif settings.min_support is not None:
        floor = _least_count(settings.min_support, n)
    else:
        floor = choose_floor(n, share=_SHARE_OF_CUSTOMERS) if per_customer else choose_floor(n)
    is_asked = settings.min_count is not None or settings.min_support is not None
    return Plan(
        max(floor, 1),
        settings.sign,
        settings.max_length,
        settings.min_confidence,
        # Where customers are the baskets, whoever asks for a count of baskets asks for that many customers.
        min(floor, settings.min_customers) if per_customer and is_asked else settings.min_customers,
        settings.max_rules,
        settings.within_days,
    )


def _least_count(share: float, n: int) -> int:
    """Turn a least share into a count; 0.001 means one in a thousand, not a little more."""
    return ceil(Fraction(str(share)) * n)


def _mine_with_floor(task: _Task) -> tuple[Mined | None, Plan]:
    """Mine; where too many rules reach a floor that nobody asked for, ask for twice as much."""
    mine = mine_later if task.ordered else mine_together
    plan = task.plan
    while True:
        try:
            return mine(task.reading.source, plan), plan
        except TooManyError:
            if task.settings.min_count is not None or task.settings.min_support is not None:
                raise DataError(
                    "rules.too_many",
                    level=f"rules.level_{task.level}",
                    max_rules=plan.max_rules,
                    floor=plan.floor,
                    twice=2 * plan.floor,
                ) from None
            plan = replace(plan, floor=2 * plan.floor)


def _nothing(finding: Finding) -> _Result:
    return _Result(ROWS.empty_table(), PERIODS.empty_table(), LIMITS.empty_table(), (finding,))


def _said(task: _Task, found: Mined, plan: Plan) -> Iterator[Finding]:
    level, n_large = task.level, task.reading.n_large
    if not len(found) and found.n_too_few_customers:
        yield words.too_few_customers(
            level,
            n_pairs=found.n_too_few_customers,
            floor=plan.floor,
            min_customers=plan.min_customers,
            n_baskets=found.n_baskets,
        )
    elif not len(found):
        yield words.no_pairs(level, floor=plan.floor, n_baskets=found.n_baskets, is_ordered=task.ordered)
    if plan.floor > task.plan.floor:
        yield words.floor_raised(level, floor=plan.floor, chosen=task.plan.floor, max_rules=plan.max_rules)
    if n_large and not task.ordered:
        yield words.large_baskets_left_out(
            level, max_basket=task.settings.max_basket, n_left_out=n_large, n_baskets=found.n_baskets
        )


def _limits(task: _Task, found: Mined, plan: Plan) -> pa.Table:
    """List what was counted, and what cut the result."""
    rows: list[tuple[str, float | None, int | None]] = [
        ("n_baskets", found.n_baskets, None),
        ("n_frequent", found.n_frequent, None),
        ("n_pairs_tested", found.n_tests, None),
        ("min_count", plan.floor, len(task.reading.ids) - found.n_frequent),
        ("min_customers", plan.min_customers, found.n_too_few_customers),
        ("max_length", plan.max_length, None),
        ("max_rules", plan.max_rules, 0),
        ("max_basket", task.settings.max_basket, task.reading.n_large),
        ("lines_without_level", None, task.reading.n_no_level),
        ("written_rules_not_measured", None, task.n_unmeasured),
    ]
    named = [
        {
            "level": task.level,
            "is_ordered": task.ordered,
            "limit": limit,
            "value": value,
            "n_left_out": left_out,
        }
        for limit, value, left_out in rows
    ]
    return pa.Table.from_pylist(named, LIMITS)


def _candidates(rules: pa.Table) -> list[dict[str, Any]]:
    """Take the rules that may be worth a sentence; the others are many."""
    surest = pc.min_element_wise(
        pc.fill_null(rules["size_q_value"], 2.0),
        pc.if_else(pc.is_null(rules["size_lift"]), rules["q_value"], 2.0),
    )
    candidates: list[dict[str, Any]] = rules.filter(pc.less(surest, 0.05)).to_pylist()
    return candidates
