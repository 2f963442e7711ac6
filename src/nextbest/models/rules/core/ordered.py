"""What comes next after what: first purchases in order, counted per customer.

The null of ``size_lift`` takes as given which customers buy both, on which days each of them shops, and on how many of these days
each product is bought and both are. Three explanations of an order are then allowed, and the largest expected count is used:

- frequency: the order of the customer's days is chance. The first day with either product is one with the body alone in
  ``(n_body - n_both) / n_either`` of the orders, and what is bought often is met first; the window counts on the customer's own days.
- the head's calendar: each customer starts with the body when they did, and with the head on a day drawn from the first days of
  all its buyers. Seasons and launches (nobody can buy the new model first) explain that much.
- the body's calendar: the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from nextbest.models.rules.core.baskets import Floats, Ints, Longs
from nextbest.models.rules.core.following import count_following, weigh_following
from nextbest.models.rules.core.kernel import in_threads
from nextbest.models.rules.core.lists import turned
from nextbest.models.rules.core.pairs import TooManyError
from nextbest.models.rules.core.visits import Visits, window_shares

_LARGEST_TABLE = 50_000_000


@dataclass(frozen=True, slots=True)
class Sequences:
    """Ordered pairs body, later head; one entry per rule."""

    bodies: Ints
    heads: Ints
    n_both: Longs
    """Customers whose first head comes within the window after their first body."""
    n_ever: Longs
    """Customers who bought both, in whatever order."""
    expected: Floats
    """Of these, how many the null puts in that order and window."""
    days: Floats
    """Quartiles of the days from body to head; shape (n_rules, 3)."""

    @property
    def p_values(self) -> Floats:
        """Bound of the chance of as many customers under the null, by Hoeffding's theorem."""
        trials = np.maximum(self.n_ever, 1).astype(float)
        p = special.betainc(
            np.maximum(self.n_both, 1e-9), trials - self.n_both + 1, np.minimum(self.expected / trials, 1)
        )
        return np.where(self.n_both == 0, 1.0, p)


def ordered_pairs(
    visits: Visits, floor: int, within_days: int, *, limit: int = 2**31, threads: int | None = None
) -> Ints:
    """Find body and head of the rules that at least ``floor`` customers followed; shape (n_rules, 2).

    Raises
    ------
    TooManyError
        More than ``limit`` pairs reach the floor.
    """
    buyers, first_days = visits.buyers, visits.first_days
    often = buyers.counts >= floor
    starts, products, places = turned(buyers.starts, buyers.holders, often, visits.n_customers)
    rows = (starts, products, first_days[places])

    def work(first: int, stride: int) -> Longs:
        share = (first, stride, floor, within_days, limit)
        return count_following(share, often, (buyers.starts, buyers.holders, first_days), rows)

    found = np.concatenate(in_threads(work, threads))
    if len(found) > limit:
        raise TooManyError(len(found))
    order = np.argsort(found[:, 0] * len(often) + found[:, 1])
    return found[order].astype(np.int32)


def measure_sequences(
    visits: Visits, members: Ints, within_days: int, *, threads: int | None = None
) -> Sequences:
    """Count given ordered pairs, and say what their frequency and the calendar would make likely."""
    buyers, shares, started = visits.buyers, window_shares(visits, within_days), _started(visits)
    firsts, n_days = visits.first_days, visits.n_days
    wanted = np.zeros(len(buyers.counts), dtype=np.bool_)
    wanted[members.ravel()] = True
    row_starts, products, places = turned(buyers.starts, buyers.holders, wanted, visits.n_customers)
    rows = (row_starts, products, firsts[places], n_days[places])
    baskets = turned(visits.lists.starts, visits.lists.holders, wanted, len(visits.days))[:2]
    own = (buyers.starts, buyers.holders, firsts, n_days, visits.purchases, visits.lists.holders)
    partners = _partners(members, len(wanted))
    longest = min(within_days, int(np.ptp(visits.days)) if len(visits.days) else 0)
    counts = np.zeros((len(members), 2), dtype=np.int64)
    likely, days = np.zeros((len(members), 3)), np.full((len(members), 3), np.nan)

    def work(first: int, stride: int) -> None:
        weigh_following(
            (first, stride, within_days, longest),
            partners,
            own,
            rows,
            baskets,
            (shares.starts, shares.widths, shares.shares, shares.steps),
            (started.n_until, started.base, started.step),
            (counts, likely, days),
        )

    in_threads(work, threads)
    n_started = np.maximum(started.n_until[:, -1][members], 1)
    expected = np.maximum(likely[:, 0], (likely[:, 1:] / n_started[:, ::-1]).max(axis=1))
    return Sequences(members[:, 0], members[:, 1], counts[:, 0], counts[:, 1], expected, days)


def _partners(members: Ints, n_products: int) -> tuple[Longs, Ints, Longs]:
    """List for each product the later-numbered products it makes rules with, and the rules both ways; -1: none."""
    low, high = members.min(axis=1).astype(np.int64), members.max(axis=1)
    pairs, at = np.unique(low * n_products + high, return_inverse=True)
    rules = np.full((len(pairs), 2), -1, dtype=np.int64)
    rules[at, (members[:, 0] > members[:, 1]).astype(np.int64)] = np.arange(len(members))
    starts = np.searchsorted(pairs, np.arange(n_products + 1) * n_products)
    return starts.astype(np.int64), (pairs % n_products).astype(np.int32), rules


@dataclass(frozen=True, slots=True)
class _Started:
    """How many buyers had started with each product until a day; shape (n_products, n_steps + 1)."""

    n_until: Ints
    base: int
    step: int
    """Days per step: 1 unless the table would grow too large."""


def _started(visits: Visits) -> _Started:
    base = int(visits.days.min(initial=0)) if len(visits.days) else 0
    span = int(visits.days.max(initial=base)) - base + 1
    n_products = len(visits.buyers.counts)
    step = -(-span * n_products // _LARGEST_TABLE) or 1
    width = -(-span // step) + 1
    product = np.repeat(np.arange(n_products), visits.buyers.counts)
    at = product * width + (visits.first_days - base) // step + 1
    table = np.bincount(at, minlength=n_products * width).astype(np.int32).reshape(n_products, width)
    return _Started(np.cumsum(table, axis=1, dtype=np.int32), base, step)
