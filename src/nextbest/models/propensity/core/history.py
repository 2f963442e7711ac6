"""One product's own history: who bought it when, who has it already, and what that says on the day of a window.

Days are numbered since 1970; customers from 0. A purchase cancelled later counts until then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

import numpy as np

from nextbest.models.propensity.core.examples import Bools, Floats, Ints
from nextbest.models.propensity.core.windows import Window, spans

EPOCH: Final = date(1970, 1, 1)
SPANS: Final = (28, 91, 364)
BOUGHT_AGAIN: Final = 0.2
"""Share of its buyers who must have bought a product on two days for it to be bought again and again."""


def day_number(day: date) -> int:
    """Count the days since 1970.

    Examples
    --------
    >>> day_number(date(1970, 1, 11))
    10
    """
    return (day - EPOCH).days


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Days on which customers bought one product or category, sorted by customer, then day."""

    customer: Ints
    day: Ints
    kept_until: Ints
    """Day on which all of it was cancelled; far in the future while any is kept."""
    n_customers: int

    @classmethod
    def of(cls, rows: Mapping[str, Ints], n_customers: int) -> Self:
        """Take columns customer, day and kept_until."""
        return cls(rows["customer"], rows["day"], rows["kept_until"], n_customers)

    def before(self, origin: int, look_back: int | None = None) -> Days:
        """Take what was seen before a day, and no further back than some days."""
        seen = (self.day < origin) & (self.kept_until >= origin)
        if look_back is not None:
            seen &= self.day >= origin - look_back
        return Days(self.customer[seen], self.day[seen], self.kept_until[seen], self.n_customers)

    def counts(self) -> Ints:
        """Count each customer's days, shape (n_customers,)."""
        return np.bincount(self.customer, minlength=self.n_customers)


@dataclass(frozen=True, slots=True, eq=False)
class Spells:
    """From when to when customers held one product."""

    customer: Ints
    since: Ints
    until: Ints
    """First day without it."""
    n_customers: int

    @classmethod
    def of(cls, rows: Mapping[str, Ints], n_customers: int) -> Self:
        """Take columns customer, since and until."""
        return cls(rows["customer"], rows["since"], rows["until"], n_customers)

    def on_eve(self, origin: int) -> Bools:
        """Say who held it on the day before, shape (n_customers,)."""
        holding = (self.since < origin) & (self.until >= origin)
        return _are(self.customer[holding], self.n_customers)


def bought_within(days: Days, window: Window) -> Bools:
    """Say who bought it in the window's outcome and had not cancelled by its end, shape (n_customers,).

    Examples
    --------
    Customer 0 buys on the first day that counts, customer 1 the day after the last, customer 2 cancels within it.

    >>> window = Window(date(1970, 1, 11), date(1970, 1, 13), date(1970, 1, 14), "training")
    >>> days = Days(np.array([0, 1, 2]), np.array([12, 14, 12]), np.array([99999, 99999, 13]), n_customers=3)
    >>> bought_within(days, window).tolist()
    [True, False, False]
    """
    return _are(days.customer[_counts(days, window)], days.n_customers)


def first_within(days: Days, window: Window) -> Ints:
    """Give the day of each customer's first purchase in the window's outcome, shape (n_customers,); -1: none."""
    counts = np.flatnonzero(_counts(days, window))[::-1]
    first = np.full(days.n_customers, -1, dtype=np.int64)
    first[days.customer[counts]] = days.day[counts]
    return first


def _counts(days: Days, window: Window) -> Bools:
    start, end = day_number(window.outcome_from), day_number(window.outcome_until)
    return (days.day >= start) & (days.day <= end) & (days.kept_until > end)


@dataclass(frozen=True, slots=True, eq=False)
class Months:
    """What each customer earned the shop by month, in its currency."""

    customer: Ints
    month: Ints
    """Months since January 1970."""
    profit: Floats


def profit_rose(first_day: Ints, window: Window, months: Months) -> Bools:
    """Say whose own profit rose: from the month of the purchase to that of the last day that counts, against as many months before.

    Months of which nothing is known count as zero.

    Parameters
    ----------
    first_day
        From :func:`first_within`.
    window
        Whose outcome it is.
    months
        Of all customers.

    Examples
    --------
    Both buy in February 1970; the profit of customer 0 rises and that of customer 1 falls.

    >>> months = Months(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([5.0, 9.0, 5.0, 2.0]))
    >>> window = Window(date(1970, 2, 1), date(1970, 2, 1), date(1970, 2, 28), "training")
    >>> profit_rose(np.array([40, 40]), window, months).tolist()
    [True, False]
    """
    bought_in = _month(first_day)
    n_months = _month(np.array([day_number(window.outcome_until)])) - bought_in + 1
    after = months.month - bought_in[months.customer]
    length = n_months[months.customer]
    sign = np.where(
        (after >= 0) & (after < length), 1.0, np.where((after < 0) & (after >= -length), -1.0, 0.0)
    )
    rise = np.bincount(months.customer, sign * months.profit, minlength=len(first_day))
    return (first_day >= 0) & (rise > 0)


