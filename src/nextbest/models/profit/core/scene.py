"""Every order day with enough history before and after it: what a customer was like then, and what came after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from nextbest.models.profit.core.panel import MONEY_UNIT, Floats, Ints, Panel, running_sums

_N_PROFIT_LEVELS = 10
_N_ACTIVITY_CLASSES = 10


@dataclass(frozen=True, slots=True)
class Shape:
    """How long the windows are, in periods of the panel."""

    window: int
    """Periods before and periods after; even, or months."""
    stretch: int
    """Periods within which two order days count as the same date."""

    @property
    def times_of_trend(self) -> float:
        """Say how many times the trend lies between the windows before and after, if it goes on in a straight line.

        Examples
        --------
        >>> round(Shape(window=84, stretch=7).times_of_trend, 2)  # halves lie 42 days apart, windows 85
        4.05
        >>> Shape(window=3, stretch=1).times_of_trend
        6.0
        """
        half = self.window // 2
        return self.window * (self.window + 1) / (half * (self.window - half))


@dataclass(frozen=True, slots=True)
class Scene:
    """One row per order day that may be a first purchase or be compared with one, by customer, then period.

    The day itself counts in no window; neither does the customer's first day in the data, which comes before all of them.
    """

    customer: Ints
    period: Ints
    before: Floats
    """Profit in the window before, in the shop's currency; shape (n_rows,)."""
    after: Floats
    trend: Floats
    """Second half less first half of the window before; of three months the last less the first."""
    usual: Floats
    """Profit per window over all the history before, in the shop's currency: a window alone may have been a good one."""
    size: Floats
    """Products in the day's orders."""
    tenure: Floats
    """Periods since the customer's first."""
    stratum: Ints
    """Class of how often the customer had ordered in all the history before, and date."""
    cell: Ints
    """Level of profit before, and date."""
    date: Ints
    """Number of the stretch."""
    shape: Shape
    n_customers: int

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def held(self) -> tuple[Floats, ...]:
        """What a control must share with its buyer."""
        return (self.before, self.trend, self.usual, self.size, self.tenure)

    def features(self) -> Floats:
        """Put what is held fixed on a common scale: normal scores of ranks; shape (n_rows, 5)."""
        return np.column_stack([_normal_scores(values) for values in self.held])

    def row_of(self, customer: Ints, period: Ints) -> Ints:
        """Find the rows of customers' order days; -1 where there is none with enough history."""
        stride = int(self.period.max(initial=0)) + 2
        key = self.customer * stride + self.period
        wanted = customer * stride + np.clip(period, -1, stride - 1)
        place = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
        found = (key[place] == wanted) & (period >= 0) if len(key) else np.zeros(len(wanted), dtype=bool)
        return np.where(found, place, -1)


def set_scene(panel: Panel, shape: Shape, max_rows: int) -> Scene:
    """Look at every order day from both sides.

    Parameters
    ----------
    panel
        Profit by customer and period.
    shape
        Lengths of the windows.
    max_rows
        Of more order days, only those of every second, third, ... customer are kept.
    """
    first, window = panel.first_period, shape.window
    tenure = panel.period - first[panel.customer]
    known = (panel.size > 0) & (tenure > window) & (panel.period + window < panel.n_periods)
    step = -(-int(known.sum()) // max_rows)
    rows = np.flatnonzero(known & (panel.customer % max(step, 1) == 0))
    customer, period = panel.customer[rows], panel.period[rows]
    sums = running_sums(panel.customer, panel.period, panel.profit, n_periods=panel.n_periods)
    orders = running_sums(
        panel.customer, panel.period, (panel.size > 0).astype(np.int64), n_periods=panel.n_periods
    )
    start, half = period - window, window // 2
    early = sums.between(customer, start, start + half)
    late = sums.between(customer, period - half, period)
    before = sums.between(customer, start, period) / MONEY_UNIT
    since = first[customer] + 1
    n_windows = (period - since) / window
    usual = sums.between(customer, since, period) / MONEY_UNIT / n_windows
    n_orders = orders.between(customer, since, period) / n_windows
    date = period // shape.stretch
    # Months are all alike in how many they are; there profit stands for activity.
    activity = n_orders if len(rows) and np.ptp(n_orders) else usual
    return Scene(
        customer,
        period,
        before,
        sums.between(customer, period + 1, period + 1 + window) / MONEY_UNIT,
        (late - early) / MONEY_UNIT,
        usual,
        panel.size[rows].astype(np.float64),
        tenure[rows].astype(np.float64),
        (date // 4) * _N_ACTIVITY_CLASSES + _classes(activity, _N_ACTIVITY_CLASSES),
        date * _N_PROFIT_LEVELS + _classes(before, _N_PROFIT_LEVELS),
        date,
        shape,
        panel.n_customers,
    )


def _classes(values: NDArray[np.generic], n_classes: int) -> Ints:
    """Cut values into classes of about equal size; equal values share a class."""
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    ranks = rankdata(values, method="min") - 1
    return np.asarray(ranks * n_classes // len(values), dtype=np.int64)


def _normal_scores(values: Floats) -> Floats:
    return np.asarray(norm.ppf((rankdata(values) - 0.5) / max(len(values), 1)), dtype=np.float64)
