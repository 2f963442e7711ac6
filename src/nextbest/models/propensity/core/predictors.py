"""Predictors: what fitting gives. Each turns rows into log-odds, and tells what every factor adds to them.

All but CatBoost's are plain arrays or LightGBM's text, so that they can be written down without pickle.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from nextbest.models.propensity.core.examples import Floats, Ints
from nextbest.models.propensity.core.rows import Rows

_SHARE: Final = 1e-6
"""Shares are kept this far from 0 and 1 before they become log-odds."""


class Predictor(Protocol):
    """What every candidate gives."""

    def margin(self, rows: Rows) -> Floats:
        """Give log-odds, shape (n,)."""
        ...

    def terms(self, rows: Rows) -> Floats:
        """Give what each factor adds to the log-odds, shape (n, n_factors)."""
        ...


def log_odds(share: NDArray[Any]) -> Floats:
    """Turn shares into log-odds.

    Examples
    --------
    >>> log_odds(np.array([0.5, 0.8])).round(3)
    array([0.   , 1.386])
    """
    kept = np.clip(share, _SHARE, 1 - _SHARE)
    return np.asarray(np.log(kept / (1 - kept)), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A weighted sum of flags."""

    weights: Floats
    """Shape (n_flags,)."""
    intercept: float
    usual: Floats
    """Shape (n_factors,): what each factor adds for the mean training row; terms are told against it."""

    def margin(self, rows: Rows) -> Floats:
        """Sum up."""
        return np.asarray(by_factor(rows, self.weights).sum(axis=1) + self.intercept, dtype=np.float64)

    def terms(self, rows: Rows) -> Floats:
        """Sum up factor by factor; exact."""
        return by_factor(rows, self.weights) - self.usual


