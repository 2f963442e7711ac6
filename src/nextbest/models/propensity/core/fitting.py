"""Fitting: from examples to one calibrated model, with every candidate's score and every column's fate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from nextbest.base.errors import DataError, SettingsError
from nextbest.models.propensity.core.calibrating import probability_of
from nextbest.models.propensity.core.candidates import can_fit
from nextbest.models.propensity.core.choosing import (
    NEVER_JUDGED,
    Task,
    Trial,
    Workshop,
    candidates_for,
    choose,
    draw_parts,
    fit_final,
    folds_for,
    refit,
    try_all,
)
from nextbest.models.propensity.core.columns import Encoder
from nextbest.models.propensity.core.examples import Examples, Floats, Ints
from nextbest.models.propensity.core.factors import separation
from nextbest.models.propensity.core.model import Model
from nextbest.models.propensity.core.results import Fate, Tried
from nextbest.models.propensity.core.rows import Rows
from nextbest.models.propensity.spec import PropensitySettings

FEWEST: Final = 5
"""Yes, and no, that a model needs at least."""
FEW: Final = 30
"""With fewer of either answer only the simplest candidate is tried."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A model and how it was chosen."""

    model: Model
    tried: Sequence[Tried]
    """Simplest first; their probabilities stand beside ``judged``."""
    chosen: str
    judged: Ints
    """Places of the examples that were judged, ascending; all of them in a cross-validation."""
    fates: Sequence[Fate]
    folds: int
    """0: judged on a part of its own."""
    task: Task
    trial: Trial
    order: Ints
    """Place in the examples of each row of the task."""

    @property
    def probability(self) -> Floats:
        """Calibrated probabilities of the chosen candidate by fits that had not seen the customer, beside ``judged``."""
        return next(tried.probability for tried in self.tried if tried.model == self.chosen)

    @property
    def n_judged_most(self) -> int | None:
        """Rows that the slowest candidates were fitted on, where there were more."""
        width = self.task.rows.matrix.shape[1]
        n = len(self.task.target)
        fewest = min(
            candidate.most_rows(width)
            for candidate in candidates_for([one.model for one in self.tried], n, 0)
        )
        return fewest if fewest < n else None

    def again(self, learnt: Ints, asked: Ints) -> Floats:
        """Fit the chosen candidate anew on some examples, by place, and give the log-odds of others."""
        place = np.empty_like(self.order)
        place[self.order] = np.arange(len(self.order))
        return refit(self.task, self.trial, np.sort(place[learnt]), place[asked])


def fit_examples(
    examples: Examples, settings: PropensitySettings, seed: int, workshop: Workshop, parts: Ints | None = None
) -> Fitted:
    """Learn the columns, leave out leaks, try the candidates, choose one and fit it on all examples.

    The result depends on the customers and their rows, not on the order in which they come.

    Parameters
    ----------
    examples
        Customers with their answers.
    settings
        Candidates, folds, columns that are left out or allowed.
    seed
        Of folds and fits.
    workshop
        Clock and hands.
    parts
        Shape (n,): the fold in which each example is judged, -1 where it is learnt from only; ``None``: folds by customer.

    Raises
    ------
    DataError
        Too few of one answer, or no column left.
    """
    n_least = min(examples.n_positive, len(examples) - examples.n_positive)
    if n_least < FEWEST:
        raise DataError(
            "propensity.too_few_answers", n_yes=examples.n_positive, n=len(examples), fewest=FEWEST
        )
    order = _steady(examples)
    sorted_ = examples.take(order)
    encoder, fates = describe(sorted_, settings)
    folds = folds_for(len(examples), n_least, settings.folds)
    drawn = draw_parts(sorted_.customer_ids, sorted_.target, folds, seed) if parts is None else parts[order]
    task = Task(Rows.of(encoder, sorted_.columns), sorted_.target, drawn, seed)
    trials = try_all(task, candidates_for(available(settings), n_least, FEW), workshop)
    chosen = choose(trials)
    n_parts = len(np.unique(drawn[drawn != NEVER_JUDGED]))
    back = np.argsort(order[task.judged], kind="stable")
    return Fitted(
        Model(chosen.candidate.name, encoder, fit_final(task, chosen), chosen.calibration),
        [_tried(trial, back) for trial in trials],
        chosen.candidate.name,
        np.sort(order[task.judged]),
        fates,
        n_parts if n_parts > 1 else 0,
        task,
        chosen,
        order,
    )


def _tried(trial: Trial, back: Ints) -> Tried:
    return Tried(trial.candidate.name, probability_of(trial.margin)[back], trial.seconds)


def _steady(examples: Examples) -> Ints:
    """Sort by customer and origin, so that the order of the rows does not matter."""
    origin = np.zeros(len(examples)) if examples.origin is None else examples.origin
    return np.lexsort((origin, examples.customer_ids.astype(str))).astype(np.int64)


def available(settings: PropensitySettings) -> list[str]:
    """Name the candidates whose library is installed."""
    names: list[str] = [name for name in settings.candidates if can_fit(name)]
    if not names:
        raise SettingsError("propensity.no_candidate", candidates=list(settings.candidates))
    return names


def describe(examples: Examples, settings: PropensitySettings) -> tuple[Encoder, list[Fate]]:
    """Learn what each column is, and leave out those that alone separate yes from no, unless they are allowed.

    Raises
    ------
    DataError
        No column is left.
    """
    encoder = Encoder.learn(examples.columns, settings.exclude)
    auc = {
        name: separation(values, examples.target) for name, values in _comparable(encoder, examples).items()
    }
    leaks = [name for name in auc if auc[name] > settings.leak_auc and name not in settings.allow]
    encoder = encoder.without(dict.fromkeys(leaks, "leak"))
    if not encoder.used:
        raise DataError(
            "propensity.no_columns",
            left_out=[f"{column.name} ({column.left_out})" for column in encoder.columns] or ["–"],
        )
    fates = [
        Fate(column.name, column.kind, column.left_out, auc.get(column.name)) for column in encoder.columns
    ]
    return encoder, fates


def _comparable(encoder: Encoder, examples: Examples) -> dict[str, Floats]:
    """Give numbers and dates as numbers, categories as they stand."""
    read = encoder.read(examples.columns)
    kinds = {column.name: column.kind for column in encoder.used}
    return {name: examples.columns[name] if kinds[name] == "category" else read[name] for name in read}
