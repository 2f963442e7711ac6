"""For each buyer the customers most like them at the same date, who had not bought the head."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

from nextbest.models.profit.core.panel import Ints
from nextbest.models.profit.core.scene import Scene

_N_NEAREST = 30


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Order days most like others at the same date, nearest first."""

    place: Ints
    """Where an order day's row of ``nearest`` is; -1: not looked for. Shape (n_rows of the scene,)."""
    nearest: Ints
    """Rows of the scene, -1 beyond the caliper; shape (n_looked_for, n_nearest)."""

    def of(self, rows: Ints) -> Ints:
        """Take the neighbours of order days."""
        return self.nearest[self.place[rows]]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Buyers and their controls: one entry per control of a buyer."""

    buyer: Ints
    """Row of the scene."""
    control: Ints
    """Row of the scene."""


def find_neighbours(scene: Scene, rows: Ints, caliper: float) -> Neighbours:
    """Look for the order days most like the given ones, within the same stretch of days.

    Parameters
    ----------
    scene
        All order days.
    rows
        Those whose neighbours are wanted.
    caliper
        Largest distance in normal scores of what is held fixed.
    """
    wanted = np.unique(rows)
    place = np.full(len(scene), -1, dtype=np.int64)
    place[wanted] = np.arange(len(wanted))
    nearest = np.full((len(wanted), _N_NEAREST), -1, dtype=np.int64)
    features = scene.features()
    order = np.argsort(scene.date, kind="stable")
    edges = np.flatnonzero(np.diff(scene.date[order], prepend=-1, append=-1))
    for low, high in pairwise(edges):
        here = order[low:high]
        asked = here[place[here] >= 0]
        if len(asked):
            tree = cKDTree(features[here])
            _, found = tree.query(features[asked], k=_N_NEAREST, distance_upper_bound=caliper)
            nearest[place[asked]] = np.append(here, -1)[found]
    return Neighbours(place, nearest)


def match(scene: Scene, near: Neighbours, buyers: Ints, had_since: Ints, n_controls: int) -> Pairs:
    """Give each buyer the nearest order days of customers who had not bought the head by then.

    Whether a control bought it later is not asked: nobody knew it at the time (risk-set matching [1]_).

    Parameters
    ----------
    scene
        All order days.
    near
        Of the buyers.
    buyers
        Rows of their first purchases, one per customer.
    had_since
        First period with the head of each customer; beyond the last period: never. Shape (n_customers,).
    n_controls
        At most this many per buyer.

    References
    ----------
    .. [1] Li, Propert, Rosenbaum (2001), Balanced risk set matching. JASA 96.
    """
    candidates = near.of(buyers)
    customer = scene.customer[candidates]
    is_free = (
        (candidates >= 0)
        & (customer != scene.customer[buyers][:, None])
        & (had_since[customer] > scene.period[candidates])
    )
    chosen = is_free & (np.cumsum(is_free, axis=1) <= n_controls)
    place, column = np.nonzero(chosen)
    return Pairs(buyers[place], candidates[place, column])
