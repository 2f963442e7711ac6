"""What buyers did after a first purchase, less what customers like them did: a difference in differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from nextbest.models.profit.core.matching import Pairs
from nextbest.models.profit.core.panel import Floats, Ints
from nextbest.models.profit.core.scene import Scene, Shape
from nextbest.models.profit.spec import Comparison

_FEWEST_MATCHED = 10
_LEVEL = 0.975


@dataclass(frozen=True, slots=True)
class Buyers:
    """First purchases of one head."""

    rows: Ints
    """Rows of the scene, one per customer."""
    had_since: Ints
    """First period with the head of each customer of the shop."""


def buyers_since(scene: Scene, rows: Ints, customer: Ints, period: Ints) -> Buyers:
    """Put together who bought when.

    Parameters
    ----------
    scene
        All order days.
    rows
        First purchases that are compared.
    customer, period
        All first purchases, also those without enough history; period -1: before anybody looked.
    """
    had_since = np.full(scene.n_customers, np.iinfo(np.int64).max)
    had_since[customer] = period
    return Buyers(rows, had_since)


@dataclass(frozen=True, slots=True)
class _Sides:
    """Matched buyers and their controls below each other."""

    rows: Ints
    weight: Floats
    is_buyer: Floats
    n_matched: int

    def mean(self, values: Floats, *, of_buyers: bool) -> float:
        chosen = self.is_buyer == of_buyers
        return float(np.average(values[self.rows[chosen]], weights=self.weight[chosen]))


@dataclass(frozen=True, slots=True)
class _Effect:
    value: float
    se: float


def compare(
    scene: Scene, buyers: Buyers, pairs: Pairs, head_after: Floats | None = None
) -> Comparison | None:
    """Compare buyers with their controls; ``None`` where too few find one, or nothing varies.

    The change of profit from before to after is regressed on being a buyer and on what may still differ between buyer and
    control (:attr:`Scene.held`), each buyer weighing 1 and the controls 1 together; errors
    are clustered by customer, since one customer may serve several times [1]_, and residuals divided by one less their
    leverage, as a jackknife would [2]_.

    Parameters
    ----------
    scene
        All order days.
    buyers
        First purchases.
    pairs
        Their controls.
    head_after
        The head's own margin in the window after each order day, in the shop's currency; ``None``: not known.

    References
    ----------
    .. [1] Abadie, Spiess (2022), Robust post-matching inference. JASA 117.
    .. [2] MacKinnon, White (1985), Some heteroskedasticity-consistent covariance matrix estimators. J. Econometrics 29.
    """
    sides = _sides(pairs)
    if sides.n_matched < _FEWEST_MATCHED:
        return None
    change = scene.after - scene.before
    effect = _effect(scene, sides, change)
    if not effect.se > 0:
        return None
    reach = float(t.ppf(_LEVEL, sides.n_matched - 1)) * effect.se
    own = None if head_after is None else sides.mean(head_after, of_buyers=True)
    profit_after = sides.mean(scene.after, of_buyers=True)
    trend = _pre_trend(scene, buyers)
    beyond = _beyond(effect, trend, scene.shape)
    return Comparison(
        n_buyers=len(buyers.rows),
        n_matched=sides.n_matched,
        profit_before=sides.mean(scene.before, of_buyers=True),
        profit_after=profit_after,
        profit_after_without_head=None if own is None else profit_after - own,
        control_before=sides.mean(scene.before, of_buyers=False),
        control_after=sides.mean(scene.after, of_buyers=False),
        difference=effect.value,
        difference_se=effect.se,
        ci_low=effect.value - reach,
        ci_high=effect.value + reach,
        difference_without_head=None
        if head_after is None
        else _effect(scene, sides, change - head_after).value,
        p_value=_two_sided(effect.value, effect.se, sides.n_matched - 1),
        pre_trend=trend.value,
        pre_trend_p_value=_two_sided(trend.value, trend.se, len(buyers.rows) - 1),
        beyond_trend=beyond.value,
        beyond_trend_p_value=_two_sided(beyond.value, beyond.se, sides.n_matched - 1),
    )


def _sides(pairs: Pairs) -> _Sides:
    matched, n_own = np.unique(pairs.buyer, return_counts=True)
    share = 1 / n_own[np.searchsorted(matched, pairs.buyer)]
    return _Sides(
        np.concatenate([matched, pairs.control]),
        np.concatenate([np.ones(len(matched)), share]),
        np.concatenate([np.ones(len(matched)), np.zeros(len(pairs.control))]),
        len(matched),
    )


def _effect(scene: Scene, sides: _Sides, change: Floats) -> _Effect:
    """Estimate by weighted least squares, with errors clustered by customer."""
    held = [_standardised(values[sides.rows]) for values in scene.held]
    design = np.column_stack([sides.is_buyer, np.ones(len(sides.rows)), *held])
    weighted = design * sides.weight[:, None]
    bread = np.linalg.pinv(weighted.T @ design)
    outcome = change[sides.rows]
    fitted = bread @ (weighted.T @ outcome)
    leverage = np.einsum("ij,jk,ik->i", weighted, bread, design)
    residual = (outcome - design @ fitted) / np.clip(1 - leverage, 0.1, None)
    _, cluster = np.unique(scene.customer[sides.rows], return_inverse=True)
    total = np.bincount(cluster, weights=(weighted @ bread[0]) * residual)
    variance = float(total @ total)
    is_constant = np.ptp(outcome) == 0
    return _Effect(float(fitted[0]), 0.0 if is_constant else float(np.sqrt(variance)))


def _pre_trend(scene: Scene, buyers: Buyers) -> _Effect:
    """Measure the buyers' trend before against all others of their level of profit at the same date, before any matching."""
    is_other = buyers.had_since[scene.customer] > scene.period
    n_cells = int(scene.cell.max(initial=0)) + 1
    count = np.bincount(scene.cell, weights=is_other, minlength=n_cells)
    total = np.bincount(scene.cell, weights=is_other * scene.trend, minlength=n_cells)
    cell = scene.cell[buyers.rows]
    known = count[cell] > 0
    rows, cell = buyers.rows[known], cell[known]
    excess = scene.trend[rows] - total[cell] / count[cell]
    if len(excess) < _FEWEST_MATCHED:
        return _Effect(0.0, 0.0)
    return _Effect(float(excess.mean()), float(excess.std(ddof=1) / np.sqrt(len(excess))))


def _beyond(effect: _Effect, trend: _Effect, shape: Shape) -> _Effect:
    """Take off what the trend would have given, had it gone on in a straight line."""
    times = shape.times_of_trend
    return _Effect(effect.value - times * trend.value, float(np.hypot(effect.se, times * trend.se)))


def _two_sided(value: float, se: float, degrees: int) -> float:
    return 2 * float(t.sf(abs(value) / se, degrees)) if se > 0 else 1.0


def _standardised(values: Floats) -> Floats:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 0 else np.zeros(len(values))
