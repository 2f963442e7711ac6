"""Whether customers step up: shares with intervals, and more often than the order of purchases does by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr
from scipy.stats import false_discovery_control

Floats = NDArray[np.float64]
_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Steps:
    """What was seen of each step; shape (steps,) each."""

    share: Floats
    """Of those who began below, who stepped up; NaN where nobody began below."""
    ci_low: Floats
    ci_high: Floats
    q_value: Floats
    """More stepped up than by chance; NaN where nobody bought both on different days."""


def judge_steps(n_buyers: ArrayLike, n_stepped: ArrayLike, expected: ArrayLike, variance: ArrayLike) -> Steps:
    """Set who stepped up beside what the order of purchases would give by chance.

    The interval is Wilson's [1]_; the q-value is Benjamini and Hochberg's [2]_ over the one-sided normal test that
    more customers who bought both began below than ``expected``.

    Examples
    --------
    Of 100 who bought the plain one first, 40 bought the better one later; by chance 25 of those with both would have.

    >>> steps = judge_steps([100, 100], [40, 25], [25.0, 25.0], [12.5, 12.5])
    >>> steps.share, steps.ci_low.round(2), steps.q_value.round(5)
    (array([0.4 , 0.25]), array([0.31, 0.18]), array([2.e-05, 5.e-01]))

    References
    ----------
    .. [1] Wilson (1927), Probable inference, the law of succession, and statistical inference. JASA 22.
    .. [2] Benjamini, Hochberg (1995), Controlling the false discovery rate. JRSS B 57.
    """
    n, hits = np.asarray(n_buyers, dtype=np.float64), np.asarray(n_stepped, dtype=np.float64)
    known = np.where(n > 0, n, np.nan)
    share = hits / known
    centre = (share + _Z95**2 / (2 * known)) / (1 + _Z95**2 / known)
    half = _Z95 / (1 + _Z95**2 / known) * np.sqrt(share * (1 - share) / known + (_Z95 / (2 * known)) ** 2)
    spread = np.asarray(variance, dtype=np.float64)
    is_tested = spread > 0
    p_value = np.full(len(n), np.nan)
    gap = hits[is_tested] - np.asarray(expected, dtype=np.float64)[is_tested]
    p_value[is_tested] = ndtr(-gap / np.sqrt(spread[is_tested]))
    q_value = p_value.copy()
    if is_tested.any():
        q_value[is_tested] = false_discovery_control(p_value[is_tested])
    return Steps(share, centre - half, centre + half, q_value)
