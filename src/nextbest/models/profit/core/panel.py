"""Customers' profit period by period, and its sum in any window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

MONEY_UNIT: Final = 10_000
"""Money is counted in ten-thousandths, so that sums are exact in any order."""


@dataclass(frozen=True, slots=True)
class Panel:
    """What each customer earned in each period that is known of, sorted by customer, then period.

    A period is a day or a month, numbered from the first one of the data.
    """

    customer: Ints
    """0, 1, ... in the order of the ids; shape (n_rows,)."""
    period: Ints
    profit: Ints
    """In ten-thousandths of the shop's currency."""
    size: Ints
    """Products in the period's orders; 0: nothing was bought. 1 throughout where profit is given per month."""
    n_customers: int
    n_periods: int
    """Periods that are over; numbers run from 0 to one less."""

    @property
    def first_period(self) -> Ints:
        """First period of each customer; shape (n_customers,)."""
        first = np.full(self.n_customers, self.n_periods, dtype=np.int64)
        np.minimum.at(first, self.customer, self.period)
        return first


@dataclass(frozen=True, slots=True)
class RunningSums:
    """Sums of a quantity over any customer's window, by two look-ups."""

    key: Ints
    total: Ints
    """Sum of all rows before each; shape (n_rows + 1,)."""
    stride: int

    def between(self, customer: Ints, start: Ints, end: Ints) -> Ints:
        """Sum the periods ``[start, end)`` of each customer asked for.

        Examples
        --------
        >>> import numpy as np
        >>> sums = running_sums(np.array([0, 0, 1]), np.array([2, 5, 3]), np.array([10, 20, 40]), n_periods=9)
        >>> sums.between(np.array([0, 0, 1]), np.array([2, 3, 0]), np.array([6, 6, 3]))
        array([30, 20,  0])
        """
        low = np.searchsorted(self.key, customer * self.stride + np.clip(start, 0, self.stride - 1))
        high = np.searchsorted(self.key, customer * self.stride + np.clip(end, 0, self.stride - 1))
        return np.asarray(self.total[high] - self.total[low])


def running_sums(customer: Ints, period: Ints, amount: Ints, *, n_periods: int) -> RunningSums:
    """Prepare sums over rows sorted by customer, then period."""
    stride = n_periods + 1
    total = np.concatenate([[0], np.cumsum(amount, dtype=np.int64)])
    return RunningSums(customer * stride + period, total, stride)
