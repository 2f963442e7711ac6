"""Which method makes this shop's lists: the one that did best on orders before those it is judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from nextbest.models.recommend.core.logit import conditional_logit
from nextbest.models.recommend.core.methods import (
    BLENDS,
    LISTS,
    Batch,
    Method,
    batches,
    feature_names,
    make_lists,
    plain_methods,
)
from nextbest.models.recommend.core.metrics import Quality, quality
from nextbest.models.recommend.core.orders import Bools, Floats, Ints, Trial
from nextbest.models.recommend.core.scene import Scene

CHOICE_K = 10
"""Length of the lists that the choice is made by."""
LEAST_CUSTOMERS = 30
"""With fewer customers to judge by, the plain method stays."""
_MOST_JUDGED = 3000
_MOST_OTHERS = 300
"""Products not bought that a customer's purchases are compared with."""
_HALVES = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """The methods tried for one list, and the one chosen."""

    chosen: Method
    tried: tuple[Method, ...]
    """With learnt weights; the plain one first."""
    quality: Mapping[str, Quality]
    """What the choice was made by, by name of method."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the blend of one list is learnt from, one row per customer and product on offer."""

    features: Floats
    bought: Bools
    customer: Ints
    """Place of the customer among those judged."""


def choose(scene: Scene, trial: Trial) -> dict[str, Choice]:
    """Choose the method of each list by its recall at 10 on a trial that lies wholly in the past.

    The blend is learnt on one half of the customers and judged on the other, both ways round; its final weights are
    learnt from all. Equal recall goes to the simpler method.

    Parameters
    ----------
    scene
        What may be seen in the trial.
    trial
        Customers and what they bought next.
    """
    asked = some(trial, _MOST_JUDGED)
    plain = {kind: plain_methods(scene, kind) for kind in LISTS}
    truth = {kind: truth_of(kind, scene, asked) for kind in LISTS}
    if max(_n_served(part) for part in truth.values()) < LEAST_CUSTOMERS:
        return {kind: Choice(plain[kind][0], tuple(plain[kind]), {}) for kind in LISTS}
    described = list(batches(scene, asked.customers, asked.as_of))
    rows = _learnable(scene, described, truth)
    halves = {
        kind: [_blend(scene, kind, name, rows[kind], half) for name, half in _ways(kind)] for kind in LISTS
    }
    methods = {kind: plain[kind] + halves[kind] for kind in LISTS}
    lists = make_lists(scene, described, len(asked.customers), methods, CHOICE_K)
    return {
        kind: _best(
            (*plain[kind], *(_blend(scene, kind, name, rows[kind], None) for name in BLENDS[kind])),
            {name: _crossed(lists, kind, name) for name in (*(m.name for m in plain[kind]), *BLENDS[kind])},
            truth[kind],
        )
        for kind in LISTS
    }


def _ways(kind: str) -> list[tuple[str, int]]:
    return [(name, half) for name in BLENDS[kind] for half in range(_HALVES)]


def some(trial: Trial, most: int) -> Trial:
    """Take every n-th customer of a trial, so that at most ``most`` remain."""
    rows = np.arange(0, len(trial.customers), max(1, -(-len(trial.customers) // most)))
    as_of = None if trial.as_of is None else trial.as_of[rows]
    return Trial(trial.seen, trial.customers[rows], as_of, trial.truth[rows])


def truth_of(kind: str, scene: Scene, trial: Trial) -> sp.csr_matrix:
    """Take of what came next what the customer had bought before (repeat) or had not (discover)."""
    before = scene.counts[trial.customers]
    before.data[:] = 1
    again = trial.truth.multiply(before).tocsr()
    if kind == "discover":
        again = (trial.truth - again).tocsr()
    again.eliminate_zeros()
    again.sort_indices()
    return again


def _n_served(truth: sp.csr_matrix) -> int:
    return int((np.diff(truth.indptr) > 0).sum())


def _learnable(
    scene: Scene, described: Sequence[Batch], truth: Mapping[str, sp.csr_matrix]
) -> dict[str, _Rows]:
    """Gather the rows that the blends are learnt from."""
    parts: dict[str, list[_Rows]] = {kind: [] for kind in LISTS}
    for batch in described:
        own = np.arange(batch.rows.start, batch.rows.stop)
        parts["repeat"].append(_old_rows(scene, batch, truth["repeat"][own], own))
        parts["discover"].append(_new_rows(scene, batch, truth["discover"][own], own))
    return {kind: _joined(parts[kind]) for kind in LISTS}


def _old_rows(scene: Scene, batch: Batch, truth: sp.csr_matrix, own: Ints) -> _Rows:
    """Take what customers may repeat."""
    n = np.int64(scene.orders.n_products)
    owner = np.repeat(np.arange(len(own)), np.diff(batch.starts))
    wanted = np.repeat(np.arange(len(own)), np.diff(truth.indptr)) * n + truth.indices
    return _Rows(batch.old, np.isin(owner * n + batch.held.product, wanted), own[owner])


def _new_rows(scene: Scene, batch: Batch, truth: sp.csr_matrix, own: Ints) -> _Rows:
    """Take what customers may discover: all they bought, and every n-th of the others."""
    bought = truth[:, scene.universe].toarray() > 0
    places = np.arange(len(scene.universe))
    stride = max(1, -(-len(places) // _MOST_OTHERS))
    other = (places[None, :] + own[:, None]) % stride == 0
    owner, place = np.nonzero(batch.is_new & (bought | other))
    return _Rows(batch.new[owner, place].astype(np.float64), bought[owner, place], own[owner])


def _joined(parts: Sequence[_Rows]) -> _Rows:
    return _Rows(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.bought for part in parts]),
        np.concatenate([part.customer for part in parts]),
    )


def _blend(scene: Scene, kind: str, name: str, rows: _Rows, half: int | None) -> Method:
    """Learn a blend from all customers, or from those outside one half; features it leaves out weigh nothing."""
    used = np.ones(len(rows.bought), dtype=bool) if half is None else rows.customer % _HALVES != half
    kept = np.array([feature not in BLENDS[kind][name] for feature in feature_names(scene, kind)])
    weights = np.zeros(len(kept))
    starts = np.flatnonzero(np.diff(rows.customer[used], prepend=-1))
    weights[kept] = conditional_logit(rows.features[used][:, kept], rows.bought[used], starts)
    return Method(name if half is None else f"{name} {half}", weights)


def _crossed(lists: Mapping[tuple[str, str], Ints], kind: str, name: str) -> Ints:
    """Give each customer the list of the half that did not learn from them."""
    if (kind, name) in lists:
        return lists[kind, name]
    crossed = np.empty_like(lists[kind, f"{name} 0"])
    for half in range(_HALVES):
        crossed[half::_HALVES] = lists[kind, f"{name} {half}"][half::_HALVES]
    return crossed


def _best(methods: tuple[Method, ...], lists: Mapping[str, Ints], truth: sp.csr_matrix) -> Choice:
    measured = {name: quality(made, truth, CHOICE_K) for name, made in lists.items()}
    if _n_served(truth) < LEAST_CUSTOMERS:
        return Choice(methods[0], methods, measured)
    best = max(methods, key=lambda method: round(measured[method.name].recall or 0.0, 12))
    return Choice(best, methods, measured)
