"""Forecasting: candidates are chosen on the customers of the training windows, judged on the test, and learn again from all.

Probabilities are calibrated by customers that a fit had not seen, in the training windows only. Bending them to the newest
window looks tempting and does harm: it takes the season of one window for the truth of the next (on 20 categories of the
Complete Journey log-loss .3485 against .3471).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from nextbest.models.propensity.core.calibrating import probability_of
from nextbest.models.propensity.core.candidates import CANDIDATES, Candidate, Draw, fit_lightgbm
from nextbest.models.propensity.core.choosing import (
    Task,
    Trial,
    Workshop,
    candidates_for,
    choose,
    draw_parts,
    fit_final,
    margin_of,
    try_all,
)
from nextbest.models.propensity.core.examples import Bools, Ints, Texts
from nextbest.models.propensity.core.fitting import FEW, FEWEST, available
from nextbest.models.propensity.core.model import Model
from nextbest.models.propensity.core.results import Tried
from nextbest.models.propensity.core.rows import Rows
from nextbest.models.propensity.spec import PropensitySettings

FEW_MODELS: Final = 3
"""Up to so many models in a run, all candidates are tried; of more, each takes the two that are best for its time."""
_FOLDS: Final = 3
_FOLDS_OF_MANY: Final = 2
_TEST_SHARE: Final = 0.25
_QUICK: Final = {
    "learning_rate": 0.05,
    "num_leaves": 8,
    "feature_fraction": 0.3,
    "max_bin": 63,
    "min_child_samples": 50,
    "force_row_wise": False,
    "force_col_wise": True,
}
_OF_MANY: Final = tuple(
    replace(candidate, fits=fits)
    for candidate in CANDIDATES
    for name, fits in (
        ("logistic", candidate.fits[:2]),
        ("small_trees", (partial(fit_lightgbm, shape=_QUICK, rounds=150, n_few=1),)),
    )
    if candidate.name == name
)


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """A model of what happens after a window, and how its candidates did on the test."""

    model: Model
    tried: Sequence[Tried]
    """Simplest first, beside the test's examples."""
    chosen: str
    folds: int


def is_test(customer_ids: Texts, window: Ints, settings: PropensitySettings, seed: int) -> Bools:
    """Say which examples are the test: the newest window, or customers drawn by chance from all windows.

    Examples
    --------
    >>> ids, window = np.array(["ann", "bob", "ann"], dtype=object), np.array([0, 0, 1])
    >>> is_test(ids, window, PropensitySettings(), seed=0).tolist()
    [False, False, True]
    """
    if settings.sampling == "windows":
        return np.asarray(window == window.max(initial=0))
    _, place = np.unique(customer_ids.astype(str), return_inverse=True)
    drawn = np.random.default_rng([seed, 2]).random(int(place.max(initial=-1)) + 1) < _TEST_SHARE
    return np.asarray(drawn[place])


def can_learn(target: Bools, test: Bools) -> bool:
    """Tell whether there are enough yes and no to learn from, and at least one of each to judge on."""
    n_yes, n = int(target[~test].sum()), int((~test).sum())
    return min(n_yes, n - n_yes) >= FEWEST and 0 < int(target[test].sum()) < int(test.sum())


def forecast(
    task: Task,
    customer_ids: Texts,
    test: Bools,
    settings: PropensitySettings,
    workshop: Workshop,
    *,
    is_one_of_many: bool,
) -> Forecast:
    """Choose, judge, and learn again.

    Parameters
    ----------
    task
        All examples, in a steady order; its parts do not matter.
    customer_ids
        Shape (n,).
    test
        Examples that are judged on and not learnt from before that.
    settings
        Candidates and folds.
    workshop
        Clock and hands.
    is_one_of_many
        Take two quick candidates and two folds.
    """
    learnt, judged = np.flatnonzero(~test), np.flatnonzero(test)
    n_yes = int(task.target[learnt].sum())
    n_least = min(n_yes, len(learnt) - n_yes)
    folds = min(settings.folds, _FOLDS_OF_MANY if is_one_of_many else _FOLDS)
    past = Task(
        task.rows.take(learnt),
        task.target[learnt],
        draw_parts(customer_ids[learnt], task.target[learnt], folds, task.seed),
        task.seed,
    )
    trials = try_all(past, _candidates(settings, n_least, is_one_of_many=is_one_of_many), workshop)
    chosen = choose(trials)
    unseen = task.rows.take(judged)
    tried = [_tried(past, trial, unseen, workshop) for trial in trials]
    model = Model(chosen.candidate.name, task.rows.encoder, fit_final(task, chosen), chosen.calibration)
    return Forecast(model, tried, chosen.candidate.name, folds)


def _candidates(settings: PropensitySettings, n_least: int, *, is_one_of_many: bool) -> list[Candidate]:
    asked = candidates_for(available(settings), n_least, FEW)
    quick = [candidate for candidate in _OF_MANY if candidate.name in {one.name for one in asked}]
    return quick if is_one_of_many and quick else asked


def _tried(past: Task, trial: Trial, unseen: Rows, workshop: Workshop) -> Tried:
    start = workshop.clock()
    predictor = trial.candidate.fits[trial.variant](past.rows, past.target, Draw(past.seed))
    seconds = workshop.clock() - start
    margin = trial.calibration(margin_of(predictor, unseen))
    return Tried(trial.candidate.name, probability_of(margin), seconds)
