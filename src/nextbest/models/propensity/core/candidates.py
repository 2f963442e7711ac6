"""Candidates: the kinds of model that are tried, each with one way to be fitted.

Defaults are small and strongly shrunken, since buyers are few in most campaigns: on CoIL 2000 (348 buyers) they find 120 of the
238 in the best fifth where the libraries' own defaults find 105. Nothing is resampled or reweighted, so that probabilities
stay probabilities.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from nextbest.models.propensity.core.examples import Bools, Floats, Ints
from nextbest.models.propensity.core.predictors import (
    Boosted,
    CatBoosted,
    Linear,
    Network,
    Predictor,
    Radial,
    Tree,
    by_factor,
    log_odds,
    nearness,
)
from nextbest.models.propensity.core.rows import Rows

Fit: TypeAlias = Callable[[Rows, Bools, "Draw"], Predictor]
_MILLION: Final = 1_000_000
_N_CENTRES: Final = 30
_MOST_FOR_CENTRES: Final = 2000
_PRIOR_ROWS: Final = 10
"""Rows at the overall share that every node of the tree starts with."""
_FEW: Final = 1000
"""With fewer positives, boosted trees are averaged over several seeds."""


@dataclass(frozen=True, slots=True)
class Draw:
    """The chance in a fit."""

    seed: int
    use: Literal["order", "judge", "keep"] = "judge"
    """Where positives are few, boosted trees are averaged over seeds: one to look at the order of the file, more to judge,
    three times as many for the model that is kept."""

    def seeds(self, n_positive: int, n_few: int) -> range:
        """Give the seeds of the models to average; ``n_few`` of them judge where positives are few."""
        n = (
            {"order": 1, "judge": n_few, "keep": 3 * n_few}[self.use]
            if n_few > 1 and n_positive < _FEW
            else 1
        )
        return range(self.seed * 1000, self.seed * 1000 + n)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One kind of model."""

    name: str
    fits: tuple[Fit, ...]
    """Variants; the one with the least log-loss stands for the candidate."""
    complexity: int
    """Of two that do equally well the less complex is chosen; among equally complex ones log-loss alone decides."""
    most_cells: int
    """Rows times columns of one fit; more rows than that are sampled."""

    def most_rows(self, n_factors: int) -> int:
        """Give the number of rows that one fit takes."""
        return max(5000, self.most_cells // max(1, n_factors))


def fit_logistic(rows: Rows, target: Bools, draw: Draw, *, strength: float) -> Predictor:  # noqa: ARG001 - no chance in it
    """Fit a logistic regression on flags and scaled numbers with an L2 penalty; additive, so its reasons are exact."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=3000, tol=1e-4).fit(rows.flags, target)
    weights = model.coef_[0].astype(np.float64)
    return Linear(weights, float(model.intercept_[0]), by_factor(rows, weights).mean(axis=0))


def fit_tree(rows: Rows, target: Bools, draw: Draw) -> Predictor:
    """Fit one small decision tree."""
    from sklearn.tree import DecisionTreeClassifier

    fewest = max(20, len(rows) // 200)
    tree = DecisionTreeClassifier(max_depth=5, min_samples_leaf=fewest, random_state=draw.seed)
    grown = tree.fit(rows.split, target).tree_
    at = np.arange(grown.node_count)
    is_leaf = grown.children_left < 0
    share = grown.value[:, 0, 1] / grown.value[:, 0].sum(axis=1)
    n = grown.n_node_samples
    return Tree(
        np.where(is_leaf, at, grown.children_left).astype(np.int64),
        np.where(is_leaf, at, grown.children_right).astype(np.int64),
        np.where(is_leaf, 0, grown.feature).astype(np.int64),
        grown.threshold.astype(np.float64),
        grown.missing_go_to_left.astype(bool),
        log_odds((share * n + _PRIOR_ROWS * target.mean()) / (n + _PRIOR_ROWS)),
        int(grown.max_depth),
    )


def fit_network(rows: Rows, target: Bools, draw: Draw) -> Predictor:
    """Fit a neural network: eight hidden units, strong weight decay."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        (8,), activation="tanh", solver="lbfgs", alpha=60.0, max_iter=3000, random_state=draw.seed
    )
    model.fit(rows.flags, target)
    (inner, outer), (inner_bias, outer_bias) = model.coefs_, model.intercepts_
    return Network(inner, inner_bias, outer[:, 0], float(outer_bias[0]), _typical(rows))


