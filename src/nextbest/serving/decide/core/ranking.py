"""Arbitration, diversity and chance: which of the permitted candidates get a place."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nextbest.assignment.hashing import BUCKETS, bucket, buckets
from nextbest.serving.decide.core.asking import Scene
from nextbest.serving.decide.core.rows import Columns, Rows, context_of
from nextbest.serving.decide.core.shop import Bools, Floats, Ints
from nextbest.serving.decide.core.stages import NUMBER, Verdicts

_WHOLE: Final = 2**64
_FEW: Final = 30
"""Units that are hashed faster one by one."""


@dataclass(frozen=True, slots=True)
class Factors:
    """Of each row; shape (rows,) each. NaN: not known."""

    context: Floats
    lever: Floats
    score: Floats


@dataclass(frozen=True, slots=True)
class Placed:
    """Rows that got a place, by placement asked and rank; shape (places,) each."""

    row: Ints
    rank: Ints
    probability: Floats
    """Chance with which the subject got this at this rank, 0-1."""
    is_explored: Bools


def score(scene: Scene, rows: Rows, verdicts: Verdicts) -> Factors:
    """Multiply probability, context, value and lever, each unless the policy switches it off."""
    asked = scene.compiled.policy.arbitration
    ones = np.ones(len(rows))
    context = context_of(scene, rows) if asked.context else ones
    lever = ones.copy()
    if asked.lever:
        which = np.flatnonzero(verdicts.stage < 0)
        for condition, factor in scene.compiled.levers:
            mine = which if condition.is_of_everybody else which[_may_be_known(scene)[rows.ask[which]]]
            holds = condition.holds(Columns(scene, rows, mine, condition.columns))
            lever[mine[holds]] *= factor
    chance = rows.probability if asked.probability else ones
    value = rows.margin if asked.value else ones
    return Factors(context, lever, chance * context * value * lever)


def _may_be_known(scene: Scene) -> Bools:
    """Tell who may be ranked by what they are and have; rules that protect see it of everybody."""
    return np.asarray(scene.of_subjects([one.is_personal for one in scene.subjects], np.bool_))


def place(scene: Scene, rows: Rows, verdicts: Verdicts, factors: Factors) -> Placed:
    """Rank what is left, keep lists diverse, let chance have its share, and cut to length; the verdicts are completed.

    Placements of one request are filled in the order asked: what one shows, the next ones do not.
    """
    order, held = _best_first(rows, verdicts, factors), _held_out(scene)
    turn = np.array([one.turn for one in scene.asked], np.int64)[rows.ask[order]]
    parts: list[Placed] = []
    for number in range(int(turn.max(initial=0)) + 1):
        mine = order[turn == number] if number or turn.any() else order
        if number:
            mine = _not_shown(scene, rows, verdicts, mine, np.concatenate([part.row for part in parts]))
        parts.append(_placed(scene, rows, verdicts, _diverse(scene, rows, verdicts, mine), held))
    if len(parts) == 1:
        return parts[0]
    joined = [np.concatenate([getattr(part, name) for part in parts]) for name in Placed.__slots__]
    by_ask = np.lexsort((joined[1], rows.ask[joined[0]]))
    return Placed(*(values[by_ask] for values in joined))


def _not_shown(scene: Scene, rows: Rows, verdicts: Verdicts, order: Ints, shown: Ints) -> Ints:
    """Stop what an earlier placement of the same request shows."""
    subject = np.array([one.subject for one in scene.asked], np.int64)
    width = int(rows.item.max(initial=0)) + 1
    is_shown = np.isin(
        subject[rows.ask[order]] * width + rows.item[order],
        subject[rows.ask[shown]] * width + rows.item[shown],
    )
    is_shown &= ~rows.is_mandatory[order]
    verdicts.stage[order[is_shown]] = NUMBER["diversity"]
    return order[~is_shown]


def _placed(scene: Scene, rows: Rows, verdicts: Verdicts, order: Ints, held: Bools) -> Placed:
    ask = rows.ask[order]
    free = ~rows.is_mandatory[order]
    n_free = np.bincount(ask[free], minlength=len(scene))
    pick = _picks(scene, n_free)
    begins = np.searchsorted(ask, np.arange(len(scene)))
    n_pinned = np.bincount(ask[~free], minlength=len(scene))
    nth = np.arange(len(order)) - begins[ask] - n_pinned[ask]
    is_pick = free & (nth == pick[ask])
    moved = np.where(free & (pick[ask] >= 0) & (nth < pick[ask]), nth + 1, nth)
    moved = np.where(is_pick, 0, moved)
    rank = moved + n_pinned[ask] + 1
    probability = np.where(
        free, _chances(nth, moved, n_free[ask], scene.compiled.policy.exploration.epsilon), 1.0
    )
    probability = np.where(free, probability * (1 - scene.compiled.policy.holdout.share), probability)
    limits = np.array([one.limit for one in scene.asked], np.int64)
    verdicts.stage[order[(rank > limits[ask]) & free]] = NUMBER["limit"]
    verdicts.stage[order[held[ask] & free & (rank <= limits[ask])]] = NUMBER["holdout"]
    kept = np.flatnonzero(~free | ((rank <= limits[ask]) & ~held[ask]))
    kept = kept[np.lexsort((rank[kept], ask[kept]))]
    verdicts.stage[order[kept]] = NUMBER["decided"]
    return Placed(order[kept], rank[kept], probability[kept], is_pick[kept])


def _best_first(rows: Rows, verdicts: Verdicts, factors: Factors) -> Ints:
    """Sort open rows by placement; mandatory first, what only fills last, then by score, probability, order of sources, item.

    Twelve digits decide, so that every machine draws the same line; what has no score comes after what has one. Rows come
    by placement and item, and equal scores are rare: only they are sorted by the rest.
    """
    open_ = np.flatnonzero(verdicts.stage < 0)
    value = factors.score[open_]
    has_none = np.isnan(value)
    lots = rows.ask[open_] * 8 + ~rows.is_mandatory[open_] * 4 + rows.is_fill[open_] * 2 + has_none
    worse = -np.round(np.where(has_none, 0.0, value), 12)
    by_value = np.lexsort((worse, lots))
    lots, worse = lots[by_value], worse[by_value]
    same = (lots[1:] == lots[:-1]) & (worse[1:] == worse[:-1])
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    order = np.asarray(open_[by_value])
    if len(tied):
        at = order[tied]
        less_likely = -np.round(np.nan_to_num(rows.probability[at]), 12)
        order[tied] = at[np.lexsort((rows.item[at], rows.order[at], less_likely, worse[tied], lots[tied]))]
    return order


def _diverse(scene: Scene, rows: Rows, verdicts: Verdicts, order: Ints) -> Ints:
    """Stop what is one too many of its name, category or kind."""
    products = scene.snapshot.products
    name = np.where(rows.special < 0, products.name_code[rows.product], -1)
    placements = [one.placement for one in scene.asked]
    most = np.array(
        [(one.max_per_name, one.max_per_category, one.max_per_kind) for one in placements], np.int64
    )
    for number, group in enumerate((name, products.category_code[rows.product], rows.kind)):
        counted = group[order] >= 0
        if not counted.any() or len(order) <= most[:, number].min():
            continue
        nth = _nth_within(rows.ask[order], group[order])
        full = counted & ~rows.is_mandatory[order] & (nth >= most[rows.ask[order], number])
        verdicts.stage[order[full]] = NUMBER["diversity"]
        order = order[~full]
    return order


def _nth_within(ask: Ints, group: Ints) -> Ints:
    """Count rows of the same placement and group before each row.

    Examples
    --------
    >>> _nth_within(np.array([0, 0, 0, 1]), np.array([5, 6, 5, 5])).tolist()
    [0, 0, 1, 0]
    """
    key = ask * (int(group.max(initial=0)) + 2) + group + 1
    by_key = np.argsort(key, kind="stable")
    ordered, place = key[by_key], np.arange(len(key))
    begins = np.maximum.accumulate(
        np.where(np.append(True, ordered[1:] != ordered[:-1])[: len(key)], place, 0)
    )
    nth = np.empty(len(key), np.int64)
    nth[by_key] = place - begins
    return nth


def _picks(scene: Scene, n_free: Ints) -> Ints:
    """Give, per placement, the place of the candidate that chance puts first; -1: the policy decides."""
    epsilon = scene.compiled.policy.exploration.epsilon
    pick = np.full(len(scene), -1, np.int64)
    for number in np.flatnonzero(n_free).tolist() if epsilon else ():
        asked = scene.asked[number]
        request = scene.subjects[asked.subject].request
        first, second = draws(scene.seed, request.request_id, asked.placement.id)
        if first < epsilon:
            pick[number] = int(second * n_free[number])
    return pick


def draws(seed: str, request_id: str, placement: str) -> tuple[float, float]:
    """Give two numbers in ``[0, 1)`` that depend on nothing else.

    Examples
    --------
    >>> [round(one, 3) for one in draws("0", "r1", "home")]
    [0.357, 0.678]
    """
    digest = hashlib.blake2b(
        f"{seed}\x1f{request_id}\x1f{placement}".encode(errors="surrogatepass"), digest_size=16
    ).digest()
    first, second = (int.from_bytes(part) / _WHOLE for part in (digest[:8], digest[8:]))
    return min(first, 1 - 2**-53), min(second, 1 - 2**-53)


def _chances(nth: Ints, rank: Ints, n: Ints, epsilon: float) -> Floats:
    """Give the chance of finding the candidate that is ``nth`` by score at place ``rank``, both from 0.

    Chance puts each of n candidates first with epsilon / n and moves those before it one down.

    Examples
    --------
    Of three, the best stays first unless chance moves it: the chances of place 0, and of place 1, add up to 1.

    >>> of_first = _chances(np.array([0, 1, 2]), np.zeros(3, int), np.full(3, 3), 0.3)
    >>> of_second = _chances(np.array([0, 1]), np.ones(2, int), np.full(2, 3), 0.3)
    >>> of_first.round(3).tolist(), of_second.round(3).tolist()
    ([0.8, 0.1, 0.1], [0.2, 0.8])
    """
    each = epsilon / np.maximum(n, 1)
    first = np.where(nth == 0, 1 - epsilon + each, each)
    moved = (n - rank) * each
    return np.where(rank == 0, first, np.where(nth == rank, 1 - moved, moved))


def _held_out(scene: Scene) -> Bools:
    """Tell whose placements stay empty, so that one can tell what offers bring."""
    holdout = scene.compiled.policy.holdout
    if not holdout.share:
        return np.zeros(len(scene), np.bool_)
    units = [subject.unit for subject in scene.subjects]
    few = len(units) < _FEW
    at = np.array([bucket(holdout.seed, unit) for unit in units]) if few else buckets(holdout.seed, units)
    held: NDArray[np.bool_] = at < round(holdout.share * BUCKETS)
    return np.asarray(scene.of_subjects(held.tolist(), np.bool_))
