"""Whether rules hold in every calendar quarter."""

from __future__ import annotations

import numpy as np

from nextbest.models.rules.core.lists import basket_lists, holders_of_all
from nextbest.models.rules.core.parts import Columns, Part, Work
from nextbest.models.rules.core.source import Quarters, quarters_of
from nextbest.models.rules.core.strata import count_by_group


def count_quarters(work: Work, parts: list[Part]) -> Quarters | None:
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
    return Quarters(
        starts_on, n_orders, n_with[bodies], n_with[heads], n_both[at.ravel()], np.arange(len(bodies))
    )


def stability(quarters: Quarters, columns: Columns) -> Columns:
    """Count the quarters in which both were on sale, and those in which the rule pointed the same way."""
    n_rules = len(columns["sign"])
    sold = (quarters.n_body > 0) & (quarters.n_head > 0)
    gap = quarters.n_both * quarters.n_orders - quarters.n_body * quarters.n_head
    plus = (columns["sign"][quarters.rules] == "+")[:, None]
    held = sold & np.where(plus, gap > 0, gap < 0)
    n_periods, n_held = np.full(n_rules, np.nan), np.full(n_rules, np.nan)
    n_periods[quarters.rules], n_held[quarters.rules] = sold.sum(axis=1), held.sum(axis=1)
    return {"n_periods": n_periods, "n_periods_held": n_held}
