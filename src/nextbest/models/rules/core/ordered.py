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
from nextbest.models.rules.core.kernel import in_threads, kernel
from nextbest.models.rules.core.pairs import TooManyError
from nextbest.models.rules.core.visits import Visits, window_shares

_LARGEST_TABLE = 50_000_000
_EXACT = 6


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
    rows = _rows(visits.buyers.starts, visits.buyers.holders, visits.first_days, visits.n_customers)

    def work(first: int, stride: int) -> Ints:
        share = (first, stride, floor, within_days, limit)
        own = (visits.buyers.starts, visits.buyers.holders, visits.first_days)
        return _follow(share, own, rows)

    found = np.concatenate(in_threads(work, threads))
    if len(found) > limit:
        raise TooManyError(len(found))
    return found[np.lexsort((found[:, 1], found[:, 0]))]


def measure_sequences(
    visits: Visits, members: Ints, within_days: int, *, threads: int | None = None
) -> Sequences:
    """Count given ordered pairs, and say what their frequency and the calendar would make likely."""
    shares = window_shares(visits, within_days)
    started = _started(visits)
    counts = np.zeros((len(members), 2), dtype=np.int64)
    expected, days = np.zeros(len(members)), np.full((len(members), 3), np.nan)

    def work(first: int, stride: int) -> None:
        who = (visits.lists.starts, visits.lists.holders, visits.customers, visits.days)
        table = (shares.starts, shares.widths, shares.shares, shares.edges)
        share = (first, stride, within_days)
        _measure(
            share,
            members,
            who,
            table,
            (started.n_until, started.base, started.step),
            (counts, expected, days),
        )

    in_threads(work, threads)
    return Sequences(members[:, 0], members[:, 1], counts[:, 0], counts[:, 1], expected, days)


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
    n_steps = -(-span // step)
    product = np.repeat(np.arange(n_products), visits.buyers.counts)
    table = np.zeros((n_products, n_steps + 1), dtype=np.int32)
    np.add.at(table, (product, (visits.first_days - base) // step + 1), 1)
    return _Started(np.cumsum(table, axis=1, dtype=np.int32), base, step)


@kernel
def _rows(starts: Longs, holders: Ints, first_days: Ints, n_customers: int) -> tuple[Longs, Ints, Ints]:
    """Turn the lists round: products of each customer, ascending, with the first day."""
    row_starts = np.zeros(n_customers + 1, dtype=np.int64)
    for k in range(len(holders)):
        row_starts[holders[k] + 1] += 1
    row_starts = np.cumsum(row_starts)
    at = row_starts[:-1].copy()
    products = np.empty(len(holders), dtype=np.int32)
    firsts = np.empty(len(holders), dtype=np.int32)
    for a in range(len(starts) - 1):
        for k in range(starts[a], starts[a + 1]):
            products[at[holders[k]]] = a
            firsts[at[holders[k]]] = first_days[k]
            at[holders[k]] += 1
    return row_starts, products, firsts


@kernel
def _append(found: Ints, n: int, body: int, head: int) -> Ints:
    if n == len(found):
        more = np.empty((2 * n, 2), dtype=np.int32)
        more[:n] = found
        found = more
    found[n, 0] = body
    found[n, 1] = head
    return found


@kernel
def _follow(
    share: tuple[int, int, int, int, int], own: tuple[Longs, Ints, Ints], rows: tuple[Longs, Ints, Ints]
) -> Ints:
    first, stride, floor, within_days, limit = share
    starts, holders, first_days = own
    row_starts, products, firsts = rows
    n_products = len(starts) - 1
    after = np.zeros((n_products, 2), dtype=np.int32)
    found = np.empty((1024, 2), dtype=np.int32)
    n_found = 0
    for a in range(first, n_products, stride):
        if starts[a + 1] - starts[a] < floor or n_found > limit:
            continue
        for k in range(starts[a], starts[a + 1]):
            j = row_starts[holders[k] + 1] - 1
            while products[j] > a:
                gap = firsts[j] - first_days[k]
                if 1 <= gap <= within_days:
                    after[products[j], 0] += 1
                elif 1 <= -gap <= within_days:
                    after[products[j], 1] += 1
                j -= 1
        for b in range(a + 1, n_products):
            if after[b, 0] >= floor:
                found = _append(found, n_found, a, b)
                n_found += 1
            if after[b, 1] >= floor:
                found = _append(found, n_found, b, a)
                n_found += 1
            after[b] = 0
    return found[:n_found]


@kernel
def _step(edges: Longs, n: int) -> int:
    if n <= _EXACT:
        return n - 1
    low, high = _EXACT, len(edges)
    while low < high:
        middle = (low + high) // 2
        if edges[middle] <= n:
            low = middle + 1
        else:
            high = middle
    return low - 1


@kernel
def _until(n_until: Ints, base: int, step: int, day: int) -> int:
    """Find the column of ``n_until`` for the buyers who started on ``day`` or before."""
    column: int = min(max((day - base) // step + 1, 0), n_until.shape[1] - 1)
    return column


@kernel
def _measure(  # noqa: C901, PLR0915 - one merge of two lists, its sums in local variables
    share: tuple[int, int, int],
    members: Ints,
    who: tuple[Longs, Ints, Ints, Ints],
    table: tuple[Longs, Ints, Floats, Longs],
    started: tuple[Ints, int, int],
    out: tuple[Longs, Floats, Floats],
) -> None:
    first, stride, within_days = share
    starts, visits, customers, days = who
    table_starts, widths, shares, edges = table
    n_until, base, step = started
    counts, expected, quartiles = out
    gaps = np.empty(1024, dtype=np.int32)
    for r in range(first, len(members), stride):
        i, i_end = starts[members[r, 0]], starts[members[r, 0] + 1]
        j, j_end = starts[members[r, 1]], starts[members[r, 1] + 1]
        n_gaps = 0
        heads, bodies = n_until[members[r, 1]], n_until[members[r, 0]]
        by_frequency, by_head, by_body = 0.0, 0.0, 0.0
        while i < i_end and j < j_end:
            customer = customers[visits[i]]
            other = customers[visits[j]]
            if customer < other:
                i += 1
                continue
            if other < customer:
                j += 1
                continue
            body_day, head_day = days[visits[i]], days[visits[j]]
            gap = head_day - body_day
            by_head += heads[_until(n_until, base, step, body_day + within_days)]
            by_head -= heads[_until(n_until, base, step, body_day)]
            by_body += bodies[_until(n_until, base, step, head_day - 1)]
            by_body -= bodies[_until(n_until, base, step, head_day - 1 - within_days)]
            n_body, n_head, n_same = 0, 0, 0
            while True:
                on_body = i < i_end and customers[visits[i]] == customer
                on_head = j < j_end and customers[visits[j]] == customer
                if not (on_body or on_head):
                    break
                same = on_body and on_head and visits[i] == visits[j]
                takes_body = on_body and (same or not on_head or visits[i] < visits[j])
                takes_head = on_head and (same or not takes_body)
                n_same += same
                n_body += takes_body
                n_head += takes_head
                i += takes_body
                j += takes_head
            counts[r, 1] += 1
            n_either = n_body + n_head - n_same
            if n_body > n_same:
                place = (
                    table_starts[customer] + _step(edges, n_either) * widths[customer] + _step(edges, n_head)
                )
                by_frequency += (n_body - n_same) / n_either * shares[place]
            if 1 <= gap <= within_days:
                if n_gaps == len(gaps):
                    more = np.empty(2 * n_gaps, dtype=np.int32)
                    more[:n_gaps] = gaps
                    gaps = more
                gaps[n_gaps] = gap
                n_gaps += 1
        if counts[r, 1] > 0:
            expected[r] = max(by_frequency, by_head / heads[-1], by_body / bodies[-1])
        counts[r, 0] = n_gaps
        if n_gaps:
            sorted_gaps = np.sort(gaps[:n_gaps])
            for q in range(3):
                at = (q + 1) / 4 * (n_gaps - 1)
                low = int(at)
                high = min(low + 1, n_gaps - 1)
                quartiles[r, q] = sorted_gaps[low] + (at - low) * (sorted_gaps[high] - sorted_gaps[low])
