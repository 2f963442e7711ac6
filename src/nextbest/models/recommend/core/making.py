"""From orders to judged lists with probabilities: which trial chooses, which judges, which day the lists are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from nextbest.models.recommend.core.chance import described, learn_chances
from nextbest.models.recommend.core.choosing import Choice, choose
from nextbest.models.recommend.core.judging import Judged, judge
from nextbest.models.recommend.core.listing import Rows, list_rows
from nextbest.models.recommend.core.orders import (
    Floats,
    Ints,
    Orders,
    Trial,
    hold_out_from,
    hold_out_last,
    window,
)
from nextbest.models.recommend.core.related import Related, relations
from nextbest.models.recommend.core.scene import Scene
from nextbest.models.recommend.spec import RecommendSettings

LEAST_ORDERS = 3
"""Orders from which a customer is judged."""
EPOCH = date(1970, 1, 1).toordinal()


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
    chances: Mapping[str, Floats | None] = dict.fromkeys(lists)
    if now.is_dated and day is not None:
        then = window(seen, day - settings.horizon_days, settings.horizon_days)
        scene = earlier if cut is not None else _scene(then.seen, catalogue, settings)
        learnt = learn_chances(scene, then, methods, settings.list_length)
        chances = {
            kind: None if (chance := learnt.get(kind)) is None else chance(described(now, rows, day))
            for kind, rows in lists.items()
        }
    judged = judge(judging, test, choices) if len(test.customers) else []
    related = relations(now, catalogue.families, settings.related_length)
    return Made(now, day, choices, judged, lists, chances, related)


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

    A segment's own recent orders count in full, the whole shop's as 50 orders more.

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
    shop = scene.popularity if as_of is None else scene.recent(as_of, _FRESH_DAYS)
    share = shop / max(float(shop.sum()), 1e-12)
    orders = scene.orders
    known = orders.line_customer >= 0
    where = np.full(len(known), -1)
    where[known] = segments[orders.line_customer[known]]
    made = {-1: _first(shop, k)}
    for segment in np.unique(where[where >= 0]):
        part = orders.line_product[where == segment]
        if as_of is None or orders.day is None:
            own = np.bincount(part, minlength=orders.n_products).astype(np.float64)
        else:
            age = as_of - orders.day[orders.line_order[where == segment]]
            own = np.bincount(part, weights=0.5 ** (age / _FRESH_DAYS), minlength=orders.n_products)
        made[int(segment)] = _first(own + _PRIOR_ORDERS * share, k)
    return made


_FRESH_DAYS = 28.0
_PRIOR_ORDERS = 50.0


def _first(scores: Floats, k: int) -> Ints:
    order = np.lexsort((np.arange(len(scores)), -scores.round(9)))[:k]
    return order[scores[order] > 0].astype(np.int32)