def fit_radial(rows: Rows, target: Bools, draw: Draw) -> Predictor:
    """Fit an RBF network: k-means centres, and a logistic regression on how near they are [1]_.

    References
    ----------
    .. [1] Moody, Darken (1989), Fast learning in networks of locally-tuned processing units. Neural Computation 1.
    """
    from sklearn.cluster import KMeans
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(draw.seed)
    some = np.sort(rng.choice(len(rows), min(len(rows), _MOST_FOR_CENTRES), replace=False))
    means = KMeans(min(_N_CENTRES, len(some) // 10), n_init=1, random_state=draw.seed).fit(rows.flags[some])
    centres = means.cluster_centers_.astype(np.float64)
    width = float(np.sqrt(means.inertia_ / len(some))) or 1.0
    near = nearness(rows.flags, centres, width)
    spread = float(near.std()) or 1.0
    model = LogisticRegression(C=0.1, max_iter=3000).fit(near / spread, target)
    weights = model.coef_[0].astype(np.float64) / spread
    return Radial(centres, width, weights, float(model.intercept_[0]), _typical(rows))


def _typical(rows: Rows) -> Floats:
    """Give the middle value of each number, the most frequent level of each category."""
    middle = [
        0.0
        if column.kind == "category"
        else float(np.nan_to_num(np.nanmedian(np.append(values, column.centre))))
        for column, values in zip(rows.encoder.used, rows.matrix.T, strict=True)
    ]
    return np.array(middle)


_LIGHTGBM: Final = {
    "objective": "binary",
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
    "min_child_samples": 20,
}
_BAG: Final = 2
_SMALL: Final = {"learning_rate": 0.03, "num_leaves": 8, "feature_fraction": 0.3}
_DEFAULT: Final = {"learning_rate": 0.05, "num_leaves": 31, "feature_fraction": 0.8}
_CATBOOST: Final = {
    "loss_function": "Logloss",
    "iterations": 300,
    "depth": 4,
    "rsm": 0.3,
    "l2_leaf_reg": 10,
    "learning_rate": 0.05,
    "thread_count": 1,
    "verbose": False,
    "allow_writing_files": False,
}


def fit_lightgbm(
    rows: Rows, target: Bools, draw: Draw, *, shape: Mapping[str, Any], rounds: int, n_few: int
) -> Predictor:
    """Fit boosted trees for a fixed number of rounds, over several seeds where positives are few."""
    import lightgbm as lgb

    texts = []
    for seed in draw.seeds(int(target.sum()), n_few):
        learnt = lgb.Dataset(rows.split, target.astype(np.float64), params={"verbosity": -1})
        booster = lgb.train({**_LIGHTGBM, **shape, "seed": seed}, learnt, rounds)
        texts.append(booster.model_to_string())
    return Boosted(tuple(texts))


def fit_catboost(rows: Rows, target: Bools, draw: Draw) -> Predictor:
    """Fit CatBoost's symmetric trees, over several seeds where positives are few."""
    from catboost import CatBoostClassifier

    blobs = []
    for seed in draw.seeds(int(target.sum()), _BAG):
        model = CatBoostClassifier(**_CATBOOST, random_seed=seed).fit(rows.split, target.astype(np.int64))
        blobs.append(bytes(model.__getstate__()["__model"]))
    return CatBoosted(tuple(blobs))


CANDIDATES: Final = (
    Candidate(
        "logistic",
        tuple(partial(fit_logistic, strength=c) for c in (0.003, 0.01, 0.03, 0.1)),
        0,
        4 * _MILLION,
    ),
    Candidate("tree", (fit_tree,), 1, 10 * _MILLION),
    Candidate("neural_network", (fit_network,), 2, _MILLION),
    Candidate("rbf_network", (fit_radial,), 2, 2 * _MILLION),
    Candidate(
        "small_trees", (partial(fit_lightgbm, shape=_SMALL, rounds=250, n_few=_BAG),), 3, 10 * _MILLION
    ),
    Candidate("trees", (partial(fit_lightgbm, shape=_DEFAULT, rounds=150, n_few=1),), 3, 10 * _MILLION),
    Candidate("catboost", (fit_catboost,), 3, 10 * _MILLION),
)


def can_fit(name: str) -> bool:
    """Tell whether the library of a candidate is installed."""
    return name != "catboost" or importlib.util.find_spec("catboost") is not None


def some_rows(target: Bools, most: int, seed: int) -> Ints:
    """Draw rows where there are too many, as many yes among them as among all; sorted.

    Examples
    --------
    >>> target = np.arange(100) < 20
    >>> rows = some_rows(target, 50, seed=0)
    >>> len(rows), int(target[rows].sum())
    (50, 10)
    """
    if len(target) <= most:
        return np.arange(len(target))
    rng = np.random.default_rng([seed, len(target)])
    shuffled = rng.permutation(len(target))
    parts = [shuffled[target[shuffled] == answer] for answer in (True, False)]
    n_yes = max(1, round(most * len(parts[0]) / len(target)))
    return np.sort(np.concatenate([parts[0][:n_yes], parts[1][: most - n_yes]]))
