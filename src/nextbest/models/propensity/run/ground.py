"""The ground of all questions: windows, customers as of each, and who could buy and did buy what is asked about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from nextbest.base.errors import DataError
from nextbest.models.propensity import query
from nextbest.models.propensity.core.examples import Ints
from nextbest.models.propensity.core.history import Months
from nextbest.models.propensity.core.windows import Calendar, Window, calendar
from nextbest.models.propensity.run.cases import Case, Question, Scene, Told, case_of, is_owned, weights_of
from nextbest.models.propensity.run.lens import Lens, lens_of, with_affinities
from nextbest.models.propensity.run.past import Crowd, Past, days_of, looks_of, spells_of
from nextbest.models.propensity.run.subjects import Subject
from nextbest.models.propensity.spec import PropensitySettings

MOST_EXAMPLES: Final = 200_000
"""Rows that models learn from, in all windows; of more customers as many as this allows are drawn by chance."""
PORTION: Final = 100_000
"""Customers scored at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What all questions share: the windows, and the customers in them."""

    past: Past
    cut: Calendar
    known: Scene
    """Customers to learn from, in the windows whose answer is known."""
    today: Scene
    """The same customers on the day of the run."""
    everybody: Sequence[Scene]
    """All customers on the day of the run, in portions."""


def ground_of(past: Past, settings: PropensitySettings, seed: int) -> Ground:
    """Look at the customers as of each day."""
    cut = calendar(past.first_on, past.as_of, settings)
    lens = lens_of(past, cut)
    n = past.customers.num_rows
    some = _some(n, MOST_EXAMPLES // len(cut.known), seed)
    crowd = past.share(some)
    known = _scene(lens, crowd, cut.known)
    today = _scene(lens, crowd, (cut.application,))
    if len(some) == n:
        return Ground(past, cut, known, today, [today])
    portions = [past.share(np.arange(start, min(start + PORTION, n))) for start in range(0, n, PORTION)]
    return Ground(
        past, cut, known, today, [_scene(lens, portion, (cut.application,)) for portion in portions]
    )


def _some(n: int, most: int, seed: int) -> Ints:
    """Draw customers by chance where they are too many."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng([seed, n]).choice(n, most, replace=False))


def _scene(lens: Lens, crowd: Crowd, windows: Sequence[Window]) -> Scene:
    views = [with_affinities(lens.view(crowd, window.origin_on)) for window in windows]
    return Scene.of(crowd, windows, views)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One question and its customers."""

    question: Question
    known: Case
    scored: Sequence[Case]
    """In portions."""


def questions_of(
    ground: Ground, subjects: Sequence[Subject], settings: PropensitySettings
) -> Iterator[Asked]:
    """Ask for each subject who bought it, and who is to be scored."""
    past = ground.past
    crowds = [ground.known.crowd, *(scene.crowd for scene in ground.everybody if scene is not ground.today)]
    told = [_told(past, crowd, subjects) for crowd in crowds]
    months = _months(past, ground.known.crowd, settings)
    for at, subject in enumerate(subjects):
        own = told[0][at]
        group = _group(past, subject)
        question = Question(
            subject,
            ground.cut,
            settings,
            months,
            is_owned(subject, own, ground.cut),
            group,
            group is not None and past.groups.ids[group] == subject.target,
        )
        weights = weights_of(question, [*ground.known.views, *ground.today.views], own)
        known = case_of(question, ground.known, own, weights[:-1])
        scored = [
            case_of(question, scene, told[-len(ground.everybody) + place][at], weights[-1:])
            for place, scene in enumerate(ground.everybody)
        ]
        yield Asked(question, known, scored)


def _group(past: Past, subject: Subject) -> int | None:
    name = subject.group or subject.target
    return past.groups.ids.index(name) if name in past.groups.ids else None


def _told(past: Past, crowd: Crowd, subjects: Sequence[Subject]) -> list[Told]:
    things = [subject.products for subject in subjects]
    bodies = [part for subject in subjects for part in subject.body]
    days, spells = days_of(past, crowd, [*things, *bodies]), spells_of(past, crowd, [*things, *bodies])
    looks = looks_of(past, crowd, things)
    starts = np.cumsum([len(things), *(len(subject.body) for subject in subjects)])
    return [
        Told(days[at], spells[at], looks[at], days[start:end], spells[start:end])
        for at, (start, end) in enumerate(pairwise(starts))
    ]


def _months(past: Past, crowd: Crowd, settings: PropensitySettings) -> Months | None:
    if settings.label != "profit_rose":
        return None
    if not past.store.has("customer_profit", "customer_id", "month_on", "profit"):
        raise DataError("propensity.no_profit")
    rows = past.store.arrow(
        query.profit_by_month(past.store.table("customer_profit"), crowd.table, past.as_of)
    )
    return Months(*(rows[name].to_numpy() for name in ("customer", "month", "profit")))
