"""Rules by product numbers, and what is said of all of them: counts, customers, what they may mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from nextbest.models.rules.core.baskets import Baskets, Floats, Ints, Longs
from nextbest.models.rules.core.lists import Lists, each_once, holders_of_all
from nextbest.models.rules.core.measures import strength
from nextbest.models.rules.core.source import Plan, Source
from nextbest.models.rules.core.strata import SizeNull

_ABOUT_ONE = 0.9
_RARELY = 1 / 3

Array = TypeVar("Array", bound=NDArray[Any])
Columns = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Work:
    """What rules are made from."""

    source: Source
    plan: Plan
    baskets: Baskets
    null: SizeNull
    buyers: Lists | None

    @property
    def n_known_customers(self) -> int:
        """Known customers in all."""
        customers = self.source.customers
        return 0 if customers is None else len(np.unique(customers[customers >= 0]))


@dataclass(frozen=True, slots=True)
class Part:
    """Some rules by product numbers; ``bodies`` has shape (n_rules, length - 1)."""

    bodies: Ints
    heads: Ints
    columns: Columns


def nobody_known(source: Source) -> bool:
    """Tell whether no customer is known, so that none can be asked for."""
    return source.customers is None and not source.are_customers


def counted(work: Work, n_both: Longs, n_body: Longs, n_head: Longs) -> Columns:
    """Measure rules by their counts of baskets."""
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


def known_customers(work: Work, n_both: Longs, n_customers: Longs) -> Floats:
    """Say how many known customers made each rule; NaN where none is known."""
    if work.source.are_customers:
        return n_both.astype(float)
    return np.full(len(n_both), np.nan) if work.source.customers is None else n_customers.astype(float)


def add_customers(work: Work, part: Part) -> None:
    """Set beside each rule what customers do over all their baskets."""
    columns = part.columns
    if work.buyers is None:
        columns["n_audience"] = (columns["n_body"] - columns["n_both"]).astype(float)  # type: ignore[operator]
        columns["customer_lift"] = (
            columns["rule_lift"] if work.source.are_customers else np.full(len(part.heads), np.nan)
        )
        return
    sets = np.column_stack([part.bodies, part.heads])
    both = _counted(work.buyers, sets, work.plan.threads)
    counts = work.buyers.counts
    n_body = (
        counts[part.bodies[:, 0]]
        if part.bodies.shape[1] == 1
        else _counted(work.buyers, part.bodies, work.plan.threads)
    )
    columns["n_audience"] = (n_body - both).astype(float)
    columns["customer_lift"] = strength(both, n_body, counts[part.heads], work.n_known_customers).rule_lift


def _counted(lists: Lists, sets: Ints, threads: int | None) -> Longs:
    distinct, at = each_once(sets, len(lists.counts))
    counts: Longs = holders_of_all(lists, distinct, threads=threads)[:, 0]
    return counts[at]


def add_relation(work: Work, part: Part, sign: str) -> None:
    """Name what the rule may mean; empty where the data cannot tell.

    Substitutes serve one need (one family), are rarely bought at once, and by the same customers at other times.
    """
    relation = np.full(len(part.heads), "", dtype=object)
    if sign == "+":
        relation[part.columns["rule_lift"] > 1] = "complements"  # type: ignore[operator]
    elif work.source.families is not None:
        families = work.source.families[work.baskets.codes]
        body, head = families[part.bodies[:, 0]], families[part.heads]
        told = (body >= 0) & (head >= 0)
        at_other_times: Floats = part.columns["customer_lift"]  # type: ignore[assignment]
        at_once: Floats = np.fmax(part.columns["rule_lift"], part.columns["size_lift"])
        unknown = (body == head) & np.isnan(at_other_times)
        relation[told & ~unknown] = "different_customers"
        relation[told & (body == head) & (at_once <= _RARELY) & (at_other_times >= _ABOUT_ONE)] = (
            "substitutes"
        )
    part.columns["relation"] = relation


def joined(arrays: Sequence[Array]) -> Array:
    """Put arrays one after the other; a single one is not copied."""
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)  # type: ignore[return-value]


def take(part: Part, keep: NDArray[np.bool_]) -> Part:
    """Take some of the rules."""
    return Part(part.bodies[keep], part.heads[keep], {name: c[keep] for name, c in part.columns.items()})
