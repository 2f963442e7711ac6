"""From orders to judged lists with probabilities: which trial chooses, which judges, which day the lists are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nextbest.models.recommend.core.choosing import Choice, choose
from nextbest.models.recommend.core.judging import Judged, judge
from nextbest.models.recommend.core.listing import Rows, list_rows
from nextbest.models.recommend.core.methods import Method
from nextbest.models.recommend.core.orders import (
    GUEST,
    Floats,
    Ints,
    Orders,
    Trial,
    hold_out_from,
    hold_out_last,
    window,
)
from nextbest.models.recommend.core.past import (
    N_LEARNT,
    Past,
    Tenth,
    compare,
    described,
    followed,
    foretold,
    learn_chance,
    look_back,
    windows,
)
from nextbest.models.recommend.core.related import Related, relations
from nextbest.models.recommend.core.scene import Scene
from nextbest.models.recommend.spec import RecommendSettings

LEAST_ORDERS = 3
"""Orders from which a customer is judged."""
EPOCH = date(1970, 1, 1).toordinal()
_FRESH_DAYS = 28.0
_PRIOR_ORDERS = 50.0


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is known of each product beyond its sales."""

    departments: Ints | None = None
    """Code of each product's department, -1 where it has none; ``None`` where nobody knows."""
    families: Ints | None = None
    """Code of the products that may replace it, likewise."""


@dataclass(frozen=True, slots=True)
class Made:
    """Everything that is said about a shop's customers and products."""

    scene: Scene
    """What the lists are made from."""
    as_of: int | None
    """Day the lists are for, days since 1970."""
    choices: Mapping[str, Choice]
    judged: list[Judged]
    lists: Mapping[str, Rows]
    chances: Mapping[str, Floats | None]
    """Probability of each row of a list; ``None`` where it is not known."""
    tenths: list[Tenth]
    """What such probabilities foretold of windows they were not learnt from."""
    earlier: Mapping[str, tuple[Past, Floats]]
    """Each list as it would have been one horizon ago, with the probabilities known then; empty where there are none."""
    related: Mapping[str, Related]


def make(orders: Orders, catalogue: Catalogue, as_of: int | None, settings: RecommendSettings) -> Made:
    """Choose, judge, list, and learn the probabilities.

    Each step sees less than the next: the method is chosen on a trial before the one it is judged by; with a date, the
    lists too see nothing on or after it.

    Parameters
    ----------
    orders
        Everything before ``as_of``.
    catalogue
        What is known of the products.
    as_of
        The run's day, days since 1970; ``None`` without dates.
    settings
        How lists are made and judged.
    """
    test, past = trials(orders, settings)
    cut = cut_day(settings)
    seen, day = (orders, as_of) if cut is None else (test.seen, cut)
    earlier = _scene(past.seen, catalogue, settings)
    choices = choose(earlier, past)
    now = _scene(seen, catalogue, settings)
    judging = now if cut is not None else _scene(test.seen, catalogue, settings)
    methods = {kind: choice.chosen for kind, choice in choices.items()}
    customers = np.flatnonzero(seen.n_by_customer()).astype(np.int32)
    lists = list_rows(now, customers, day if now.is_dated else None, methods, settings.list_length)
    past_lists = _looked_back(now, day, methods, catalogue, settings)
    chances = {kind: _chance(now, rows, day, past_lists.get(kind, [])) for kind, rows in lists.items()}
    told = {kind: foretold(past_lists.get(kind, [])) for kind in lists}
    tenths = [tenth for kind in lists for part, chance in told[kind] for tenth in compare(kind, part, chance)]
    if cut is not None:
        tenths += _came_true(orders, now, lists, chances, settings)
    judged = judge(judging, test, choices) if len(test.customers) else []
    related = relations(now, catalogue.families, settings.related_length)
    latest = {kind: parts[0] for kind, parts in told.items() if parts}
    return Made(now, day, choices, judged, lists, chances, tenths, latest, related)