def _month(day: Ints) -> Ints:
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def is_bought_again(days: Days, origin: int) -> bool:
    """Tell whether a product is bought again and again: every fifth of its buyers before the day bought it on two days.

    Examples
    --------
    >>> far = np.full(3, 99999)
    >>> is_bought_again(Days(np.array([0, 0, 1]), np.array([1, 5, 2]), far, n_customers=2), origin=10)
    True
    >>> is_bought_again(Days(np.array([0, 1, 2]), np.array([1, 5, 2]), far, n_customers=3), origin=10)
    False
    """
    counts = days.before(origin).counts()
    n_buyers = int((counts > 0).sum())
    return n_buyers > 0 and int((counts > 1).sum()) >= BOUGHT_AGAIN * n_buyers


def own_columns(days: Days, origin: int, look_back: int, outcome_days: int) -> dict[str, Floats]:
    """Describe what each customer did with the product before a day, shape (n_customers,) each.

    Parameters
    ----------
    days
        Of one product.
    origin
        Nothing on or after it is seen.
    look_back
        Days that are seen.
    outcome_days
        Length of the answer: ``bought_rate`` is the share of the spans of this length before the origin in which the
        customer bought it.

    Examples
    --------
    Bought on days 80 and 95; the origin is day 100 and a hundred days are seen.

    >>> days = Days(np.array([0, 0]), np.array([80, 95]), np.array([99999, 99999]), n_customers=1)
    >>> {name: values.tolist() for name, values in own_columns(days, 100, look_back=100, outcome_days=10).items()}
    {'times_bought': [2.0], 'days_since_bought': [5.0], 'usual_gap_days': [15.0], 'due_ratio': [0.3333333333333333],
     'bought_rate': [0.2], 'times_bought_28d': [2.0], 'times_bought_91d': [2.0]}
    """
    seen = days.before(origin, look_back)
    n, age = seen.n_customers, (origin - seen.day).astype(np.float64)
    times = seen.counts().astype(np.float64)
    first, last = np.full(n, np.nan), np.full(n, np.nan)
    last[seen.customer] = age
    first[seen.customer[::-1]] = age[::-1]
    gap = np.full(n, np.nan)
    np.divide(first - last, times - 1, out=gap, where=times > 1)
    columns = {
        "times_bought": times,
        "days_since_bought": last,
        "usual_gap_days": gap,
        "due_ratio": last / gap,
        "bought_rate": _rate(seen, origin, look_back, outcome_days),
    }
    for span in spans(SPANS, look_back):
        columns[f"times_bought_{span}d"] = np.bincount(seen.customer[age <= span], minlength=n).astype(
            np.float64
        )
    return columns


def _rate(seen: Days, origin: int, look_back: int, outcome_days: int) -> Floats:
    """Give the share of whole spans before the origin in which each customer bought it."""
    n_spans = look_back // outcome_days
    span = (origin - 1 - seen.day) // outcome_days
    within = span < n_spans
    cells = np.unique(seen.customer[within] * n_spans + span[within])
    return np.bincount(cells // n_spans, minlength=seen.n_customers) / n_spans


def bought_before(*ranked: tuple[Floats, Floats]) -> Floats:
    """Rank customers by how often they bought it, then by how recently: the simple rule that a model has to beat.

    Parameters
    ----------
    *ranked
        Times bought and days since, NaN for never, shape (n,) each: of the product, then of what breaks ties.

    Returns
    -------
    Shape (n,), higher is earlier on the list, 0-1; equal customers are equal.

    Examples
    --------
    >>> bought_before((np.array([2.0, 1.0, 1.0, 0.0]), np.array([9.0, 3.0, 4.0, np.nan]))).tolist()
    [1.0, 0.75, 0.5, 0.25]
    """
    keys = [key for times, since in ranked for key in (times, np.where(np.isnan(since), -np.inf, -since))]
    order = np.lexsort(keys[::-1])
    changes = np.zeros(len(order), dtype=np.bool_)
    for key in keys:
        changes[1:] |= key[order][1:] != key[order][:-1]
    score = np.empty(len(order))
    score[order] = 1.0 + np.cumsum(changes)
    return np.asarray(score / max(score.max(initial=1.0), 1.0))


def _are(customers: Ints, n_customers: int) -> Bools:
    marks = np.zeros(n_customers, dtype=np.bool_)
    marks[customers] = True
    return marks
