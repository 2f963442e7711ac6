"""Methods that make lists: each is a weight per feature; and the lists they make, a batch of customers at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nextbest.models.recommend.core import discover, repeat
from nextbest.models.recommend.core.orders import Bools, Floats, Ints
from nextbest.models.recommend.core.ranking import first_of_groups, first_of_rows
from nextbest.models.recommend.core.repeat import Pairs
from nextbest.models.recommend.core.scene import Scene

LISTS: Final = ("repeat", "discover")
_TIE = 1e-6

PLAIN: Final[Mapping[str, Mapping[str, Mapping[str, float]]]] = {
    "repeat": {
        "personal_frequency": {"frequency": 1, "popularity": _TIE},
        "popularity": {"popularity": 1},
        "recent_frequency": {"recent_frequency": 1, "popularity": _TIE},
    },
    "discover": {
        "popularity": {"popularity": 1},
        "recent_popularity": {"recent_popularity": 1},
        "neighbours": {"neighbours": 1},
        "ease": {"ease": 1},
    },
}
"""Weights of the methods that nothing has to be learnt for; the first of each list is the plain one."""

BLENDS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "repeat": {"blend": ()},
    "discover": {"blend": (), "light_blend": ("popularity",)},
}
"""Methods whose weights are learnt, and the features each leaves out."""

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Method:
    """How a list is ranked: features times weights."""

    name: str
    weights: Floats


@dataclass(frozen=True, slots=True)
class Batch:
    """Some customers with the features of everything they may repeat or discover."""

    rows: slice
    """Which of the customers asked about."""
    customers: Ints
    new: NDArray[np.float32]
    """Features of discovering, shape (customers, universe, sources)."""
    is_new: Bools
    """Products never bought, shape (customers, universe)."""
    held: Pairs
    """What they bought."""
    old: Floats
    """Features of repeating, shape (pairs, features)."""
    starts: Ints
    """First pair of each customer and, last, the number of pairs."""


def plain_methods(scene: Scene, kind: str) -> list[Method]:
    """List the methods that need no learning and that the data allow."""
    known = feature_names(scene, kind)
    return [
        Method(name, np.array([weights.get(feature, 0.0) for feature in known]))
        for name, weights in PLAIN[kind].items()
        if set(weights) <= set(known)
    ]


def feature_names(scene: Scene, kind: str) -> tuple[str, ...]:
    """Name the features of a list, in order."""
    return repeat.names(scene) if kind == "repeat" else discover.names(scene)


def batches(scene: Scene, customers: Ints, as_of: Ints | None) -> Iterator[Batch]:
    """Describe customers a batch at a time, so that memory does not grow with their number.

    Parameters
    ----------
    scene
        What may be seen.
    customers
        Codes of customers, ascending.
    as_of
        Day from which nothing is seen, for each; ``None`` without dates.
    """
    whole, recent = None, None
    if as_of is not None and scene.is_dated and len(customers):
        whole = np.full(scene.orders.n_customers, scene.last_day + 1, dtype=np.int32)
        whole[customers] = as_of
        recent = discover.trends(scene, as_of)
    held = repeat.pairs(scene, whole)
    for first in range(0, len(customers), _BATCH):
        rows = slice(first, min(first + _BATCH, len(customers)))
        these = customers[rows]
        near = scene.neighbours.shares(scene.bought[these], these)
        own, starts = held.of(these)
        yield Batch(
            rows,
            these,
            discover.features(scene, these, near, rows, recent),
            discover.is_new(scene, these),
            own,
            repeat.features(scene, own, _beside(scene, own, starts, near)),
            starts,
        )


def _beside(scene: Scene, own: Pairs, starts: Ints, near: NDArray[np.float32]) -> Floats:
    """Look up the share of neighbours who bought what the customer bought; 0 outside the universe."""
    place = scene.place[own.product]
    owner = np.repeat(np.arange(len(near)), np.diff(starts))
    beside = np.zeros(len(place))
    inside = place >= 0
    beside[inside] = near[owner[inside], place[inside]]
    return beside


def rank(batch: Batch, kind: str, method: Method, k: int) -> Ints:
    """Find each customer's first ``k`` by a method: rows of ``held``, or places in the universe; -1 beyond the end."""
    if kind == "repeat":
        scores = batch.old @ method.weights
        return first_of_groups(scores, np.arange(len(scores)), batch.starts, k)
    return first_of_rows(np.where(batch.is_new, batch.new @ method.weights.astype(np.float32), -np.inf), k)


def products(scene: Scene, batch: Batch, kind: str, places: Ints) -> Ints:
    """Turn what :func:`rank` found into products."""
    codes = batch.held.product if kind == "repeat" else scene.universe
    if not len(codes):
        return places
    return np.where(places >= 0, codes[np.maximum(places, 0)], -1).astype(np.int32)


def make_lists(
    scene: Scene, described: Iterable[Batch], n: int, methods: Mapping[str, Sequence[Method]], k: int
) -> dict[tuple[str, str], Ints]:
    """Make the lists of several methods for the same customers, by list and method.

    Parameters
    ----------
    scene
        What may be seen.
    described
        The customers, from :func:`batches`.
    n
        How many they are.
    methods
        By list.
    k
        Length of a list.

    Returns
    -------
    ``(list, method)`` -> products, shape (customers, k), -1 where a list is shorter.
    """
    made = {
        (kind, method.name): np.full((n, k), -1, dtype=np.int32) for kind in LISTS for method in methods[kind]
    }
    for batch in described:
        for kind in LISTS:
            for method in methods[kind]:
                places = rank(batch, kind, method, k)
                made[kind, method.name][batch.rows] = products(scene, batch, kind, places)
    return made
