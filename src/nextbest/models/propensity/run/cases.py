"""One thing's customers, window by window: who could buy it, what was known of them, and who did."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nextbest.models.propensity.core.examples import Bools, Columns, Examples, Floats, Ints, Texts, take
from nextbest.models.propensity.core.history import (
    Days,
    Months,
    Spells,
    bought_before,
    bought_within,
    day_number,
    first_within,
    is_bought_again,
    own_columns,
    profit_rose,
)
from nextbest.models.propensity.core.subset import Subset
from nextbest.models.propensity.core.windows import Calendar, Window
from nextbest.models.propensity.run.lens import View
from nextbest.models.propensity.run.past import Crowd
from nextbest.models.propensity.run.subjects import Subject
from nextbest.models.propensity.spec import PropensitySettings


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What the store tells of one thing and one crowd."""

    days: Days
    spells: Spells
    looked_at: Days | None
    """Days on which customers looked at it; ``None`` where no event names a product."""
    body_days: Sequence[Days] = ()
    body_spells: Sequence[Spells] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A crowd in every window that is asked about."""

    crowd: Crowd
    windows: Sequence[Window]
    views: Sequence[View]
    known: Sequence[Ints]
    """Customers who had bought anything, by window."""
    shared: Mapping[str, Any]
    """Columns of these customers, window after window."""

    def __len__(self) -> int:
        return sum(map(len, self.known))

    @classmethod
    def of(cls, crowd: Crowd, windows: Sequence[Window], views: Sequence[View]) -> Scene:
        """Put the views' columns one below the other."""
        known = [crowd.known_before(view.origin) for view in views]
        shared = {
            name: np.concatenate([view.columns[name][rows] for view, rows in zip(views, known, strict=True)])
            for name in views[0].columns
        }
        return cls(crowd, windows, views, known, shared)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """The customers of one thing in every window of a scene."""

    scene: Scene
    place: Ints
    """Of each row in the scene's shared columns."""
    own: Mapping[str, Floats]
    """Columns about the thing."""
    customer_ids: Texts
    target: Bools
    window: Ints
    """Number of each row's window."""
    baseline: Floats
    """Score of the simple rule, comparable within a window."""
    n_owners: Sequence[int]
    """Left out of each window because they have it."""

    def columns(self, rows: Ints | None = None) -> Columns:
        """Give all columns of some rows; shared ones are taken when they are asked for."""
        place = self.place if rows is None else self.place[rows]
        own = self.own if rows is None else take(self.own, rows)
        whole = len(place) == len(self.scene)
        return ChainMap(dict(own), self.scene.shared if whole else Subset(self.scene.shared, place))  # type: ignore[arg-type]

    def examples(self, rows: Ints) -> Examples:
        """Give some rows with their answers."""
        return Examples(self.customer_ids[rows], self.columns(rows), self.target[rows], self.window[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked of every customer."""

    subject: Subject
    cut: Calendar
    settings: PropensitySettings
    months: Months | None
    """Profit by customer and month, where only those count whose profit rose."""
    is_owned: bool
    """Who has it needs no other: it is held, or not bought again and again."""
    group: int | None
    """Number of the group of products that it is, or is in."""
    is_group: bool


def is_owned(subject: Subject, told: Told, cut: Calendar) -> bool:
    """Tell whether a thing is had once and for all, by what was known on the newest day whose answer is known."""
    if len(told.spells.since) or subject.rule_id is not None:
        return True
    if subject.is_replenishable is not None:
        return not subject.is_replenishable
    return not is_bought_again(told.days, day_number(cut.known[-1].origin_on))


def weights_of(question: Question, views: Sequence[View], told: Told) -> list[Floats | None]:
    """Weigh, by window, each group of products by how well it goes with the thing, among the customers of the views."""
    return [_weights(question, view, told) for view in views]


def _weights(question: Question, view: View, told: Told) -> Floats | None:
    if view.affinities is None:
        return None
    if question.is_group and question.group is not None:
        return view.affinities.to_group(question.group)
    times = told.days.before(view.origin, question.cut.look_back_days).counts()
    return view.affinities.to_thing(times.astype(np.float64))


def case_of(question: Question, scene: Scene, told: Told, weights: Sequence[Floats | None]) -> Case:
    """Ask one question of a crowd in all its windows.

    Parameters
    ----------
    question
        What is asked.
    scene
        Whom, and when.
    told
        What they did with the thing.
    weights
        By window, how well each group of products goes with the thing; ``None``: there are no groups.
    """
    open_to = [
        _open_to(question, told, view, rows) for view, rows in zip(scene.views, scene.known, strict=True)
    ]
    taken = [rows[is_open] for rows, (is_open, _) in zip(scene.known, open_to, strict=True)]
    own = [_own(question, told, view, weight) for view, weight in zip(scene.views, weights, strict=True)]
    answers = [_answers(question, told, window) for window in scene.windows]
    simple = [_simple(one) for one in own]
    return Case(
        scene,
        np.flatnonzero(np.concatenate([is_open for is_open, _ in open_to])),
        {name: _joined([one[name] for one in own], taken) for name in own[0]},
        scene.crowd.ids[np.concatenate(taken)],
        _joined(answers, taken),
        np.repeat(np.arange(len(taken)), [len(rows) for rows in taken]),
        _joined(simple, taken),
        [n for _, n in open_to],
    )


def _joined(values: Sequence[Any], taken: Sequence[Ints]) -> Any:
    """Put what was taken of each window one below the other."""
    return np.concatenate([one[rows] for one, rows in zip(values, taken, strict=True)])


def _open_to(question: Question, told: Told, view: View, known: Ints) -> tuple[Bools, int]:
    """Say which of the known customers are asked, and how many are not because they have it."""
    n = told.days.n_customers
    asked = np.ones(n, dtype=np.bool_)
    for days, spells in zip(told.body_days, told.body_spells, strict=True):
        asked &= _ever(days, spells, view.origin)
    if question.subject.rule_id is not None:
        has = _ever(told.days, told.spells, view.origin)
    elif len(told.spells.since):
        has = told.spells.on_eve(view.origin)
    elif question.is_owned:
        has = told.days.before(view.origin).counts() > 0
    else:
        has = np.zeros(n, dtype=np.bool_)
    has &= not question.settings.include_owners
    return (asked & ~has)[known], int((asked & has)[known].sum())


def _ever(days: Days, spells: Spells, origin: int) -> Bools:
    held = np.bincount(spells.customer[spells.since < origin], minlength=days.n_customers) > 0
    return (days.before(origin).counts() > 0) | held


def _answers(question: Question, told: Told, window: Window) -> Bools:
    if window.part == "application":
        return np.zeros(told.days.n_customers, dtype=np.bool_)
    if question.months is None:
        return bought_within(told.days, window)
    return profit_rose(first_within(told.days, window), window, question.months)


def _own(question: Question, told: Told, view: View, weights: Floats | None) -> dict[str, Floats]:
    """Describe what each customer has to do with the thing as of the view's day."""
    look_back = question.cut.look_back_days
    columns = own_columns(told.days, view.origin, look_back, question.settings.outcome_days)
    if question.group is not None and not question.is_group:
        times, since = view.tastes.of(question.group)
        columns |= {"times_bought_in_category": times, "days_since_category": since}
    if weights is not None:
        columns["goes_with_the_rest"] = np.asarray(view.tastes.matrix() @ weights)
    if told.looked_at is not None:
        seen = told.looked_at.before(view.origin, look_back)
        lately = seen.before(view.origin, 28)
        columns |= {
            "days_looked_at": seen.counts().astype(float),
            "days_looked_at_28d": lately.counts().astype(float),
        }
    return columns


def _simple(own: Mapping[str, Floats]) -> Floats:
    ranked = [(own["times_bought"], own["days_since_bought"])]
    if "times_bought_in_category" in own:
        ranked.append((own["times_bought_in_category"], own["days_since_category"]))
    return bought_before(*ranked)
