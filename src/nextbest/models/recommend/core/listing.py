"""The lists as rows, with what each row rests on: its features, the customer's rhythm, the purchase it follows from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from nextbest.models.recommend.core.methods import LISTS, Batch, Method, batches, products, rank
from nextbest.models.recommend.core.orders import GUEST, Floats, Ints
from nextbest.models.recommend.core.scene import Scene

_LEAST_WEIGHT = 0.01
"""EASE weight from which a purchase is given as a reason."""


@dataclass(frozen=True, slots=True)
class Rows:
    """One list of every customer, one row per product, by customer and rank."""

    customer: Ints
    rank: Ints
    """From 1."""
    product: Ints
    features: NDArray[np.float32]
    """What the list was made by, shape (rows, features)."""
    because: Ints
    """Product the customer bought that points here, -1 where none does."""
    n_orders: Floats
    """Orders of the customer with the product; 0 for discoveries."""
    since: Floats
    """Since the last of them: days, or orders without dates; NaN for discoveries."""
    gap: Floats
    """Mean time from one to the next, in the same unit; 0 where there was one, NaN for discoveries."""


def list_rows(
    scene: Scene,
    customers: Ints,
    as_of: int | None,
    methods: Mapping[str, Method],
    k: int,
    *,
    with_because: bool = True,
) -> dict[str, Rows]:
    """Make both lists of each customer on one day.

    Parameters
    ----------
    scene
        What may be seen.
    customers
        Codes of customers, ascending.
    as_of
        Day from which nothing is seen; ``None`` without dates.
    methods
        The method of each list.
    k
        Length of a list.
    with_because
        Find the purchase that each discovery follows from.
    """
    days = None if as_of is None else np.full(len(customers), as_of, dtype=np.int32)
    parts: dict[str, list[Rows]] = {kind: [] for kind in LISTS}
    for batch in batches(scene, customers, days):
        for kind in LISTS:
            places = rank(batch, kind, methods[kind], k)
            listed = products(scene, batch, kind, places)
            parts[kind].append(
                _repeats(batch, places, listed)
                if kind == "repeat"
                else _discoveries(scene, batch, places, listed, with_because=with_because)
            )
    return {kind: _joined(parts[kind]) for kind in LISTS if parts[kind]}


def _repeats(batch: Batch, places: Ints, listed: Ints) -> Rows:
    owner, column = np.nonzero(places >= 0)
    row, held = places[owner, column], batch.held
    return Rows(
        batch.customers[owner],
        (column + 1).astype(np.int32),
        listed[owner, column],
        batch.old[row].astype(np.float32),
        np.full(len(row), -1, dtype=np.int32),
        held.n_orders[row],
        held.since[row],
        held.span[row] / np.maximum(held.n_orders[row] - 1, 1),
    )


def _discoveries(scene: Scene, batch: Batch, places: Ints, listed: Ints, *, with_because: bool) -> Rows:
    owner, column = np.nonzero(places >= 0)
    nothing = np.full(len(owner), np.nan)
    follows = np.full(places.shape, -1, dtype=np.int32)
    if with_because:
        follows = because(scene.links, scene.bought[batch.customers], places, scene.universe)
    return Rows(
        batch.customers[owner],
        (column + 1).astype(np.int32),
        listed[owner, column],
        batch.new[owner, places[owner, column]],
        follows[owner, column],
        np.zeros(len(owner)),
        nothing,
        nothing,
    )


def because(weights: NDArray[np.float32], bought: sp.csr_matrix, places: Ints, universe: Ints) -> Ints:
    """Find the purchase that speaks most for each discovery; -1 where none speaks for it.

    Parameters
    ----------
    weights
        Row bought, column made likely: :attr:`Scene.links`.
    bought
        What each customer bought, shape (customers, universe).
    places
        What each customer may discover: places in the universe, -1 beyond the end of a list.
    universe
        Product at each place.
    """
    found = np.full(places.shape, -1, dtype=np.int32)
    for row, listed in enumerate(places):
        own = bought.indices[bought.indptr[row] : bought.indptr[row + 1]]
        some = listed >= 0
        if len(own) and some.any():
            strength = weights[np.ix_(own, listed[some])]
            best = strength.argmax(axis=0)
            spoken = strength[best, np.arange(len(best))] >= _LEAST_WEIGHT
            found[row, some] = np.where(spoken, universe[own[best]], -1)
    return found


def _joined(parts: list[Rows]) -> Rows:
    return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in Rows.__slots__))


def activity(scene: Scene, as_of: int) -> NDArray[np.float32]:
    """Describe how active each customer is: features of whether they will order at all.

    Returns
    -------
    Logarithms of orders in the last 28 and 91 days, and of days since the last order: nothing that only grows with
    the length of the history, so that what was learnt of an earlier day holds for a later one. Shape (customers, 3).
    """
    orders = scene.orders
    assert orders.day is not None  # noqa: S101 - probabilities need days
    known = orders.customer != GUEST
    customer, age = orders.customer[known], as_of - orders.day[known]
    n = orders.n_customers
    counted = [np.bincount(customer[age <= days], minlength=n) for days in (28, 91)]
    last = np.full(n, np.inf)
    np.minimum.at(last, customer, age)
    columns = [*(np.log(count + 0.5) for count in counted), np.log1p(np.where(np.isfinite(last), last, 0))]
    return np.stack(columns, axis=1).astype(np.float32)
