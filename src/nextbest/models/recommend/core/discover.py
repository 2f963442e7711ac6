"""Discover: how likely each product that is new to a customer is to come next, by several sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nextbest.models.recommend.core.orders import Ints
from nextbest.models.recommend.core.scene import Scene

_HALF_LIVES: Final = {"recent_popularity": 3.0, "monthly_popularity": 28.0}
"""Days after which an order counts half."""

DATED: Final = ("popularity", "recent_popularity", "monthly_popularity", "ease", "neighbours", "department")
UNDATED: Final = ("popularity", "ease", "neighbours", "department")


def names(scene: Scene) -> tuple[str, ...]:
    """Name the sources that the data allow."""
    known = DATED if scene.is_dated else UNDATED
    return known if scene.departments is not None else tuple(name for name in known if name != "department")


@dataclass(frozen=True, slots=True)
class Trends:
    """Logarithms of recent popularity on the days that are asked about."""

    at: Ints
    """Row of each customer's day in the tables."""
    tables: Mapping[str, NDArray[np.float32]]
    """By name of the source: shape (days, universe)."""

    def of(self, rows: slice, name: str) -> NDArray[np.float32]:
        """Give one source for some of the customers."""
        return self.tables[name][self.at[rows]]


def trends(scene: Scene, as_of: Ints) -> Trends:
    """Draw up recent popularity on each day that occurs, with a half-life of 3 and of 28 days."""
    days, at = np.unique(as_of, return_inverse=True)
    tables = {
        name: np.array(
            [np.log(counts + 0.5) for _, counts in scene.recent_universe(days, half_life)], np.float32
        )
        for name, half_life in _HALF_LIVES.items()
    }
    return Trends(at, tables)


def features(
    scene: Scene, customers: Ints, near: NDArray[np.float32], rows: slice, recent: Trends | None
) -> NDArray[np.float32]:
    """Give the logarithm of each source's say on each customer and product of the universe.

    Popularity counts orders, ever or of late; EASE and the neighbours score what goes with the customer's purchases;
    the department is the share of the customer's purchases that fall into the product's own.

    Parameters
    ----------
    scene
        What may be seen.
    customers
        Codes of customers, shape (n,).
    near
        Share of each customer's neighbours who bought each product, shape (n, universe).
    rows
        Where these customers stand among those of ``recent``.
    recent
        From :func:`trends`; ``None`` without dates.

    Returns
    -------
    Shape (n, universe, sources).
    """
    bought = scene.bought[customers]
    said = np.empty((len(customers), len(scene.universe), len(names(scene))), dtype=np.float32)
    for at, name in enumerate(names(scene)):
        if name == "popularity":
            said[:, :, at] = np.log(scene.popularity[scene.universe] + 0.5)
        elif name in _HALF_LIVES and recent is not None:
            said[:, :, at] = recent.of(rows, name)
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


def _department(scene: Scene, customers: Ints) -> NDArray[np.float32]:
    """Give the logarithm of the share of the customer's purchases in the product's department."""
    assert scene.departments is not None  # noqa: S101 - a source of scenes that know departments
    code = scene.departments + 1
    counts = scene.counts[customers]
    n = int(code.max()) + 1
    rows = np.repeat(np.arange(len(customers)), np.diff(counts.indptr))
    held = np.bincount(rows * n + code[counts.indices], weights=counts.data, minlength=len(customers) * n)
    padded = held.reshape(len(customers), n) + 1.0 / n
    share = np.log(padded / padded.sum(axis=1, keepdims=True))
    said: NDArray[np.float32] = share[:, code[scene.universe]].astype(np.float32)
    return said