def by_factor(rows: Rows, weights: Floats) -> Floats:
    """Sum weighted flags factor by factor, shape (n, n_factors)."""
    used = rows.encoder.used
    ends = np.cumsum([column.width for column in used])
    return np.column_stack(
        [
            column.weigh(
                rows.matrix[:, place].astype(np.float64), weights[ends[place] - column.width : ends[place]]
            )
            for place, column in enumerate(used)
        ]
    )


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A decision tree: nodes in arrays, the root first; a leaf has itself as both children."""

    left: Ints
    right: Ints
    column: Ints
    """Column of ``Rows.split``; -1 at a leaf."""
    threshold: Floats
    missing_left: NDArray[np.bool_]
    value: Floats
    """Log-odds at each node, shape (n_nodes,)."""
    depth: int

    def _steps(self, rows: Rows) -> list[Ints]:
        """Give the node of each row, step by step from the root."""
        at = np.zeros(len(rows), dtype=np.int64)
        steps = [at]
        for _ in range(self.depth):
            value = rows.split[np.arange(len(rows)), self.column[at]]
            goes_left = np.where(np.isnan(value), self.missing_left[at], value <= self.threshold[at])
            at = np.where(goes_left, self.left[at], self.right[at])
            steps.append(at)
        return steps

    def margin(self, rows: Rows) -> Floats:
        """Read the leaf."""
        return self.value[self._steps(rows)[-1]]

    def terms(self, rows: Rows) -> Floats:
        """Follow the path: each step's change of the log-odds belongs to the factor asked [1]_; exact.

        References
        ----------
        .. [1] Palczewska, Palczewski, Robinson, Neagu (2014), Interpreting random forest classification models using a
           feature contribution method.
        """
        factor = rows.factor_of_split
        terms = np.zeros((len(rows), len(rows.encoder.used)))
        steps = self._steps(rows)
        for before, after in pairwise(steps):
            np.add.at(
                terms,
                (np.arange(len(rows)), factor[self.column[before]]),
                self.value[after] - self.value[before],
            )
        return terms


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """One hidden layer of tanh units."""

    inner: Floats
    """Shape (n_flags, n_units)."""
    inner_bias: Floats
    outer: Floats
    """Shape (n_units,)."""
    outer_bias: float
    typical: Floats
    """Shape (n_factors,): the middle training row, as in ``Rows.matrix``."""

    def margin(self, rows: Rows) -> Floats:
        """Pass the rows through."""
        hidden = np.tanh(rows.flags @ self.inner + self.inner_bias)
        return np.asarray(hidden @ self.outer + self.outer_bias, dtype=np.float64)

    def terms(self, rows: Rows) -> Floats:
        """Compare with the row that has the typical value instead."""
        return against_typical(self, rows, self.typical)


@dataclass(frozen=True, slots=True, eq=False)
class Radial:
    """A radial basis function network: how near a row is to each of some centres, weighted."""

    centres: Floats
    """Shape (n_centres, n_flags)."""
    width: float
    weights: Floats
    """Shape (n_centres,)."""
    intercept: float
    typical: Floats

    def margin(self, rows: Rows) -> Floats:
        """Weigh the nearness."""
        return nearness(rows.flags, self.centres, self.width) @ self.weights + self.intercept

    def terms(self, rows: Rows) -> Floats:
        """Compare with the row that has the typical value instead."""
        return against_typical(self, rows, self.typical)


def nearness(flags: sp.csr_matrix, centres: Floats, width: float) -> Floats:
    """Give exp(-d²/2w²) for each row and centre, shape (n, n_centres)."""
    squared = np.asarray(flags.multiply(flags).sum(axis=1)).ravel()
    apart = squared[:, None] - 2 * (flags @ centres.T) + (centres**2).sum(axis=1)
    return np.asarray(np.exp(-np.maximum(apart, 0) / (2 * width**2)), dtype=np.float64)


def against_typical(predictor: Network | Radial, rows: Rows, typical: Floats) -> Floats:
    """Give the change of the log-odds when one factor at a time has its typical value; they need not sum up."""
    margin = predictor.margin(rows)
    terms = np.empty((len(rows), len(typical)))
    for place, value in enumerate(typical):
        changed = rows.matrix.copy()
        changed[:, place] = value
        terms[:, place] = margin - predictor.margin(Rows(rows.encoder, changed))
    return terms


@dataclass(frozen=True)
class Boosted:
    """LightGBM models, their log-odds averaged."""

    texts: tuple[str, ...]

    @cached_property
    def boosters(self) -> list[Any]:
        """The models, read from their texts once."""
        import lightgbm as lgb

        return [lgb.Booster(model_str=text) for text in self.texts]

    def margin(self, rows: Rows) -> Floats:
        """Average."""
        given = [each.predict(rows.split, raw_score=True, num_threads=1) for each in self.boosters]
        return np.asarray(np.mean(given, axis=0), dtype=np.float64)

    def terms(self, rows: Rows) -> Floats:
        """Give exact Shapley values [1]_, averaged.

        References
        ----------
        .. [1] Lundberg, Erion, Lee (2018), Consistent individualized feature attribution for tree ensembles.
        """
        given = [each.predict(rows.split, pred_contrib=True, num_threads=1) for each in self.boosters]
        return _by_split(rows, np.mean(given, axis=0, dtype=np.float64))


@dataclass(frozen=True)
class CatBoosted:
    """CatBoost models, their log-odds averaged."""

    blobs: tuple[bytes, ...]
    """In CatBoost's own format."""

    @cached_property
    def boosters(self) -> list[Any]:
        """The models, read from their bytes once."""
        from catboost import CatBoost

        return [CatBoost().load_model(blob=blob) for blob in self.blobs]

    def margin(self, rows: Rows) -> Floats:
        """Average."""
        given = [
            each.predict(rows.split, prediction_type="RawFormulaVal", thread_count=1)
            for each in self.boosters
        ]
        return np.asarray(np.mean(given, axis=0), dtype=np.float64)

    def terms(self, rows: Rows) -> Floats:
        """Give exact Shapley values, averaged."""
        from catboost import Pool

        pool = Pool(rows.split)
        given = [
            each.get_feature_importance(pool, type="ShapValues", thread_count=1) for each in self.boosters
        ]
        return _by_split(rows, np.mean(given, axis=0, dtype=np.float64))


def _by_split(rows: Rows, terms: Floats) -> Floats:
    """Sum the columns of ``Rows.split`` by factor; the last, the same for all, is dropped."""
    starts = np.searchsorted(rows.factor_of_split, np.arange(len(rows.encoder.used)))
    return np.asarray(np.add.reduceat(terms[:, :-1], starts, axis=1), dtype=np.float64)
