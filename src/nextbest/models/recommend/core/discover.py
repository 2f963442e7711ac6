"""Discover: how likely each product that is new to a customer is to come next, by several sources."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nextbest.models.recommend.core.orders import Ints
from nextbest.models.recommend.core.scene import Scene

_SHORT_DAYS = 3.0
_LONG_DAYS = 28.0

DATED: Final = ("popularity", "recent_popularity", "monthly_popularity", "ease", "neighbours", "department")
UNDATED: Final = ("popularity", "ease", "neighbours", "department")


def names(scene: Scene) -> tuple[str, ...]:
    """Name the sources that the data allow."""
    known = DATED if scene.is_dated else UNDATED
    return known if scene.departments is not None else tuple(name for name in known if name != "department")


def features(
    scene: Scene, customers: Ints, as_of: Ints | None, near: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Give the logarithm of each source's say on each customer and product of the universe.

    Popularity counts orders, of late with a half-life of 3 and of 28 days; EASE and the neighbours score what goes
    with the customer's purchases; the department is the share of the customer's purchases that fall into the
    product's own.

    Parameters
    ----------
    scene
        What may be seen.
    customers
        Codes of customers, shape (n,).
    as_of
        Day from which nothing is seen, for each; ``None`` without dates.
    near
        Share of each customer's neighbours who bought each product, shape (n, universe).

    Returns
    -------
    Shape (n, universe, sources).
    """
    bought = scene.bought[customers]
    said = np.empty((len(customers), len(scene.universe), len(names(scene))), dtype=np.float32)
    for at, name in enumerate(names(scene)):
        if name == "popularity":
            said[:, :, at] = np.log(scene.popularity[scene.universe] + 0.5)
        elif name == "recent_popularity":
            said[:, :, at] = _recent(scene, as_of, _SHORT_DAYS)
        elif name == "monthly_popularity":
            said[:, :, at] = _recent(scene, as_of, _LONG_DAYS)
        elif name == "ease":
            said[:, :, at] = np.log(np.maximum(bought @ scene.weights, 0) + 0.01)
        elif name == "neighbours":
            said[:, :, at] = np.log(near + 0.2 / scene.neighbours.n_nearest)
        else:
            said[:, :, at] = _department(scene, customers)
    return said


def is_new(scene: Scene, customers: Ints) -> NDArray[np.bool_]:
    """Mark the products of the universe that each customer never bought."""
    new: NDArray[np.bool_] = scene.bought[customers].toarray() == 0
    return new


def _recent(scene: Scene, as_of: Ints | None, half_life: float) -> NDArray[np.float32]:
    """Give the logarithm of recent popularity for each customer's day."""
    days, at = np.unique(as_of, return_inverse=True)
    table = [np.log(scene.recent(int(day), half_life)[scene.universe] + 0.5) for day in days]
    return np.array(table, dtype=np.float32)[at]


def _department(scene: Scene, customers: Ints) -> NDArray[np.float32]:
    """Give the logarithm of the share of the customer's purchases in the product's department."""
    assert scene.departments is not None  # noqa: S101 - a source of scenes that know departments
    code = scene.departments + 1
    counts = scene.counts[customers]
    n = int(code.max()) + 1
    rows = np.repeat(np.arange(len(customers)), np.diff(counts.indptr))
    held = np.bincount(rows * n + code[counts.indices], weights=counts.data, minlength=len(customers) * n)
    held = held.reshape(len(customers), n) + 1.0 / n
    share = np.log(held / held.sum(axis=1, keepdims=True))
    return share[:, code[scene.universe]].astype(np.float32)
