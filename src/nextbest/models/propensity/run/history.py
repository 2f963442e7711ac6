"""From history: windows are cut, customers are looked at once for all products, and each product gets its model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np

from nextbest.base.capability import Moment
from nextbest.base.errors import DataError
from nextbest.base.findings import Finding
from nextbest.base.messages import Value
from nextbest.models.propensity.core.calibrating import probability_of
from nextbest.models.propensity.core.choosing import Task, Workshop, margin_of
from nextbest.models.propensity.core.columns import Encoder, Floats32
from nextbest.models.propensity.core.examples import Bools, Columns
from nextbest.models.propensity.core.factors import separation
from nextbest.models.propensity.core.fitting import FEWEST
from nextbest.models.propensity.core.forecasting import FEW_MODELS, can_learn, forecast, is_test
from nextbest.models.propensity.core.results import Fate, ModelResult, Tried
from nextbest.models.propensity.core.rows import Rows
from nextbest.models.propensity.core.windows import Window
from nextbest.models.propensity.run.cases import Case
from nextbest.models.propensity.run.ground import Asked, Ground, ground_of, questions_of
from nextbest.models.propensity.run.past import past_of
from nextbest.models.propensity.run.subjects import Subject, subjects_of
from nextbest.models.propensity.spec import PropensitySettings
from nextbest.tables.store import Store

_MOST_SHOWN: Final = 5


def results_of(
    store: Store, name: str, settings: PropensitySettings, moment: Moment, workshop: Workshop
) -> Iterator[ModelResult | Finding]:
    """Fit a model of every product, category or rule's head that one section of settings asks for.

    Parameters
    ----------
    store
        Holds ``order_lines`` or ``holdings``, and what else is known of customers.
    name
        Name of the settings; empty: the only ones.
    settings
        What is predicted. Where they name nothing and the data allow no windows, a finding says so.
    moment
        Day and seed.
    workshop
        Where models are fitted.

    Raises
    ------
    DataError
        What is asked for cannot be predicted.
    """
    is_asked = bool(settings.product or settings.rule)
    if not is_asked and not settings.most_products:
        return
    try:
        ground = ground_of(past_of(store, moment.as_of), settings, moment.seed)
        subjects = subjects_of(ground.past, ground.cut, settings)
    except DataError as error:
        if is_asked:
            raise
        yield Finding(error.message.code, error.message.values)
        return
    coder = Coder.of(ground, settings)
    task = partial(_result, coder, name, moment.seed, Workshop(workshop.clock), len(subjects))
    done = list(workshop.each(task, questions_of(ground, subjects, settings)))
    too_few = [one for one in done if isinstance(one, TooFew)]
    if is_asked and len(too_few) == len(done):
        raise DataError("propensity.too_few_buyers", **_few(too_few, settings))
    yield from (one for one in done if isinstance(one, ModelResult))
    if too_few:
        yield Finding("propensity.too_few_buyers", _few(too_few, settings))


@dataclass(frozen=True, slots=True)
class TooFew:
    """A thing that hardly anybody bought, or everybody."""

    target: str
    n_buyers: int
    n: int


def _few(too_few: Sequence[TooFew], settings: PropensitySettings) -> dict[str, Value]:
    return {
        "targets": [one.target for one in too_few[:_MOST_SHOWN]],
        "n_targets": len(too_few),
        "n_buyers": too_few[0].n_buyers,
        "n": too_few[0].n,
        "fewest": FEWEST,
        "outcome_days": settings.outcome_days,
    }


@dataclass(frozen=True, slots=True, eq=False)
class Coder:
    """The shared columns as models read them: encoded once for all products."""

    ground: Ground
    settings: PropensitySettings
    encoder: Encoder
    known: Floats32
    everybody: Sequence[Floats32]

    @classmethod
    def of(cls, ground: Ground, settings: PropensitySettings) -> Coder:
        """Learn the shared columns."""
        encoder = Encoder.learn(ground.known.shared, settings.exclude)
        return cls(
            ground,
            settings,
            encoder,
            encoder.matrix(ground.known.shared),
            [encoder.matrix(scene.shared) for scene in ground.everybody],
        )

    def with_own(self, case: Case) -> tuple[Encoder, list[Fate]]:
        """Add what is about one thing, and leave out attributes that alone tell who buys it."""
        own = Encoder.learn(case.own, self.settings.exclude)
        suspected = [
            column.name
            for column in self.encoder.used
            if column.name in self.ground.known.views[0].attributes and column.name not in self.settings.allow
        ]
        columns = case.columns()
        auc = {name: separation(columns[name], case.target) for name in suspected}
        leaks = {name: "leak" for name, value in auc.items() if value > self.settings.leak_auc}
        whole = replace(self.encoder, columns=(*self.encoder.columns, *own.columns)).without(leaks)
        fates = [Fate(one.name, one.kind, one.left_out, auc.get(one.name)) for one in whole.columns]
        return whole, fates

    def rows(self, encoder: Encoder, shared: Floats32, case: Case) -> Rows:
        """Write a case's rows for a model."""
        used = set(encoder.factors)
        kept = [at for at, name in enumerate(self.encoder.factors) if name in used]
        own = [column.read(case.own[column.name]) for column in encoder.used[len(kept) :]]
        matrix = np.empty((len(case.place), len(kept) + len(own)), dtype=np.float32)
        matrix[:, : len(kept)] = shared[:, kept][case.place]
        for at, values in enumerate(own, start=len(kept)):
            matrix[:, at] = values
        return Rows(encoder, matrix)


