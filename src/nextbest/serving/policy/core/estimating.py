"""What would another policy have brought? Inverse propensity weighting of decisions that left something to chance.

Each logged decision counts with its weight: the chance that the new policy gives to what was done, over the chance that it
had. The interval is normal over the weighted rewards; the effective sample size says how many equally weighted decisions
are worth as much [1]_, and below 200 no figure is given.

References
----------
.. [1] Kong (1992), *A note on importance sampling using standardized weights*. Chicago, TR 348.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from nextbest.serving.policy.results import Estimate

LEAST_ESS: Final = 200
_Z: Final = 1.959964


def effective_size(weights: ArrayLike) -> float:
    """Give how many equally weighted decisions the weights are worth.

    Examples
    --------
    >>> effective_size([1, 1, 1, 1]), effective_size([4, 0, 0, 0])
    (4.0, 1.0)
    """
    values = np.asarray(weights, np.float64)
    squares = float((values**2).sum())
    return float(values.sum()) ** 2 / squares if squares else 0.0


def estimate(rewards: ArrayLike, logged: ArrayLike, proposed: ArrayLike) -> Estimate | None:
    """Estimate the mean reward per decision under the new policy, and its change.

    Parameters
    ----------
    rewards
        What followed each decision, such as its margin; shape (decisions,).
    logged
        Chance with which each decision was made, above 0.
    proposed
        Chance with which the new policy would make it.

    Returns
    -------
    ``None`` where the effective sample size is below 200.

    Examples
    --------
    Two offers by the toss of a coin, the first earns 1, the second 3: always giving the second earns 3.

    >>> reward, second = np.tile([1.0, 3.0], 400), np.tile([0.0, 1.0], 400)
    >>> found = estimate(reward, np.full(800, 0.5), second)
    >>> found.mean, found.change, found.effective_size
    (3.0, 1.0, 400.0)
    >>> estimate([1.0], [0.5], [1.0]) is None
    True
    """
    reward = np.asarray(rewards, np.float64)
    weights = np.asarray(proposed, np.float64) / np.asarray(logged, np.float64)
    size = effective_size(weights)
    if size < LEAST_ESS:
        return None
    change = (weights - 1) * reward
    low, high = _interval(change)
    return Estimate(
        n_decisions=len(reward),
        effective_size=size,
        mean=float((weights * reward).mean()),
        logged_mean=float(reward.mean()),
        change=float(change.mean()),
        ci_low=low,
        ci_high=high,
        largest_weight=float(weights.max()),
    )


def _interval(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
    middle = float(values.mean())
    half = _Z * float(values.std(ddof=1)) / len(values) ** 0.5
    return middle - half, middle + half
