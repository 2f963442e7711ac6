"""Made-up heads that nothing can follow from, and what they say about the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.stats import binomtest, false_discovery_control, t

from nextbest.models.profit.core.panel import Floats, Ints
from nextbest.models.profit.core.scene import Scene
from nextbest.models.profit.spec import Comparison, Judgement, PlaceboCheck, Verdict

NOMINAL: Final = 0.05
CALIBRATED: Final = (0.02, 0.08)
_ROUNDS: Final = 4


class Lottery:
    """Draws order days at random.

    Days are drawn, not customers and then one of their days: who is about to leave has few days still to come, and would be
    drawn at the last ones too often.

    Parameters
    ----------
    scene
        All order days.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._order = np.argsort(scene.stratum, kind="stable")
        self._weight = np.concatenate([[0.0], np.cumsum(scene.size[self._order])])
        edges = np.arange(int(scene.stratum.max(initial=0)) + 2)
        self._edge = self._weight[np.searchsorted(scene.stratum[self._order], edges)]

    def draw(self, like: Ints, rng: np.random.Generator) -> Ints:
        """Draw the first purchases of a made-up head: as many buyers as a real one, as frequent, at the same time.

        A day is drawn by its number of products, as the day of a first purchase is: large orders hold more of them. Who is
        drawn twice bought first on the earlier day, and somebody else is drawn instead, in ``_ROUNDS`` rounds at most.

        Parameters
        ----------
        like
            Rows of the real head's first purchases.
        rng
            Chance.

        Returns
        -------
        Rows of the scene, one per customer.
        """
        strata = self._scene.stratum
        want = np.bincount(strata[like], minlength=len(self._edge) - 1)
        rows = np.zeros(0, dtype=np.int64)
        for _ in range(_ROUNDS):
            missing = np.maximum(want - np.bincount(strata[rows], minlength=len(want)), 0)
            rows = self._one_each(np.concatenate([rows, self._tickets(missing, rng)]))
        return rows

    def _tickets(self, counts: Ints, rng: np.random.Generator) -> Ints:
        """Draw as many rows of each stratum as asked for."""
        stratum = np.repeat(np.arange(len(counts)), counts)
        ticket = rng.uniform(self._edge[stratum], self._edge[stratum + 1])
        place = np.searchsorted(self._weight, ticket, side="right") - 1
        return self._order[np.minimum(place, len(self._order) - 1)]

    def _one_each(self, rows: Ints) -> Ints:
        """Keep each customer's earliest row; rows of a scene are by customer, then period."""
        ordered = np.sort(rows)
        _, first = np.unique(self._scene.customer[ordered], return_index=True)
        return ordered[first]


def check(placebos: Sequence[Comparison]) -> PlaceboCheck:
    """Say how the comparison did on made-up heads."""
    z = np.array([placebo.z for placebo in placebos])
    n, n_rejected = len(z), sum(placebo.p_value < NOMINAL for placebo in placebos)
    interval = binomtest(n_rejected, n).proportion_ci(method="wilson")
    low, high = CALIBRATED
    return PlaceboCheck(
        n,
        n_rejected,
        n_rejected / n,
        float(interval.low),
        float(interval.high),
        float(z.mean()),
        float(z.std(ddof=1)),
        low <= n_rejected / n <= high,
    )


def judge(found: Sequence[Comparison], null: PlaceboCheck) -> list[Judgement]:
    """Judge each head by the spread of the made-up ones.

    A head is one more draw from the placebos' distribution if nothing follows from it: ``(z - mean) / (sd sqrt(1 + 1/n))``
    is Student's t with n - 1 degrees of freedom. ``more`` and ``less`` need a q-value below .05, a calibrated test, and a
    difference that is still there when the buyers' own trend before is taken to have gone on.
    """
    if not found:
        return []
    z = np.array([comparison.z for comparison in found])
    spread = null.z_sd * np.sqrt(1 + 1 / null.n_placebos)
    p: Floats = 2 * t.sf(np.abs(z - null.z_mean) / spread, null.n_placebos - 1)
    q: Floats = false_discovery_control(p)
    return [
        Judgement(
            float(own_p), float(own_q), _verdict(comparison, float(own_q), is_calibrated=null.is_calibrated)
        )
        for comparison, own_p, own_q in zip(found, p, q, strict=True)
    ]


def _verdict(found: Comparison, q_value: float, *, is_calibrated: bool) -> Verdict:
    if not is_calibrated:
        return "cannot_be_told"
    if q_value >= NOMINAL:
        return "no_evidence"
    goes_beyond = found.beyond_trend * found.difference > 0 and found.beyond_trend_p_value < NOMINAL
    if not goes_beyond:
        return "cannot_be_told"
    return "more" if found.difference > 0 else "less"
