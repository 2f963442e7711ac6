"""Counts for given sets of products: who holds all of them, by group, by customer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextbest.models.rules.core.baskets import Baskets, Ints, Longs
from nextbest.models.rules.core.kernel import in_threads, kernel

_BITS = 62


@dataclass(frozen=True, slots=True)
class Lists:
    """Who holds each product: ``holders[starts[a]:starts[a + 1]]``, ascending."""

    starts: Longs
    holders: Ints

    @property
    def counts(self) -> Longs:
        """Holders per product."""
        return np.diff(self.starts)


def basket_lists(baskets: Baskets) -> Lists:
    """List each product's baskets."""
    return Lists(baskets.product_starts, baskets.tids)


def group_lists(lists: Lists, group: Ints) -> Lists:
    """List each product's groups (customers, visits) instead of its baskets.

    Parameters
    ----------
    group
        Group of each basket, ascending with the basket number; -1: none.

    Examples
    --------
    >>> lists = Lists(np.array([0, 3, 4]), np.array([0, 1, 3, 2], dtype=np.int32))
    >>> group_lists(lists, np.array([0, 0, 1, 1], dtype=np.int32)).holders
    array([0, 1, 1], dtype=int32)
    """
    starts, holders = _regroup(lists.starts, lists.holders, group)
    return Lists(starts, holders)


def each_once(sets: Ints, n_products: int) -> tuple[Ints, Longs]:
    """List each distinct set once, and say where each of ``sets`` is in the list; both directions of a rule share one.

    Examples
    --------
    >>> distinct, at = each_once(np.array([[2, 1], [0, 2], [1, 2]]), n_products=3)
    >>> distinct.tolist(), at
    ([[0, 2], [1, 2]], array([1, 0, 1]))
    """
    members = np.sort(sets, axis=1)
    if members.shape[1] * np.log2(max(n_products, 2)) >= _BITS:
        distinct, at = np.unique(members, axis=0, return_inverse=True)
        return np.ascontiguousarray(distinct, dtype=np.int32), at.ravel()
    keys = np.zeros(len(members), dtype=np.int64)
    for column in members.T:
        keys = keys * n_products + column
    first, at = np.unique(keys, return_index=True, return_inverse=True)[1:]
    return np.ascontiguousarray(members[first], dtype=np.int32), at


def holders_of_all(
    lists: Lists, members: Ints, *, group: Ints | None = None, n_groups: int = 1, threads: int | None = None
) -> Longs:
    """Count who holds every member of each set, by group of holders.

    Parameters
    ----------
    members
        Product numbers, one set per row, shape (n_sets, length).
    group
        Group of each holder, 0 to ``n_groups`` - 1, -1: left out.

    Returns
    -------
    Counts, shape (n_sets, n_groups).

    Examples
    --------
    >>> lists = Lists(np.array([0, 3, 5]), np.array([0, 1, 3, 1, 3], dtype=np.int32))
    >>> holders_of_all(lists, np.array([[0, 1]], dtype=np.int32))
    array([[2]])
    """
    counts = np.zeros((len(members), n_groups), dtype=np.int64)
    groups = np.zeros(0, dtype=np.int32) if group is None else group

    def work(first: int, stride: int) -> None:
        _together((first, stride), members, lists.starts, lists.holders, groups, counts)

    in_threads(work, threads)
    return counts


def makers_of_all(
    lists: Lists, members: Ints, customers: Ints, threads: int | None = None
) -> tuple[Longs, Longs]:
    """Count the known customers behind each set's baskets, and these plus the guests' baskets."""
    counts = np.zeros((len(members), 2), dtype=np.int64)

    def work(first: int, stride: int) -> None:
        _makers((first, stride), members, lists.starts, lists.holders, customers, counts)

    in_threads(work, threads)
    return counts[:, 0], counts.sum(axis=1)


@kernel
def turned(
    starts: Longs, holders: Ints, wanted: NDArray[np.bool_], n_holders: int
) -> tuple[Longs, Ints, Longs]:
    """Turn lists round: the wanted products of each holder, ascending, and where each stood in ``holders``."""
    row_starts = np.zeros(n_holders + 1, dtype=np.int64)
    for a in range(len(wanted)):
        if wanted[a]:
            for k in range(starts[a], starts[a + 1]):
                row_starts[holders[k] + 1] += 1
    for holder in range(n_holders):
        row_starts[holder + 1] += row_starts[holder]
    at = row_starts[:-1].copy()
    products = np.empty(row_starts[-1], dtype=np.int32)
    places = np.empty(row_starts[-1], dtype=np.int64)
    for a in range(len(wanted)):
        if wanted[a]:
            for k in range(starts[a], starts[a + 1]):
                products[at[holders[k]]] = a
                places[at[holders[k]]] = k
                at[holders[k]] += 1
    return row_starts, products, places


@kernel
def _regroup(starts: Longs, holders: Ints, group: Ints) -> tuple[Longs, Ints]:
    new_starts = np.zeros_like(starts)
    out = np.empty_like(holders)
    n = 0
    for a in range(len(starts) - 1):
        last = -1
        for k in range(starts[a], starts[a + 1]):
            g = group[holders[k]]
            if g > last:
                out[n] = g
                n += 1
                last = g
        new_starts[a + 1] = n
    return new_starts, out[:n].copy()


@kernel
def _reach(holders: Ints, start: int, end: int, wanted: int) -> int:
    """Find the first place from ``start`` whose holder is not before ``wanted``: leap, then halve."""
    leap = 1
    low = start
    while low + leap < end and holders[low + leap] < wanted:
        low += leap
        leap *= 2
    high = min(low + leap, end)
    while low < high:
        middle = (low + high) // 2
        if holders[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _next(members: Ints, starts: Longs, holders: Ints, at: Longs) -> int:
    """Move to the next holder of all members, -1 where there is none; ``at`` keeps the places."""
    a = members[0]
    while at[0] < starts[a + 1]:
        wanted = holders[at[0]]
        at[0] += 1
        found = True
        for m in range(1, len(members)):
            end = starts[members[m] + 1]
            if at[m] < end and holders[at[m]] < wanted:
                at[m] = _reach(holders, at[m], end, wanted)
            if at[m] == end:
                return -1
            if holders[at[m]] != wanted:
                found = False
                break
        if found:
            return int(wanted)
    return -1


@kernel
def _together(
    share: tuple[int, int], members: Ints, starts: Longs, holders: Ints, group: Ints, counts: Longs
) -> None:
    at = np.empty(members.shape[1], dtype=np.int64)
    for i in range(share[0], len(members), share[1]):
        for m in range(len(at)):
            at[m] = starts[members[i, m]]
        holder = _next(members[i], starts, holders, at)
        while holder >= 0:
            g = group[holder] if len(group) else 0
            if g >= 0:
                counts[i, g] += 1
            holder = _next(members[i], starts, holders, at)


@kernel
def _makers(
    share: tuple[int, int], members: Ints, starts: Longs, holders: Ints, customers: Ints, counts: Longs
) -> None:
    at = np.empty(members.shape[1], dtype=np.int64)
    for i in range(share[0], len(members), share[1]):
        for m in range(len(at)):
            at[m] = starts[members[i, m]]
        last = -1
        holder = _next(members[i], starts, holders, at)
        while holder >= 0:
            customer = customers[holder]
            if customer < 0:
                counts[i, 1] += 1
            elif customer != last:
                counts[i, 0] += 1
                last = customer
            holder = _next(members[i], starts, holders, at)
