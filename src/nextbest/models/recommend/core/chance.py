"""Probability: how likely a customer buys a listed product within the horizon, learnt from an earlier window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import expit

from nextbest.models.recommend.core.listing import Rows, activity, list_rows
from nextbest.models.recommend.core.methods import LISTS, Method
from nextbest.models.recommend.core.orders import Bools, Floats, Orders, Trial, window
from nextbest.models.recommend.core.scene import Scene

LEAST_PURCHASES = 50
"""With fewer purchases from a list in the window, its probabilities stay unknown."""
_MOST_CUSTOMERS = 10_000
_N_WINDOWS = 3
_MOST_STEPS = 50
_RIDGE = 1.0
_CLOSE = 1e-8
_N_KNOTS = 50


@dataclass(frozen=True, slots=True)
class Chance:
    """A logistic score and the probabilities that such scores turned out to have."""

    centre: Floats
    spread: Floats
    weights: Floats
    """Intercept first."""
    knots: Floats
    """Scores, ascending."""
    shares: Floats
    """Share that was bought at each knot."""

    def __call__(self, features: NDArray[np.float32]) -> Floats:
        """Give the probability of each row."""
        score = _design(features, self.centre, self.spread) @ self.weights
        return np.interp(score, self.knots, self.shares)


def described(scene: Scene, rows: Rows, as_of: int) -> NDArray[np.float32]:
    """Put what is known of the product and of the customer side by side, one line per row of a list."""
    place = np.log(rows.rank.astype(np.float32))[:, None]
    return np.concatenate([rows.features, activity(scene, as_of)[rows.customer], place], axis=1)


def windows(orders: Orders, as_of: int, days: int) -> list[Trial]:
    """Give the windows before a day that probabilities are learnt from, the latest first.

    Three windows, so that one odd month does not decide; each with at least its own length of history before it, save
    the latest.
    """
    if orders.day is None or not orders.n_orders:
        return []
    first = int(orders.day.min())
    starts = [as_of - days * number for number in range(1, _N_WINDOWS + 1)]
    return [window(orders, start, days) for start in starts if start - first >= days or start == starts[0]]


def learn_chances(
    past: Iterable[tuple[Scene, Trial]], methods: Mapping[str, Method], k: int
) -> dict[str, Chance | None]:
    """Learn the probabilities of both lists from what followed in some windows.

    Parameters
    ----------
    past
        What was seen on each window's first day; every customer who had ordered by then, and what they bought in it.
    methods
        The method of each list.
    k
        Length of a list.
    """
    features: dict[str, list[NDArray[np.float32]]] = {kind: [] for kind in LISTS}
    bought: dict[str, list[Bools]] = {kind: [] for kind in LISTS}
    for scene, trial in past:
        for kind, rows in _listed(scene, trial, methods, k).items():
            features[kind].append(described(scene, rows, _day(trial)))
            bought[kind].append(was_bought(rows, trial))
    return {
        kind: fit_chance(np.concatenate(features[kind]), np.concatenate(bought[kind]))
        if bought[kind]
        else None
        for kind in LISTS
    }


def _listed(scene: Scene, trial: Trial, methods: Mapping[str, Method], k: int) -> dict[str, Rows]:
    """Make the lists that a window's customers would have had."""
    if not len(trial.customers):
        return {}
    some = np.arange(0, len(trial.customers), max(1, -(-len(trial.customers) // _MOST_CUSTOMERS)))
    return list_rows(scene, trial.customers[some], _day(trial), methods, k)


def _day(trial: Trial) -> int:
    assert trial.as_of is not None  # noqa: S101 - a window has days
    return int(trial.as_of[0])


def was_bought(rows: Rows, trial: Trial) -> Bools:
    """Tell which rows of a list were bought in the trial."""
    truth: sp.csr_matrix = trial.truth
    n = np.int64(truth.shape[1])
    bought = np.repeat(trial.customers, np.diff(truth.indptr)) * n + truth.indices
    return np.isin(rows.customer * n + rows.product, bought)


def fit_chance(features: NDArray[np.float32], bought: Bools) -> Chance | None:
    """Fit a logistic score, then bend it to the shares that were seen, never downwards [1]_.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> feature = rng.normal(size=(20_000, 1)).astype(np.float32)
    >>> chance = fit_chance(feature, rng.random(20_000) < 0.3 * (feature[:, 0] > 0) + 0.1)
    >>> chance(np.array([[-1], [1]], np.float32)).round(1)
    array([0.1, 0.4])

    References
    ----------
    .. [1] Zadrozny, Elkan (2002), Transforming classifier scores into accurate multiclass probability estimates. KDD.
    """
    if bought.sum() < LEAST_PURCHASES:
        return None
    wide = features.astype(np.float64)
    centre, spread = wide.mean(axis=0), wide.std(axis=0)
    spread[spread == 0] = 1.0
    design = _design(features, centre, spread)
    weights = _logistic(design, bought)
    score = design @ weights
    order = np.argsort(score, kind="stable")
    parts = np.array_split(order, min(_N_KNOTS, int(bought.sum()) // 10))
    knots = np.array([score[part].mean() for part in parts])
    seen = np.array([bought[part].mean() for part in parts])
    sizes = np.array([len(part) for part in parts], dtype=np.float64)
    return Chance(centre, spread, weights, knots, isotonic_regression(seen, weights=sizes).x)


def _design(features: NDArray[np.float32], centre: Floats, spread: Floats) -> Floats:
    scaled = (features - centre) / spread
    return np.concatenate([np.ones((len(scaled), 1)), scaled], axis=1)


def _logistic(design: Floats, bought: Bools) -> Floats:
    """Fit a logistic regression by Newton's method, with a small penalty on all but the intercept."""
    weights = np.zeros(design.shape[1])
    share = bought.mean()
    weights[0] = np.log(share / (1 - share)) if share < 1 else 10.0
    penalty = np.full(design.shape[1], _RIDGE)
    penalty[0] = _CLOSE
    for _ in range(_MOST_STEPS):
        chance = expit(design @ weights)
        gradient = design.T @ (bought - chance) - penalty * weights
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < _CLOSE:
            break
    return weights
