"""Shares with their intervals, and the margin a new customer brings month by month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, norm

from nextbest.models.profit.core.panel import MONEY_UNIT, Floats, Ints, Panel

_MAX_MONTHS = 24


@dataclass(frozen=True, slots=True)
class Share:
    """A share of customers with its 95 % interval."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Margins:
    """Mean margin of new customers up to the end of each month since the first order."""

    n_customers: Ints
    """Watched for that long; shape (n_months,)."""
    mean: Floats
    """In the shop's currency."""
    low: Floats
    high: Floats


def wilson(n_hits: int, n: int) -> Share:
    """Give a share and Wilson's 95 % interval [1]_.

    Examples
    --------
    >>> wilson(4, 40)
    Share(share=0.1, low=0.0395..., high=0.2305...)

    References
    ----------
    .. [1] Wilson (1927), Probable inference, the law of succession, and statistical inference. JASA 22.
    """
    interval = binomtest(n_hits, n).proportion_ci(method="wilson")
    return Share(n_hits / n, float(interval.low), float(interval.high))


def margins_by_month(panel: Panel, *, new_from: int, month: int, fewest: int) -> Margins:
    """Add up what new customers bring, month by month since their first order.

    Each month's mean is over the customers watched to its end, and the months' means are added up; the variance follows each
    customer's own sum (mean cumulative function [1]_), so that customers who came late count as far as they were seen.

    Parameters
    ----------
    panel
        Profit by customer and period.
    new_from
        Who is first seen before this period may have been a customer before the data begin.
    month
        Periods of a month.
    fewest
        Months seen of fewer customers are left out.

    References
    ----------
    .. [1] Nelson (2003), Recurrent Events Data Analysis for Product Repairs, Disease Recurrences. SIAM, chapter 4.
    """
    first = panel.first_period
    n_full = np.where(first >= new_from, (panel.n_periods - first) // month, 0)
    counts = np.array([int((n_full > m).sum()) for m in range(_MAX_MONTHS)])
    n_months = int(np.argmax(np.append(counts, 0) < fewest))
    is_new = n_full > 0
    number = np.cumsum(is_new) - 1
    since = (panel.period - first[panel.customer]) // month
    rows = is_new[panel.customer] & (since < np.minimum(n_full[panel.customer], n_months))
    amounts = np.zeros((int(is_new.sum()), n_months), dtype=np.int64)
    np.add.at(amounts, (number[panel.customer[rows]], since[rows]), panel.profit[rows])
    watched = np.arange(n_months) < n_full[is_new][:, None]
    counts = counts[:n_months]
    mean = amounts.sum(axis=0) / counts / MONEY_UNIT
    excess = np.where(watched, amounts / MONEY_UNIT - mean, 0.0) / counts
    reach = float(norm.ppf(0.975)) * np.sqrt((np.cumsum(excess, axis=1) ** 2).sum(axis=0))
    total = np.cumsum(mean)
    return Margins(counts, total, total - reach, total + reach)
