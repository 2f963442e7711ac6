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
def weigh_following(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - one pass over buyers and their other products
    share: tuple[int, int, int, int],
    partners: tuple[Longs, Ints, Longs],
    own: tuple[Longs, Ints, Ints, Ints, Longs, Ints],
    rows: tuple[Longs, Ints, Ints, Ints],
    baskets: tuple[Longs, Ints],
    table: tuple[Longs, Ints, Floats, Ints],
    started: tuple[Ints, int, int],
    out: tuple[Longs, Floats, Floats],
) -> None:
    """Count the customers of each rule, those expected, and the quartiles of the days between."""
    first, stride, within_days, longest = share
    partner_starts, partner, rules = partners
    starts, holders, first_days, n_days, purchases, visits = own
    row_starts, products, firsts, row_days = rows
    visit_starts, visit_products = baskets
    table_starts, widths, shares, steps = table
    n_until, base, step = started
    counts, expected, quartiles = out
    n_products = len(starts) - 1
    most = 0
    for a in range(n_products):
        most = max(most, partner_starts[a + 1] - partner_starts[a])
    slot = np.full(n_products, -1, dtype=np.int32)
    same = np.zeros(most, dtype=np.int32)
    sums = np.zeros((most, 2, 3))
    n_gaps = np.zeros((most, 2, longest + 1), dtype=np.int32)
    for a in range(first, n_products, stride):
        n_partners = partner_starts[a + 1] - partner_starts[a]
        if n_partners == 0:
            continue
        for s in range(n_partners):
            slot[partner[partner_starts[a] + s]] = s
        for k in range(starts[a], starts[a + 1]):
            customer = holders[k]
            for v in range(purchases[k], purchases[k + 1]):
                j = visit_starts[visits[v] + 1] - 1
                while visit_products[j] > a:
                    if slot[visit_products[j]] >= 0:
                        same[slot[visit_products[j]]] += 1
                    j -= 1
            j = row_starts[customer + 1] - 1
            while products[j] > a:
                b = products[j]
                s = slot[b]
                if s >= 0:
                    n_either = n_days[k] + row_days[j] - same[s]
                    width = widths[customer]
                    place = table_starts[customer] + steps[n_either] * width
                    for way in range(2):
                        r = rules[partner_starts[a] + s, way]
                        if r < 0:
                            continue
                        if way == 0:
                            body, head, body_day, head_day = a, b, first_days[k], firsts[j]
                            n_body, n_head = n_days[k], row_days[j]
                        else:
                            body, head, body_day, head_day = b, a, firsts[j], first_days[k]
                            n_body, n_head = row_days[j], n_days[k]
                        counts[r, 1] += 1
                        if n_body > same[s]:
                            sums[s, way, 0] += (n_body - same[s]) / n_either * shares[place + steps[n_head]]
                        sums[s, way, 1] += _between(
                            n_until[head], base, step, body_day, body_day + within_days
                        )
                        sums[s, way, 2] += _between(
                            n_until[body], base, step, head_day - 1 - within_days, head_day - 1
                        )
                        if 1 <= head_day - body_day <= within_days:
                            n_gaps[s, way, head_day - body_day] += 1
                    same[s] = 0
                j -= 1
        for s in range(n_partners):
            b = partner[partner_starts[a] + s]
            slot[b] = -1
            for way in range(2):
                r = rules[partner_starts[a] + s, way]
                if r >= 0:
                    body, head = (a, b) if way == 0 else (b, a)
                    if counts[r, 1] > 0:
                        expected[r] = max(
                            sums[s, way, 0],
                            sums[s, way, 1] / n_until[head, -1],
                            sums[s, way, 2] / n_until[body, -1],
                        )
                    counts[r, 0] = _quartiles(n_gaps[s, way], quartiles[r])
                for at in range(3):
                    sums[s, way, at] = 0.0
                for gap in range(longest + 1):
                    n_gaps[s, way, gap] = 0


@kernel
def _between(n_until: Ints, base: int, step: int, after: int, until: int) -> int:
    """Count the buyers who started later than ``after``, on ``until`` at the latest."""
    last = len(n_until) - 1
    low = min(max((after - base) // step + 1, 0), last)
    high = min(max((until - base) // step + 1, 0), last)
    n: int = n_until[high] - n_until[low]
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