def _result(
    coder: Coder, name: str, seed: int, workshop: Workshop, n_models: int, asked: Asked
) -> ModelResult | TooFew:
    """Fit one model and score everybody."""
    known, subject = asked.known, asked.question.subject
    test = is_test(known.customer_ids, known.window, coder.settings, seed)
    if not can_learn(known.target, test):
        return TooFew(subject.target, int(known.target.sum()), len(known.target))
    encoder, fates = coder.with_own(known)
    rows = coder.rows(encoder, coder.known, known)
    task = Task(rows, known.target, np.zeros(len(rows), dtype=np.int64), seed)
    found = forecast(
        task, known.customer_ids, test, coder.settings, workshop, is_one_of_many=n_models > FEW_MODELS
    )
    judged = np.flatnonzero(test)
    margins = [
        margin_of(found.model.predictor, coder.rows(encoder, shared, case))
        for shared, case in zip(coder.everybody, asked.scored, strict=True)
    ]
    return ModelResult(
        model_id=_model_id(name, subject, n_models),
        target=subject.target,
        kind=subject.kind,
        judged=known.examples(judged),
        tried=[*found.tried, Tried("baseline", known.baseline[judged])],
        chosen=found.chosen,
        model=found.model,
        fates=fates,
        scored_ids=np.concatenate([case.customer_ids for case in asked.scored]),
        scored=_together([case.columns() for case in asked.scored]),
        probability=probability_of(found.model.calibration(np.concatenate(margins))),
        seed=seed,
        folds=0,
        is_applied=True,
        windows=_windows(coder.ground, known, test, asked.scored),
    )


def _model_id(name: str, subject: Subject, n_models: int) -> str:
    """Name a model: the settings' name where it is their only one."""
    if not name:
        return subject.name
    return name if n_models == 1 else f"{name}.{subject.name}"


def _together(parts: Sequence[Columns]) -> Columns:
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _windows(ground: Ground, known: Case, test: Bools, scored: Sequence[Case]) -> list[dict[str, Any]]:
    """Count customers and buyers of every window."""
    rows = []
    for at, window in enumerate(ground.cut.known):
        for part, inside in (("training", ~test), ("test", test)):
            own = (known.window == at) & inside
            if own.any():
                rows.append(
                    _window_row(
                        window, part, int(own.sum()), int(known.target[own].sum()), known.n_owners[at]
                    )
                )
    n, n_owners = sum(len(case.place) for case in scored), sum(case.n_owners[0] for case in scored)
    return [*rows, _window_row(ground.cut.application, "application", n, None, n_owners)]


def _window_row(window: Window, part: str, n: int, n_positive: int | None, n_owners: int) -> dict[str, Any]:
    return {
        "origin_on": window.origin_on,
        "part": part,
        "outcome_from": window.outcome_from,
        "outcome_until": window.outcome_until,
        "n": n,
        "n_positive": n_positive,
        "n_owners_left_out": n_owners,
    }
