"""A fitted model: raw columns in, calibrated probabilities and what each column adds to them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from nextbest.models.propensity.core.calibrating import Calibration, probability_of
from nextbest.models.propensity.core.columns import Encoder
from nextbest.models.propensity.core.examples import Columns, Floats, take
from nextbest.models.propensity.core.predictors import Predictor
from nextbest.models.propensity.core.rows import Rows

_CHUNK: Final = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Which columns are used and how, and what was learnt from them."""

    candidate: str
    """Its kind: logistic, small_trees, catboost and so on."""
    encoder: Encoder
    predictor: Predictor
    calibration: Calibration

    @property
    def factors(self) -> tuple[str, ...]:
        """Columns that are used, in the order of :meth:`contributions`."""
        return self.encoder.factors

    def predict(self, columns: Columns) -> Floats:
        """Give the calibrated probability of each row.

        Parameters
        ----------
        columns
            Raw columns; those that the model does not use are ignored.

        Raises
        ------
        DataError
            A column that the model uses is missing.
        """
        parts = [self.predictor.margin(rows) for rows in self._chunks(columns)]
        return probability_of(self.calibration(np.concatenate(parts))) if parts else np.empty(0)

    def contributions(self, columns: Columns) -> Floats:
        """Give what each factor adds to the log-odds, shape (n, n_factors).

        Exact for linear models (against the mean customer) and trees (Shapley values, of the single tree the path's steps); for
        networks the change when one factor at a time has its typical value.
        """
        parts = [
            self.calibration.bend(self.predictor.margin(rows), self.predictor.terms(rows))
            for rows in self._chunks(columns)
        ]
        return np.concatenate(parts) if parts else np.empty((0, len(self.factors)))

    def _chunks(self, columns: Columns) -> list[Rows]:
        n = len(next(iter(columns.values()), ()))
        used = {name: columns[name] for name in self.factors if name in columns}
        starts = range(0, n, _CHUNK)
        return [Rows.of(self.encoder, take(used, slice(start, start + _CHUNK))) for start in starts]
