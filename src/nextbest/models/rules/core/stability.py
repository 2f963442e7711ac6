"""Whether rules hold in every calendar quarter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nextbest.models.rules.core.baskets import Ints, Longs
from nextbest.models.rules.core.dense import dense_by_group, fits
from nextbest.models.rules.core.lists import basket_lists, each_once, holders_of_all
from nextbest.models.rules.core.parts import Columns, Part, Work, joined
from nextbest.models.rules.core.source import Quarters, quarters_of
from nextbest.models.rules.core.strata import count_by_group

_EXPECTED = 5


def _is_fair_share(n_orders: Longs) -> NDArray[np.bool_]:
    """Tell which quarters hold at least half as many baskets as a quarter on average."""
    fair: NDArray[np.bool_] = 2 * n_orders * len(n_orders) >= n_orders.sum()
    return fair


def count_quarters(work: Work, parts: list[Part]) -> Quarters | None:
    """Count the pair rules per calendar quarter."""
    days = work.source.days
    if days is None:
        return None
    index, starts_on = quarters_of(days)
    if not len(starts_on):
        return None
    bodies = joined([part.bodies[:, 0] for part in parts])
    heads = joined([part.heads for part in parts])
    pairs, at = each_once(np.column_stack([bodies, heads]), len(work.baskets.codes))
    n_both = _by_quarter(work, pairs, index, len(starts_on))
    n_with = count_by_group(work.baskets, index, len(starts_on))
    n_orders = np.bincount(index[index >= 0], minlength=len(starts_on))
    return Quarters(starts_on, n_orders, n_with[bodies], n_with[heads], n_both[at], np.arange(len(bodies)))


def _by_quarter(work: Work, pairs: Ints, quarter: Ints, n_quarters: int) -> Ints:
    if fits(len(work.baskets.codes), numbers=n_quarters):
        counts = dense_by_group(work.baskets, quarter, n_quarters)
        of_pairs: Ints = counts[pairs[:, 0], pairs[:, 1]]
        return of_pairs
    lists = basket_lists(work.baskets)
    counted = holders_of_all(lists, pairs, group=quarter, n_groups=n_quarters, threads=work.plan.threads)
    return counted.astype(np.int32)


def stability(quarters: Quarters, columns: Columns) -> Columns:
    """Count the quarters that can tell, and those in which the rule pointed the same way.

    A quarter can tell if both were sold, and it holds at least half as many baskets as quarters do on average, or should hold
    both in five baskets by chance. The first and last quarters of a file are often a few days.
    """
    n_rules = len(columns["sign"])
    by_chance = quarters.n_body.astype(np.int64)
    by_chance *= quarters.n_head
    sold = (by_chance > 0) & (
        _is_fair_share(quarters.n_orders) | (by_chance >= _EXPECTED * quarters.n_orders)
    )
    gap = quarters.n_both * quarters.n_orders
    gap -= by_chance
    gap[columns["sign"][quarters.rules] == "-"] *= -1
    held = sold & (gap > 0)
    n_periods, n_held = np.full(n_rules, np.nan), np.full(n_rules, np.nan)
    n_periods[quarters.rules], n_held[quarters.rules] = sold.sum(axis=1), held.sum(axis=1)
    return {"n_periods": n_periods, "n_periods_held": n_held}
