"""The funnel: what guardrails forbid, what the rest is worth, and who gets a place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nextbest.decisions.offers.core.guardrails import REPEAT, forbidden_by
from nextbest.decisions.offers.core.rows import Bools, Floats, Ints, Rows
from nextbest.decisions.offers.spec import GUARDRAILS, OFFERED, PLACES, OfferSettings

STAGES = (*GUARDRAILS, *PLACES, OFFERED)
_TOO_WEAK, _SAME_NAME, _CATEGORY_FULL, _KIND_FULL, _LIST_FULL, _OFFERED = range(len(GUARDRAILS), len(STAGES))


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What became of each row; shape (rows,) each."""

    stage: Ints
    """Place in ``STAGES``."""
    rank: Ints
    """Place among the customer's offers, 1 first; 0: not offered."""
    expected_profit: Floats
    """probability x margin, in the shop's currency; NaN where one of them is not known."""


def judge(rows: Rows, settings: OfferSettings) -> Verdicts:
    """Send candidates through the funnel.

    Offers are ranked by expected profit, then (where no margin is known) by probability, then by their place in the
    source they come from, then by source and product. A rule's confidence takes no part.

    Parameters
    ----------
    rows
        Candidates in any order.
    settings
        Guardrails and lengths of lists.
    """
    stage = forbidden_by(rows, settings)
    expected = rows.probability * rows.margin
    is_weak = _too_weak(rows, stage, settings.weak_share)
    is_weak |= (stage < 0) & (np.round(expected - settings.least_profit, 12) < 0)
    stage[is_weak] = _TOO_WEAK
    open_ = np.flatnonzero(stage < 0)
    order = open_[_best_first(rows.take(open_), expected[open_])]
    for full, group, most in (
        (_SAME_NAME, rows.name, 1),
        (_CATEGORY_FULL, rows.category, settings.max_per_category),
        (_KIND_FULL, rows.kind, settings.max_per_kind),
        (_LIST_FULL, np.zeros(len(rows), dtype=np.int64), settings.max_offers),
    ):
        nth = _nth_within(rows.customer[order], group[order])
        is_full = (nth >= most) & (group[order] >= 0)
        stage[order[is_full]] = full
        order = order[~is_full]
    stage[order] = _OFFERED
    rank = np.zeros(len(rows), dtype=np.int64)
    rank[order] = _nth_within(rows.customer[order], np.zeros(len(order), dtype=np.int64)) + 1
    return Verdicts(stage, rank, expected)


def _too_weak(rows: Rows, stage: Ints, share: float) -> Bools:
    """Tell permitted rows much less likely than the customer's likeliest permitted product that is new to them.

    Only with it a list ends where it has nothing more to say, and not with what brings most if it ever sells.
    """
    is_new = (stage < 0) & ~np.isin(rows.source, REPEAT) & ~np.isnan(rows.probability)
    best = np.zeros(int(rows.customer.max(initial=-1)) + 1)
    np.maximum.at(best, rows.customer[is_new], rows.probability[is_new])
    # Twelve digits decide, so that every machine draws the same line.
    return (stage < 0) & (np.round(rows.probability - share * best[rows.customer], 12) < 0)


def _best_first(rows: Rows, expected: Floats) -> Ints:
    """Sort by customer, the likeliest profit first; what is not known comes last.

    Twelve digits decide: what differs less has the same worth on every machine.
    """
    keys = (
        rows.product,
        rows.source,
        rows.place,
        -_known(rows.probability),
        -_known(expected),
        rows.customer,
    )
    return np.lexsort(keys).astype(np.int64)


def _known(values: Floats) -> Floats:
    return np.where(np.isnan(values), -np.inf, np.round(values, 12))


def _nth_within(customer: Ints, group: Ints) -> Ints:
    """Count, for each row, the rows of the same customer and group before it.

    Examples
    --------
    >>> _nth_within(np.array([1, 1, 1, 2]), np.array([7, 8, 7, 7]))
    array([0, 0, 1, 0])
    """
    order = np.lexsort((group, customer))
    is_first = _changes(customer[order], group[order])
    starts = np.flatnonzero(is_first)
    nth = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    result = np.empty(len(order), dtype=np.int64)
    result[order] = nth
    return result


def _changes(*keys: Ints) -> Bools:
    """Tell where sorted keys differ from the row before."""
    changed = np.zeros(len(keys[0]), dtype=np.bool_)
    changed[:1] = True
    for key in keys:
        changed[1:] |= key[1:] != key[:-1]
    return changed
