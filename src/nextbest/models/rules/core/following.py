"""The loops over customers' first purchases: counted pair by pair, and weighed against chance and calendar.

One product is taken at a time, with all that its buyers bought: both directions of its pairs are met in the same pass.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nextbest.models.rules.core.baskets import Floats, Ints, Longs
from nextbest.models.rules.core.kernel import grown, kernel


@kernel
def count_following(
    share: tuple[int, int, int, int, int],
    often: NDArray[np.bool_],
    own: tuple[Longs, Ints, Ints],
    rows: tuple[Longs, Ints, Ints],
) -> Longs:
    """Find body and head of the pairs that enough customers followed."""
    first, stride, floor, within_days, limit = share
    starts, holders, first_days = own
    row_starts, products, firsts = rows
    n_products = len(often)
    after = np.zeros((n_products, 2), dtype=np.int32)
    found = np.empty((1024, 2), dtype=np.int64)
    n_found = 0
    for a in range(first, n_products, stride):
        if not often[a] or n_found > limit:
            continue
        for k in range(starts[a], starts[a + 1]):
            j = row_starts[holders[k] + 1] - 1
            while products[j] > a:
                gap = firsts[j] - first_days[k]
                # No branch: which of the two comes first cannot be foretold.
                after[products[j], int(gap < 0)] += int(gap != 0) & int(abs(gap) <= within_days)
                j -= 1
        for b in range(a + 1, n_products):
            for way in range(2):
                if after[b, way] >= floor:
                    if n_found == len(found):
                        found = grown(found)
                    found[n_found, way] = a
                    found[n_found, 1 - way] = b
                    n_found += 1
                after[b, way] = 0
    return found[:n_found]


@kernel
def weigh_following(  # noqa: C901, PLR0912, PLR0913, PLR0917 - one pass over buyers and their other products
    share: tuple[int, int, int, int],
    partners: tuple[Longs, Ints, Longs],
    own: tuple[Longs, Ints, Ints, Ints, Longs, Ints],
    rows: tuple[Longs, Ints, Ints, Ints],
    baskets: tuple[Longs, Ints],
    table: tuple[Longs, Ints, Floats, Ints],
    started: tuple[Ints, int, int],
    out: tuple[Longs, Floats, Floats],
) -> None:
    """Add up, for each rule, its customers, what chance and calendar make likely, and the quartiles of the days between."""
    first, stride, within_days, longest = share
    partner_starts, partner, rules = partners
    starts, holders, first_days, n_days, purchases, visits = own
    row_starts, products, firsts, row_days = rows
    table_starts, widths, shares, steps = table
    counts, likely, quartiles = out
    slot = np.full(len(starts) - 1, -1, dtype=np.int32)
    same = np.zeros(len(starts) - 1, dtype=np.int32)
    for a in range(first, len(starts) - 1, stride):
        lowest, highest = partner_starts[a], partner_starts[a + 1]
        if lowest == highest:
            continue
        n_gaps = np.zeros((highest - lowest, 2, longest + 1), dtype=np.int32)
        for p in range(lowest, highest):
            slot[partner[p]] = p - lowest
        for k in range(starts[a], starts[a + 1]):
            for v in range(purchases[k], purchases[k + 1]):
                _add_others(visits[v], a, baskets, same)
            customer = holders[k]
            j = row_starts[customer + 1] - 1
            while products[j] > a:
                b = products[j]
                if slot[b] >= 0:
                    n_either = n_days[k] + row_days[j] - same[b]
                    place = table_starts[customer] + steps[n_either] * widths[customer]
                    for way in range(2):
                        rule = rules[lowest + slot[b], way]
                        if rule < 0:
                            continue
                        counts[rule, 1] += 1
                        body, n_body, body_day, head, n_head, head_day = (
                            a,
                            n_days[k],
                            first_days[k],
                            b,
                            row_days[j],
                            firsts[j],
                        )
                        if way == 1:
                            body, n_body, body_day, head, n_head, head_day = (
                                head,
                                n_head,
                                head_day,
                                body,
                                n_body,
                                body_day,
                            )
                        likely[rule, 0] += (n_body - same[b]) / n_either * shares[place + steps[n_head]]
                        likely[rule, 1] += _between(started, head, body_day, body_day + within_days)
                        likely[rule, 2] += _between(started, body, head_day - 1 - within_days, head_day - 1)
                        if 1 <= head_day - body_day <= within_days:
                            n_gaps[slot[b], way, head_day - body_day] += 1
                same[b] = 0
                j -= 1
        for p in range(lowest, highest):
            slot[partner[p]] = -1
            for way in range(2):
                if rules[p, way] >= 0:
                    counts[rules[p, way], 0] = _quartiles(n_gaps[p - lowest, way], quartiles[rules[p, way]])


@kernel
def _add_others(visit: int, a: int, baskets: tuple[Longs, Ints], same: Ints) -> None:
    """Count a visit with ``a`` for each later-numbered product of it."""
    starts, products = baskets
    j = starts[visit + 1] - 1
    while products[j] > a:
        same[products[j]] += 1
        j -= 1


@kernel
def _between(started: tuple[Ints, int, int], product: int, after: int, until: int) -> int:
    """Count the buyers who started with a product later than ``after``, on ``until`` at the latest."""
    n_until, base, step = started
    last = n_until.shape[1] - 1
    low = min(max((after - base) // step + 1, 0), last)
    high = min(max((until - base) // step + 1, 0), last)
    n: int = n_until[product, high] - n_until[product, low]
    return n


@kernel
def _quartiles(n_gaps: Ints, out: Floats) -> int:
    """Count the gaps, and interpolate their quartiles between the two nearest."""
    n = 0
    for gap in range(len(n_gaps)):
        n += n_gaps[gap]
    if n == 0:
        return 0
    for q in range(3):
        at = (q + 1) / 4 * (n - 1)
        low = int(at)
        high = min(low + 1, n - 1)
        gap, seen = 0, n_gaps[0]
        while seen <= low:
            gap += 1
            seen += n_gaps[gap]
        next_gap = gap
        while seen <= high:
            next_gap += 1
            seen += n_gaps[next_gap]
        out[q] = gap + (at - low) * (next_gap - gap)
    return n