def _looked_back(
    now: Scene,
    day: int | None,
    methods: Mapping[str, Method],
    catalogue: Catalogue,
    settings: RecommendSettings,
) -> dict[str, list[Past]]:
    """Make the lists of earlier days; none without days."""
    if day is None or not now.is_dated:
        return {}
    trials_before = windows(now.orders, day, settings.horizon_days)
    seen = ((_scene(trial.seen, catalogue, settings), trial) for trial in trials_before)
    return look_back(seen, methods, settings.list_length)


def _chance(now: Scene, rows: Rows, day: int | None, past: Sequence[Past]) -> Floats | None:
    """Give each row of a list its probability; nothing without days or a past to learn from."""
    chance = learn_chance(past[:N_LEARNT])
    return None if chance is None or day is None else chance(described(now, rows, day))


def _came_true(
    orders: Orders,
    now: Scene,
    lists: Mapping[str, Rows],
    chances: Mapping[str, Floats | None],
    settings: RecommendSettings,
) -> list[Tenth]:
    """Hold the lists of a day against the horizon that was held out, where all of it is known."""
    day, days = cut_day(settings), settings.horizon_days
    if day is None or orders.day is None or int(orders.day.max()) + 1 < day + days:
        return []
    trial = window(orders, day, days)
    return [
        tenth
        for kind, rows in lists.items()
        if (chance := chances[kind]) is not None
        for tenth in compare(kind, followed(now, rows, trial), chance)
    ]


def cut_day(settings: RecommendSettings) -> int | None:
    """Give the day of ``holdout`` in days since 1970; ``None`` for last orders."""
    return None if isinstance(settings.holdout, str) else settings.holdout.toordinal() - EPOCH


def trials(orders: Orders, settings: RecommendSettings) -> tuple[Trial, Trial]:
    """Give the trial that judges, and the one before it that chooses."""
    cut = cut_day(settings)
    if cut is None:
        test = hold_out_last(orders, LEAST_ORDERS, settings.orders_back)
        return test, hold_out_last(test.seen, LEAST_ORDERS)
    test = hold_out_from(orders, cut, LEAST_ORDERS)
    days = settings.horizon_days
    return test, hold_out_from(test.seen, cut - days, LEAST_ORDERS, days)


def _scene(orders: Orders, catalogue: Catalogue, settings: RecommendSettings) -> Scene:
    return Scene(orders, catalogue.departments, settings.most_discoverable)


def fresh(scene: Scene, segments: Ints, as_of: int | None, k: int) -> dict[int, Ints]:
    """List what is popular of late in each segment, for customers who have not bought yet.

    A segment's own recent orders count in full, the whole shop's as 50 lines more.

    Parameters
    ----------
    scene
        What may be seen.
    segments
        Segment of each customer of the scene, -1 where it is unknown.
    as_of
        Day of the lists; ``None`` without dates.
    k
        Length of a list.

    Returns
    -------
    Products by segment; -1 holds the whole shop's.
    """
    orders = scene.orders
    weight = np.ones(len(orders.line_product))
    if as_of is not None and orders.day is not None:
        weight = 0.5 ** ((as_of - orders.day[orders.line_order]) / _FRESH_DAYS)
    known = orders.line_customer != GUEST
    where = np.full(len(known), -1)
    where[known] = segments[orders.line_customer[known]]
    shop = np.bincount(orders.line_product, weights=weight, minlength=orders.n_products)
    prior = _PRIOR_ORDERS * shop / max(float(shop.sum()), 1e-12)
    made = {-1: _first(shop, k)}
    for segment in np.unique(where[where >= 0]).tolist():
        own = where == segment
        counts = np.bincount(orders.line_product[own], weights=weight[own], minlength=orders.n_products)
        made[segment] = _first(counts + prior, k)
    return made


def _first(scores: NDArray[Any], k: int) -> Ints:
    order = np.lexsort((np.arange(len(scores)), -scores.round(9)))[:k]
    return order[scores[order] > 0].astype(np.int32)
