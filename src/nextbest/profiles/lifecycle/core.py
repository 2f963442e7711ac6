"""A customer's usual gap between orders, and what a silence means beside it.

How long a customer usually waits is a mean of few numbers. The credibility estimator draws it towards the shop's: own
gaps count n, the shop's counts ``weight``, which is the variance within customers over the variance between them [1]_.
For gaps that are exponential with inverse-gamma means this is the exact Bayes estimate [2]_; it needs neither to hold.

References
----------
.. [1] Bühlmann, Straub (1970), Glaubwürdigkeit für Schadensätze. Mitteilungen der VSVM 70, 111-133.
.. [2] Klugman, Panjer, Willmot (2012), Loss Models, 4th ed., sections 17.4-17.6 and 18.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nextbest.profiles.lifecycle.spec import STAGES, LifecycleSettings, Rhythm

_ONE_GAP = 1.0
_CAME_BACK = 0.9


def shop_rhythm(
    n_gaps: ArrayLike, days_first_to_last: ArrayLike, gap_days_squared: ArrayLike, first_gap_days: ArrayLike
) -> Rhythm | None:
    """Measure how often the shop's customers order; ``None`` where nobody came back.

    Parameters
    ----------
    n_gaps
        Gaps between order days, per customer. All arrays have shape (n,).
    days_first_to_last
        Sum of the gaps, days.
    gap_days_squared
        Sum of the squared gaps.
    first_gap_days
        Days from the first order day to the second; NaN where there is none.

    Examples
    --------
    >>> shop_rhythm([2, 2, 0], [20, 60, 0], [208, 1808, 0], [8, 28, np.nan])
    Rhythm(gap_days=20.0, second_order_days=26.0, weight=0.0408...)
    """
    n = np.asarray(n_gaps, dtype=np.float64)
    came_back = n > 0
    if not came_back.any():
        return None
    n = n[came_back]
    mean = np.asarray(days_first_to_last, dtype=np.float64)[came_back] / n
    within = float(np.sum(np.asarray(gap_days_squared, dtype=np.float64)[came_back] - n * mean**2))
    return Rhythm(
        gap_days=float(np.median(mean)),
        second_order_days=float(
            np.quantile(np.asarray(first_gap_days, dtype=np.float64)[came_back], _CAME_BACK)
        ),
        weight=_weight(n, mean, within),
    )


def usual_gap_days(
    n_gaps: ArrayLike, days_first_to_last: ArrayLike, rhythm: Rhythm, settings: LifecycleSettings
) -> NDArray[np.float64]:
    """Estimate each customer's usual gap between orders, days.

    ``share x own mean gap + (1 - share) x the shop's``, share = n_gaps / (n_gaps + weight).

    Who ordered once has no gap yet, and most never will, so the mean gap of those who came back would flatter them.
    Their clock is the shop's own second orders: it strikes ``gone_from`` when nine in ten of those who came back had
    come back.

    Examples
    --------
    >>> rhythm = Rhythm(gap_days=20.0, second_order_days=60.0, weight=2.0)
    >>> usual_gap_days([0, 2, 98], [0, 20, 980], rhythm, LifecycleSettings(gone_from=6))
    array([10. , 15. , 10.2])
    """
    n = np.asarray(n_gaps, dtype=np.float64)
    some = np.maximum(n, 1)
    own = np.asarray(days_first_to_last, dtype=np.float64) / some
    share = some / (some + rhythm.weight)
    once = rhythm.second_order_days / settings.gone_from
    return np.where(n > 0, share * own + (1 - share) * rhythm.gap_days, once)


def stage(
    days_since_first_order: ArrayLike,
    days_since_last_order: ArrayLike,
    usual_gap: ArrayLike,
    settings: LifecycleSettings,
) -> NDArray[np.str_]:
    """Name where customers stand: new by age, then by silence in usual gaps.

    Examples
    --------
    >>> stage([9, 400, 400, 400], [9, 9, 40, 200], [7, 7, 7, 7], LifecycleSettings())
    array(['new', 'active', 'dormant', 'gone'], dtype='<U7')
    """
    silent = np.asarray(days_since_last_order, dtype=np.float64)
    limits = [settings.slowing_from, settings.dormant_from, settings.gone_from]
    place = 1 + np.digitize(silent / np.asarray(usual_gap, dtype=np.float64), limits)
    place = np.where(silent < settings.gone_days, np.minimum(place, STAGES.index("dormant")), place)
    is_new = np.asarray(days_since_first_order) <= settings.new_days
    return np.array(STAGES)[np.where(is_new, STAGES.index("new"), place)]


def _weight(n: NDArray[np.float64], mean: NDArray[np.float64], within: float) -> float:
    """Divide the variance within customers by that between them (Bühlmann-Straub); one gap where it is unknown."""
    n_spare = float(np.sum(n - 1))
    total = float(np.sum(n))
    spread = total - float(np.sum(n**2)) / total
    if n_spare == 0 or spread <= 0:
        return _ONE_GAP
    within /= n_spare
    pooled = float(np.sum(n * mean)) / total
    between = (float(np.sum(n * (mean - pooled) ** 2)) - (len(n) - 1) * within) / spread
    return max(within, 0.0) / between if between > 0 else np.inf
