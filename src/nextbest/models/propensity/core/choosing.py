"""Choosing: every candidate on customers it has not seen; the least log-loss wins, and the simpler one of two that tie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from nextbest.models.propensity.core.calibrating import Calibration, calibrate, losses, ties
from nextbest.models.propensity.core.candidates import CANDIDATES, Candidate, Draw, some_rows
from nextbest.models.propensity.core.examples import Bools, Floats, Ints, Texts
from nextbest.models.propensity.core.predictors import Predictor, log_odds
from nextbest.models.propensity.core.rows import Rows

NEVER_JUDGED: Final = -1
"""Part of examples that are learnt from only."""
_CHUNK: Final = 50_000
_FOLDS_OF_MANY: Final = ((100_000, 3), (20_000, 5))
"""From so many rows on, so many folds are enough."""
_FINAL: Final = 3
"""The model that is kept learns from so many times the rows of one that only judges."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What fitting borrows from outside: a clock and hands."""

    clock: Callable[[], float] = lambda: 0.0
    """Processor time of this thread, seconds."""
    each: Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]] = map
    """Does one thing for each of several, in order; possibly side by side."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is learnt, from what."""

    rows: Rows
    target: Bools
    parts: Ints
    """Shape (n,): the fold in which a row is judged; :data:`NEVER_JUDGED` where it is learnt from only."""
    seed: int

    @property
    def judged(self) -> Ints:
        """Rows that are judged."""
        return np.flatnonzero(self.parts != NEVER_JUDGED)


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One candidate on the rows that are judged."""

    candidate: Candidate
    variant: int
    margin: Floats
    """Log-odds by fits that had not seen the row, calibrated by others than the row; shape (n_judged,)."""
    calibration: Calibration
    loss: Floats
    seconds: float
    """Processor time of one fit."""


def folds_for(n: int, n_least: int, folds: int) -> int:
    """Give the number of folds: fewer where rows are many, or where one of the answers is rare.

    Examples
    --------
    >>> folds_for(5_822, 348, 10), folds_for(45_000, 5_000, 10), folds_for(200, 6, 10)
    (10, 5, 6)
    """
    enough = next((few for rows, few in _FOLDS_OF_MANY if n >= rows), folds)
    return max(2, min(folds, enough, n_least))


def draw_parts(customer_ids: Texts, target: Bools, folds: int, seed: int) -> Ints:
    """Draw folds by customer, as many yes in each as chance and rounding allow, whatever the order of the rows.

    Examples
    --------
    >>> ids = np.array(["ann", "ann", "bob", "cas"], dtype=object)
    >>> parts = draw_parts(ids, np.array([True, False, True, False]), 2, seed=0)
    >>> bool(parts[0] == parts[1]), bool(parts[0] != parts[2])
    (True, True)
    """
    _, place = np.unique(customer_ids.astype(str), return_inverse=True)
    says_yes = np.bincount(place, weights=target) > 0
    shuffled = np.random.default_rng([seed, 1]).permutation(len(says_yes))
    part = np.empty(len(says_yes), dtype=np.int64)
    part[shuffled[np.argsort(~says_yes[shuffled], kind="stable")]] = np.arange(len(says_yes)) % folds
    return part[place]


def margin_of(predictor: Predictor, rows: Rows) -> Floats:
    """Give log-odds, some rows at a time where they are many."""
    if len(rows) <= _CHUNK:
        return predictor.margin(rows)
    starts = range(0, len(rows), _CHUNK)
    return np.concatenate([predictor.margin(rows.take(slice(start, start + _CHUNK))) for start in starts])


def candidates_for(names: Sequence[str], n_least: int, few: int) -> list[Candidate]:
    """Give the candidates that are asked for; with few examples of one answer only the simplest is trusted."""
    asked = [candidate for candidate in CANDIDATES if candidate.name in names]
    return asked[:1] if n_least < few else asked


def try_all(task: Task, candidates: Sequence[Candidate], workshop: Workshop) -> list[Trial]:
    """Fit every candidate for every part, and judge it there."""
    folds = np.unique(task.parts[task.judged])

    def one(fold: int) -> list[_Fold]:
        return list(_fold(task, candidates, fold, workshop.clock))

    done = list(workshop.each(one, folds.tolist()))
    return [
        _trial(task, candidate, [fold[place] for fold in done]) for place, candidate in enumerate(candidates)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Fold:
    asked: Ints
    margins: list[Floats]
    """One per variant."""
    seconds: float


def _fold(
    task: Task, candidates: Sequence[Candidate], fold: int, clock: Callable[[], float]
) -> Iterator[_Fold]:
    learnt, asked = np.flatnonzero(task.parts != fold), np.flatnonzero(task.parts == fold)
    seen: dict[int, Rows] = {}
    unseen = task.rows.take(asked)
    for candidate in candidates:
        some = learnt[
            some_rows(task.target[learnt], candidate.most_rows(task.rows.matrix.shape[1]), task.seed)
        ]
        rows = seen.setdefault(len(some), task.rows.take(some))
        start = clock()
        draw, answers = Draw(task.seed), task.target[some]
        # A part that holds more yes leaves fewer to learn from: without this its customers all rank below the other parts'.
        level = log_odds(task.target.mean()) - log_odds(answers.mean())
        margins = [margin_of(fit(rows, answers, draw), unseen) + level for fit in candidate.fits]
        yield _Fold(asked, margins, (clock() - start) / len(margins))


def _trial(task: Task, candidate: Candidate, folds: Sequence[_Fold]) -> Trial:
    judged = task.judged
    target, parts = task.target[judged], task.parts[judged]
    variants = [
        _gather(task, [(fold.asked, fold.margins[place]) for fold in folds])[judged]
        for place in range(len(candidate.fits))
    ]
    best = min(range(len(variants)), key=lambda place: float(losses(variants[place], target).mean()))
    if len(folds) == 1:
        parts = np.arange(len(judged)) % 5
    margin, calibration = calibrate(variants[best], target, parts)
    return Trial(
        candidate,
        best,
        margin,
        calibration,
        losses(margin, target),
        float(np.mean([fold.seconds for fold in folds])),
    )


def _gather(task: Task, pieces: Iterable[tuple[Ints, Floats]]) -> Floats:
    whole = np.full(len(task.target), np.nan)
    for asked, margin in pieces:
        whole[asked] = margin
    return whole


def choose(trials: Sequence[Trial]) -> Trial:
    """Take the least log-loss, or a simpler candidate within one standard error of the paired difference [1]_.

    References
    ----------
    .. [1] Breiman, Friedman, Olshen, Stone (1984), Classification and regression trees, section 3.4.3.
    """
    best = min(trials, key=lambda trial: float(trial.loss.mean()))
    tied = [trial for trial in trials if ties(trial.loss - best.loss)]
    simplest = min(trial.candidate.complexity for trial in tied)
    return min(
        (trial for trial in tied if trial.candidate.complexity == simplest),
        key=lambda trial: float(trial.loss.mean()),
    )


def fit_final(task: Task, trial: Trial) -> Predictor:
    """Fit the chosen candidate on all rows."""
    most = _FINAL * trial.candidate.most_rows(task.rows.matrix.shape[1])
    some = some_rows(task.target, most, task.seed)
    fit = trial.candidate.fits[trial.variant]
    return fit(task.rows.take(some), task.target[some], Draw(task.seed, "keep"))


def refit(task: Task, trial: Trial, learnt: Ints, asked: Ints) -> Floats:
    """Fit the chosen candidate on some rows and give the log-odds of others."""
    some = learnt[
        some_rows(task.target[learnt], trial.candidate.most_rows(task.rows.matrix.shape[1]), task.seed)
    ]
    fit = trial.candidate.fits[trial.variant]
    predictor = fit(task.rows.take(some), task.target[some], Draw(task.seed, "order"))
    return margin_of(predictor, task.rows.take(asked))
