"""Who bought what on which day, and how likely an order of first purchases is if the days are shuffled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from nextbest.models.rules.core.baskets import Baskets, Floats, Ints, Longs
from nextbest.models.rules.core.kernel import kernel
from nextbest.models.rules.core.lists import Lists, basket_lists, group_lists

_EDGES = np.array([1, 2, 3, 4, 5, 6, *np.unique(np.geomspace(8, 100_000, 33).astype(np.int64))])


@dataclass(frozen=True, slots=True)
class Visits:
    """Days on which known customers bought, and the products of each day."""

    lists: Lists
    """Visits of each product."""
    buyers: Lists
    """Customers of each product."""
    purchases: Longs
    """Buyer ``k`` has the product on visits ``lists.holders[purchases[k]:purchases[k + 1]]``."""
    customers: Ints
    """Customer of each visit, ascending."""
    days: Ints
    """Day of each visit, ascending within a customer."""
    n_customers: int

    @property
    def first_days(self) -> Ints:
        """First day of each of ``buyers.holders`` with the product."""
        days: Ints = self.days[self.lists.holders[self.purchases[:-1]]]
        return days

    @property
    def n_days(self) -> Ints:
        """Days of each of ``buyers.holders`` with the product."""
        return np.diff(self.purchases).astype(np.int32)


def make_visits(baskets: Baskets, customers: Ints, days: Ints, known: np.ndarray) -> Visits:
    """Join the baskets of a customer's day.

    Parameters
    ----------
    baskets
        Numbered so that a customer's baskets stand together, in order of days.
    customers, days
        Customer and day number of each basket; shape (n_baskets,).
    known
        Whether customer and day of the basket are known; the others are left out.
    """
    at = np.flatnonzero(known)
    fresh = np.ones(len(at), dtype=bool)
    fresh[1:] = (customers[at][1:] != customers[at][:-1]) | (days[at][1:] != days[at][:-1])
    visit = np.full(baskets.n, -1, dtype=np.int32)
    visit[at] = np.cumsum(fresh) - 1
    visit_customers = customers[at][fresh]
    number = np.unique(visit_customers, return_inverse=True)[1].astype(np.int32)
    lists = group_lists(basket_lists(baskets), visit)
    buyers = group_lists(lists, number)
    visit_days = days[at][fresh].astype(np.int32)
    return Visits(
        lists,
        buyers,
        _purchases(lists.starts, lists.holders, number, len(buyers.holders)),
        number,
        visit_days,
        int(number.max(initial=-1)) + 1,
    )


@dataclass(frozen=True, slots=True)
class WindowShares:
    """How often the head's first day falls into the window, if the days of a customer are shuffled.

    For a customer and numbers of days ``u`` (body or head) and ``k`` (head), given that a day with the body alone is the first
    of the ``u``. Numbers of days above 6 are put into steps of about a third.
    """

    starts: Longs
    """Where the customer's table begins in ``shares``."""
    widths: Ints
    """Steps in the customer's table, which is square: (``u``, ``k``)."""
    shares: Floats
    steps: Ints
    """Step of a number of days."""


def window_shares(visits: Visits, within_days: int) -> WindowShares:
    """Tabulate the window shares of every customer."""
    n_days = np.bincount(visits.customers, minlength=visits.n_customers)
    widths = np.searchsorted(_EDGES, n_days, side="right").astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(widths.astype(np.int64) ** 2)])
    upper = np.append(_EDGES[1:], _EDGES[-1] * 2) - 1
    typical = np.round(np.sqrt(_EDGES * upper)).astype(np.int64)
    log_factorial = special.gammaln(np.arange(int(n_days.max(initial=0)) + 2) + 1.0)
    shares = np.zeros(int(starts[-1]))
    steps = np.searchsorted(_EDGES, np.arange(int(n_days.max(initial=0)) + 1), side="right") - 1
    day_starts = np.concatenate([[0], np.cumsum(n_days)])
    _fill_shares(visits.days, day_starts, (starts, widths, typical), within_days, log_factorial, shares)
    return WindowShares(starts, widths, shares, steps.astype(np.int32))


@kernel
def _purchases(starts: Longs, holders: Ints, customers: Ints, n: int) -> Longs:
    out = np.empty(n + 1, dtype=np.int64)
    out[n] = len(holders)
    i = 0
    for a in range(len(starts) - 1):
        last = -1
        for k in range(starts[a], starts[a + 1]):
            if customers[holders[k]] != last:
                last = customers[holders[k]]
                out[i] = k
                i += 1
    return out


@kernel
def _log_choose(n: int, k: int, log_factorial: Floats) -> float:
    log_ways: float = log_factorial[n] - log_factorial[k] - log_factorial[n - k]
    return log_ways


@kernel
def _share(days: Ints, reach: Longs, u: int, k: int, log_factorial: Floats) -> float:
    """Sum over the place of the first of ``u`` days: its chance times the chance that a head's day is within reach."""
    n = len(days)
    total = 0.0
    for i in range(n - u + 1):
        later = n - 1 - i
        here = np.exp(_log_choose(later, u - 1, log_factorial) - _log_choose(n, u, log_factorial))
        beyond = later - reach[i]
        missed = 0.0
        if beyond >= k:
            missed = np.exp(_log_choose(beyond, k, log_factorial) - _log_choose(later, k, log_factorial))
        total += here * (1 - missed)
    return total


@kernel
def _fill_shares(
    days: Ints,
    day_starts: Longs,
    tables: tuple[Longs, Ints, Longs],
    within_days: int,
    log_factorial: Floats,
    shares: Floats,
) -> None:
    starts, widths, typical = tables
    for c in range(len(widths)):
        own = days[day_starts[c] : day_starts[c + 1]]
        n = len(own)
        if n == 1:
            continue
        reach = np.zeros(n, dtype=np.int64)
        j = 0
        for i in range(n):
            while j + 1 < n and own[j + 1] - own[i] <= within_days:
                j += 1
            reach[i] = j - i
        for s in range(1, widths[c]):
            u = min(typical[s], n)
            for m in range(s + 1):
                k = min(typical[m], u - 1)
                shares[starts[c] + s * widths[c] + m] = _share(own, reach, u, k, log_factorial)
