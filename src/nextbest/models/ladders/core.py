"""Whether customers step up: shares with intervals, and more often than the days of the sales do by themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr
from scipy.stats import false_discovery_control

Floats = NDArray[np.float64]
_Z95 = 1.959963984540054
_EVEN = 0.5
_DOUBT = 10
"""Customers' worth of doubt that the two products are sold on the same days."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What was seen of each step; shape (steps,) each."""

    share: Floats
    """Of those who began below, who stepped up; NaN where nobody began below."""
    ci_low: Floats
    ci_high: Floats
    q_value: Floats
    """More stepped up than by chance; NaN where nobody moved either way."""


def judge_steps(n_buyers: ArrayLike, n_stepped: ArrayLike, expected: ArrayLike, variance: ArrayLike) -> Steps:
    """Set who stepped up beside what chance would give.

    The interval is Wilson's [1]_; the q-value is Benjamini and Hochberg's [2]_ over the one-sided normal test that
    more customers moved up than ``expected`` of those who moved either way.

    Examples
    --------
    Of 100 who bought the plain one first, 40 moved to the better one; by chance 25 of those who moved would have.

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


def chance_of_up(
    low_first: ArrayLike, low_last: ArrayLike, high_first: ArrayLike, high_last: ArrayLike
) -> float:
    """Give the chance that a move goes up if it means nothing, by when each product is bought at all.

    A customer of the lower product and one of the better version, who did not buy the other's, are put together at random: a
    "move" up is then nothing but the days on which the two were sold, such as a new pack that replaces the old one. At
    least 0.5: read backwards, a random order of purchases is as likely. With few customers it leans on 0.5, with the weight
    of ten.

    Parameters
    ----------
    low_first, low_last
        First and last day on which customers of the lower product alone bought it, shape (n,).
    high_first, high_last
        The same of the better version, shape (m,).

    Examples
    --------
    Both are sold all the year; then the better one replaces the other.

    >>> year = np.arange(100)
    >>> chance_of_up(year, year, year, year)
    0.5
    >>> round(chance_of_up(year, year, year + 100, year + 100), 3)
    0.955
    """
    lf, ll, hf, hl = (
        np.asarray(days, dtype=np.float64) for days in (low_first, low_last, high_first, high_last)
    )
    n = min(len(lf), len(hf))
    if n == 0:
        return _EVEN
    up = float(np.mean((lf[:, None] < hf) & (ll[:, None] < hl)))
    down = float(np.mean((lf[:, None] > hf) & (ll[:, None] > hl)))
    return max(_EVEN, (n * up + _EVEN * _DOUBT) / (n * (up + down) + _DOUBT))
