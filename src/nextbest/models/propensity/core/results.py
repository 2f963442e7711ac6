"""What one model is, how its candidates did, and whom it scored: handed from fitting to proof, words and tables."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from nextbest.models.propensity.core.columns import Encoder
from nextbest.models.propensity.core.examples import Columns, Examples, Floats, Texts

Kind = Literal["flat", "product", "category", "rule"]


def file_of(model_id: str, ending: str) -> str:
    """Name a model's file beside the tables, fit for every file system and unlike any other model's.

    Examples
    --------
    >>> file_of("mortgage", "json"), file_of("churn: SOFT DRINKS", "md")
    ('models/propensity/mortgage.json', 'models/propensity/churn_SOFT_DRINKS-004ee18c.md')
    """
    plain = re.sub(r"\W+", "_", model_id)[:60]
    mark = "" if plain == model_id else f"-{zlib.crc32(model_id.encode()):08x}"
    return f"models/propensity/{plain}{mark}.{ending}"


class Explainer(Protocol):
    """What proof and reasons ask of a model; :class:`~nextbest.models.propensity.core.model.Model` is one."""

    @property
    def factors(self) -> tuple[str, ...]:
        """Columns that are used, in the order of the contributions."""
        ...

    @property
    def encoder(self) -> Encoder:
        """How raw columns are read."""
        ...

    def predict(self, columns: Columns) -> Floats:
        """Give calibrated probabilities, shape (n,)."""
        ...

    def contributions(self, columns: Columns) -> Floats:
        """Give what each factor adds to the log-odds, shape (n, n_factors)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """One candidate, or the baseline, on the customers it was judged on."""

    model: str
    """Name of the candidate, or ``baseline``."""
    probability: Floats
    """Shape (n,), beside ``ModelResult.judged``: given by fits that had not seen the customer. A baseline may give any score."""
    fit_seconds: float | None = None
    """Processor time of one fit on all examples, seconds."""
    ordered_auc: float | None = None
    """AUC by folds in the order of the file; only for the chosen one."""
    shuffled_auc: float | None = None
    """AUC by as many shuffled folds, to compare ``ordered_auc`` with."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one column of the data."""

    name: str
    kind: str
    """number, category, date, constant, id, text or empty."""
    left_out: str | None = None
    """leak, constant, id, text, empty or excluded; ``None``: used."""
    auc: float | None = None
    """AUC of the column alone, 0.5-1; ``None``: not measured."""


@dataclass(frozen=True, slots=True, eq=False)
class ModelResult:
    """One finished model."""

    model_id: str
    target: str
    kind: Kind
    judged: Examples
    """Customers that the candidates were judged on, with their answers and columns, in the order of the file."""
    tried: Sequence[Tried]
    """Candidates and baseline, simplest first."""
    chosen: str
    model: Explainer
    fates: Sequence[Fate]
    """Every column of the data but the customer's id and the target."""
    scored_ids: Texts
    """Shape (m,): customers that get a score, in the order of the file."""
    scored: Columns
    """Their columns."""
    probability: Floats
    """Shape (m,): their calibrated probabilities."""
    seed: int
    folds: int
    """Folds of the cross-validation; 0: judged on a window of their own."""
    positive: str | None = None
    """Value of the target that counts as yes."""
    n_without_target: int = 0
    """Rows whose target is missing: left out."""
    n_judged_most: int | None = None
    """Slow candidates were fitted on this many rows only; ``None``: on all."""
    is_guessed: bool = False
    """``positive`` was guessed: the rarer of two values."""
    is_applied: bool = False
    """The scored customers are others than those the model learnt from."""
    not_columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By setting (``exclude``, ``allow``): names that no column has."""
    windows: Sequence[Mapping[str, Any]] = field(default=())
    """Rows of ``propensity_windows`` without ``model_id`` and ``target``; empty for a flat table."""
