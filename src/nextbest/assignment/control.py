"""Who is held back by chance, and what will that show?

The control group follows from the campaign's seed and the customer's id alone: the same people in every run and every
order. Its size follows from the effect one wants to see. Rates are compared by the arcsine transform [1]_, means by the
two-sample t-test, both two-sided at 5 %.

References
----------
.. [1] Cohen (1988), *Statistical Power Analysis for the Behavioral Sciences*, chapters 2 and 6.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nextbest.assignment.hashing import BUCKETS, buckets

ALPHA: Final = 0.05
POWER: Final = 0.8
LEAST_SHARE: Final = 0.05
_STEP: Final = 0.01


def held_back(seed: str, customer_ids: Sequence[str], share: float) -> NDArray[np.bool_]:
    """Tell who is in the control group: each customer with the chance ``share``.

    Examples
    --------
    >>> ids = ["ann", "bob", "cem", "dan"]
    >>> held_back("spring", ids, 0.5).tolist()
    [True, False, False, True]
    >>> held_back("spring", ids[::-1], 0.5)[::-1].tolist()
    [True, False, False, True]
    """
    return buckets(seed, customer_ids) < round(share * BUCKETS)


def power_of_rates(rate: float, control_rate: float, n: int, n_control: int) -> float:
    """Give the chance to see two true rates apart with so many customers on each side.

    Examples
    --------
    >>> round(power_of_rates(0.11, 0.10, 14745, 14745), 3)
    0.8
    """
    if min(n, n_control) < 1:
        return 0.0
    from statsmodels.stats.power import NormalIndPower
    from statsmodels.stats.proportion import proportion_effectsize

    effect = proportion_effectsize(rate, control_rate)
    return float(NormalIndPower().power(effect, n, ALPHA, ratio=n_control / n))


def sample_size_of_rates(rate: float, control_rate: float, control_per_treated: float = 1.0) -> int:
    """Count the customers who must be contacted, beside their control, to see two true rates apart with 80 % power.

    Examples
    --------
    >>> sample_size_of_rates(0.11, 0.10)
    14745
    """
    from statsmodels.stats.power import NormalIndPower
    from statsmodels.stats.proportion import proportion_effectsize

    effect = abs(proportion_effectsize(rate, control_rate))
    n = NormalIndPower().solve_power(effect, alpha=ALPHA, power=POWER, ratio=control_per_treated)
    return math.ceil(float(n))


def sample_size_of_means(difference: float, sd: float, control_per_treated: float = 1.0) -> int:
    """Count the customers who must be contacted, beside their control, to see two true means apart with 80 % power.

    Examples
    --------
    >>> sample_size_of_means(difference=1, sd=2)
    64
    """
    from statsmodels.stats.power import TTestIndPower

    n = TTestIndPower().solve_power(abs(difference) / sd, alpha=ALPHA, power=POWER, ratio=control_per_treated)
    return math.ceil(float(n))


def smallest_share(rate: float, n: int, n_control: int) -> float | None:
    """Give the smallest share of the purchases that, if the contact causes it, is seen with 80 % power.

    Parameters
    ----------
    rate
        Purchase rate of those contacted; the control's is ``rate * (1 - share)``.

    Returns
    -------
    float | None
        ``None`` where not even a contact that causes every purchase would be seen.

    Examples
    --------
    >>> round(smallest_share(0.11, 14745, 14745), 4), smallest_share(0.01, 50, 5)
    (0.0909, None)
    """
    if min(n, n_control) < 1 or not 0 < rate < 1:
        return None
    from scipy.stats import norm

    effect = float((norm.isf(ALPHA / 2) + norm.isf(1 - POWER)) * math.sqrt(1 / n + 1 / n_control))
    angle = math.asin(math.sqrt(rate)) - effect / 2
    return 1 - math.sin(angle) ** 2 / rate if angle > 0 else None


def sized_share(rate: float, visible_share: float, n: int, most: float) -> float:
    """Give the share to hold back of ``n`` customers, so that a caused share of the purchases is seen with 80 % power.

    Between 5 % and ``most``; where ``most`` does not suffice, ``most``.

    Examples
    --------
    >>> sized_share(0.2, 0.2, 20_000, 0.2), sized_share(0.2, 0.2, 1_000, 0.2)
    (0.05, 0.2)
    """
    shares = np.append(np.arange(LEAST_SHARE, most, _STEP), most)
    enough = (
        float(share)
        for share in shares
        if power_of_rates(rate, rate * (1 - visible_share), round(n * (1 - share)), round(n * share)) >= POWER
    )
    return round(next(enough, most), 4)
