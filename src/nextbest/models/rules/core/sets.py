"""Sets of three products and more that are bought together: Eclat over bitsets, and the rules they make.

References
----------
.. [1] Zaki (2000), Scalable algorithms for association mining. IEEE TKDE 12.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextbest.models.rules.core.baskets import Baskets, Floats, Ints, Longs
from nextbest.models.rules.core.kernel import grown, in_threads, kernel, threads_for
from nextbest.models.rules.core.pairs import Pairs, TooManyError

_PAIR = 2

Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Sets:
    """All frequent sets of one length, in order of their members."""

    members: Ints
    """Product numbers, ascending in a row; shape (n_sets, length)."""
    n_both: Longs
    keys: Longs
    """Where the set without its last member stands among the shorter sets, and the last member, in one number."""


@dataclass(frozen=True, slots=True)
class LongRules:
    """Rules with a body of two products or more; ``bodies`` has shape (n_rules, length - 1)."""

    bodies: Ints
    heads: Ints
    n_body: Longs
    n_both: Longs
    is_redundant: NDArray[np.bool_]


def frequent_sets(
    baskets: Baskets, pairs: Pairs, floor: int, *, max_length: int, limit: int, threads: int | None = None
) -> list[Sets]:
    """Find all sets in at least ``floor`` baskets, by length: single products, pairs, three and more.

    Raises
    ------
    TooManyError
        More than ``limit`` sets reach the floor.
    """
    n_products = len(baskets.codes)
    singles = np.arange(n_products, dtype=np.int32)
    levels = [Sets(singles[:, None], baskets.counts, singles.astype(np.int64))]
    levels.append(Sets(pairs.members, pairs.n_both, pairs.first.astype(np.int64) * n_products + pairs.second))
    if max_length <= _PAIR or len(pairs) <= _PAIR:
        return levels
    members, n_both = _longer(baskets, pairs, floor, max_length=max_length, limit=limit, threads=threads)
    lengths = (members >= 0).sum(axis=1)
    for length in range(_PAIR + 1, max_length + 1):
        chosen = lengths == length
        if not chosen.any():
            break
        rows, counts = members[chosen, :length], n_both[chosen]
        order = np.lexsort(rows.T[::-1])
        rows, counts = rows[order], counts[order]
        keys = places(levels, rows[:, :-1]) * n_products + rows[:, -1]
        levels.append(Sets(rows, counts, keys))
    return levels


def places(levels: list[Sets], members: Ints) -> Longs:
    """Say where each set stands among the sets of its length; every subset of a frequent set is frequent."""
    n_products = len(levels[0].members)
    place = members[:, 0].astype(np.int64)
    for depth in range(1, members.shape[1]):
        place = np.searchsorted(levels[depth].keys, place * n_products + members[:, depth])
    return place


def long_rules(levels: list[Sets], n_baskets: int) -> list[LongRules]:
    """Turn sets of three and more into rules with one head; a rule is redundant if a shorter body does as well.

    The empty body counts: a rule whose confidence is not above the head's share of all baskets says nothing.
    """
    pairs, counts = levels[1], levels[0].n_both
    confidence = pairs.n_both[:, None] / counts[pairs.members[:, ::-1]]
    best: Floats = counts[pairs.members] / n_baskets
    rules: list[LongRules] = []
    for depth in range(2, len(levels)):
        longer, shorter = levels[depth], levels[depth - 1]
        length = depth + 1
        place = [places(levels, np.delete(longer.members, j, axis=1)) for j in range(length)]
        n_body = np.column_stack([shorter.n_both[place[j]] for j in range(length)])
        best_now = np.zeros((len(longer.members), length))
        for head in range(length):
            for gone in (i for i in range(length) if i != head):
                at = head - (gone < head)
                known = np.maximum(confidence[place[gone], at], best[place[gone], at])
                best_now[:, head] = np.maximum(best_now[:, head], known)
        confidence, best = longer.n_both[:, None] / n_body, best_now
        rules.extend(
            LongRules(
                np.delete(longer.members, head, axis=1),
                longer.members[:, head],
                n_body[:, head],
                longer.n_both,
                best[:, head] >= confidence[:, head],
            )
            for head in range(length)
        )
    return rules


def _longer(
    baskets: Baskets, pairs: Pairs, floor: int, *, max_length: int, limit: int, threads: int | None
) -> tuple[Ints, Longs]:
    pair_starts = np.searchsorted(pairs.first, np.arange(len(baskets.codes) + 1)).astype(np.int64)

    def work(first: int, stride: int) -> Longs:
        share = (first, stride, floor, max_length, limit)
        lists = (baskets.starts, baskets.products, baskets.product_starts, baskets.tids)
        return _eclat(share, lists, pair_starts, pairs.second)

    found = np.concatenate(in_threads(work, threads or threads_for(len(baskets.products))))
    if len(found) > limit:
        raise TooManyError(len(found))
    return found[:, :-1].astype(np.int32), found[:, -1].copy()


@kernel
def _popcount(word: np.uint64) -> np.int64:
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel
def _meet(rows: Words, i: int, j: int, out: int) -> np.int64:
    n = np.int64(0)
    for w in range(rows.shape[1]):
        rows[out, w] = rows[i, w] & rows[j, w]
        n += _popcount(rows[out, w])
    return n


@kernel
def _bitsets(a: int, lists: tuple[Longs, Ints, Longs, Ints], slot: Ints, rows: Words) -> None:
    """Mark, for each partner of ``a``, in which of the baskets of ``a`` it is."""
    starts, products, product_starts, tids = lists
    for bit in range(product_starts[a + 1] - product_starts[a]):
        j = starts[tids[product_starts[a] + bit] + 1] - 1
        while products[j] > a:
            s = slot[products[j]]
            if s > 0:
                rows[s - 1, bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)
            j -= 1


@kernel
def _more_room(rows: Words, last: Ints) -> tuple[Words, Ints]:
    """Copy the open levels into arrays of twice the length."""
    n, n_words = rows.shape
    more, longer = np.empty((2 * n, n_words), dtype=np.uint64), np.empty(2 * n, dtype=np.int32)
    for row in range(n):
        longer[row] = last[row]
        for w in range(n_words):
            more[row, w] = rows[row, w]
    return more, longer


@kernel
def _eclat(  # noqa: C901 - one search, its stack in local arrays
    share: tuple[int, int, int, int, int],
    lists: tuple[Longs, Ints, Longs, Ints],
    pair_starts: Longs,
    partners: Ints,
) -> Longs:
    """Grow sets depth first; the bitsets of the open levels lie one after the other in ``rows``.

    Gives a row for each set: its members, -1 where it is shorter than the longest, and last its baskets.
    """
    first, stride, floor, max_length, limit = share
    n_products = len(pair_starts) - 1
    slot = np.zeros(n_products, dtype=np.int32)
    found = np.empty((1024, max_length + 1), dtype=np.int64)
    n_found = 0
    stack = np.zeros((4, max_length + 1), dtype=np.int64)
    base, size, at, prefix = stack[0], stack[1], stack[2], stack[3]
    for a in range(first, n_products, stride):
        n_partners = pair_starts[a + 1] - pair_starts[a]
        if n_partners < _PAIR or n_found > limit:
            continue
        n_words = (lists[2][a + 1] - lists[2][a] + 63) // 64
        rows = np.zeros((2 * n_partners + 1, n_words), dtype=np.uint64)
        last = np.empty(2 * n_partners + 1, dtype=np.int32)
        for p in range(n_partners):
            last[p] = partners[pair_starts[a] + p]
            slot[last[p]] = p + 1
        _bitsets(a, lists, slot, rows)
        for p in range(n_partners):
            slot[last[p]] = 0
        prefix[0] = a
        depth, base[0], size[0], at[0] = 0, 0, n_partners, 0
        while depth >= 0:
            if at[depth] >= size[depth] - 1 or n_found > limit:
                depth -= 1
                continue
            i = base[depth] + at[depth]
            at[depth] += 1
            prefix[depth + 1] = last[i]
            new = base[depth] + size[depth]
            n_new = 0
            for j in range(i + 1, new):
                if new + n_new == len(rows):
                    rows, last = _more_room(rows, last)
                n_both = _meet(rows, i, j, new + n_new)
                if n_both < floor:
                    continue
                last[new + n_new] = last[j]
                n_new += 1
                if n_found == len(found):
                    found = grown(found)
                for m in range(max_length):
                    found[n_found, m] = prefix[m] if m < depth + _PAIR else -1
                found[n_found, depth + _PAIR] = last[j]
                found[n_found, max_length] = n_both
                n_found += 1
            if n_new >= _PAIR and depth + 3 < max_length:
                depth += 1
                base[depth], size[depth], at[depth] = new, n_new, 0
    return found[:n_found]
