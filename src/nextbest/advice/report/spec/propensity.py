"""Who will buy it: models as the page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nextbest.advice.report.spec.page import Row
from nextbest.base.contract import Column, Table

FIRST_SCORES: Final = Table(
    "first_scores",
    "one row per model and customer among its first five",
    ("model_id", "rank"),
    (
        Column("model_id", "string", "name of the model"),
        Column("customer_id", "string", "key of the customer"),
        Column("propensity", "float64", "calibrated probability of yes, 0-1"),
        Column("rank", "int64", "place among the model's customers, 1 first"),
        Column("because", "string", "factor, value, and what it adds to the log-odds, JSON"),
    ),
)

SCORED_CUSTOMERS: Final = Table(
    "scored_customers",
    "one row per model",
    ("model_id",),
    (
        Column("model_id", "string", "name of the model"),
        Column("n_customers", "int64", "customers it scored"),
        Column("propensity", "float64", "mean probability, 0-1"),
    ),
)


@dataclass(frozen=True, slots=True)
class Model:
    """One thing that is predicted: the candidate that was chosen, and its proof."""

    model_id: str
    target: str
    """Name of what is predicted."""
    chosen: Row
    """Row of ``propensity_models``."""
    candidates: Sequence[Row]
    """All that were tried, best first; baseline too."""
    gains: Mapping[str, Sequence[Row]]
    """By candidate, rows of ``propensity_lift``, shallowest first."""
    calibration: Sequence[Row]
    factors: Sequence[Row]
    """Used ones, strongest first."""
    leaks: Sequence[Row]
    suspects: Sequence[Row]
    drifted: Sequence[Row]
    windows: Sequence[Row]
    first: Sequence[Row]
    """Whom to call first, with what raises and lowers them under ``said``."""
    n_scored: int | None
    mean_propensity: float | None

    @property
    def top(self) -> Row | None:
        """The first fifth of the chosen candidate's list."""
        return self._fifth(self.chosen["model"])

    @property
    def baseline_top(self) -> Row | None:
        """The first fifth of the baseline's list."""
        return self._fifth("baseline")

    @property
    def advantage(self) -> float:
        """How much more of the yes the first fifth holds than the baseline's; without one, than chance."""
        if self.top is None:
            return float(self.chosen["cv_auc"] or 0.5) - 0.5
        beside = self.baseline_top
        return float(self.top["gain"] - (beside["gain"] if beside else self.top["depth"]))

    @property
    def is_order_drifting(self) -> bool:
        """The file's own order shows clearly less than shuffled folds: the data change on the way."""
        ordered, shuffled = self.chosen.get("ordered_auc"), self.chosen.get("cv_auc")
        return ordered is not None and shuffled is not None and shuffled - ordered > DRIFT_AUC

    def _fifth(self, model: str) -> Row | None:
        rows = self.gains.get(model, ())
        return min(rows, key=lambda row: (abs(row["depth"] - FIFTH), row["depth"]), default=None)


FIFTH: Final = 0.2
DRIFT_AUC: Final = 0.03
"""Folds in file order this much below shuffled ones are named."""
DRIFT_PSI: Final = 0.25
"""Population stability index from which a factor has drifted (the banks' rule of thumb)."""


@dataclass(frozen=True, slots=True)
class Models:
    """All models, and those that are shown whole."""

    every: Sequence[Model]
    """Furthest above its baseline first."""
    n_all: int
    shown: Sequence[Model]
