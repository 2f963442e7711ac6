"""Where does a list stop paying? What contacts earn by depth, for a share of the purchases that they cause."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from nextbest.models.profit.spec import CurvePoint, Terms

Floats: TypeAlias = NDArray[np.float64]
Numbers = TypeVar("Numbers", float, Floats, Any)
"""Numbers, arrays, or columns of an engine: only added and multiplied."""

DEPTHS: Final = (0.01, 0.02, 0.05, *(step / 100 for step in range(10, 101, 5)))
_Z: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Purchases:
    """The purchases that a list's customers may make, most worth first; arrays of equal length."""

    probability: Floats
    earned: Floats
    """By one purchase, from :func:`earned`."""
    discount: Floats
    """Given to every buyer who was contacted."""
    cost: Floats
    """Of the contact."""


def earned(margin: Numbers, terms: Terms) -> Numbers:
    """Give what one purchase earns once returns and defaults are counted.

    Examples
    --------
    >>> earned(20.0, Terms(return_share=0.1, return_cost=5.0))
    17.5
    """
    lost = terms.return_share * terms.return_cost + terms.default_share * terms.default_loss
    return margin * (1 - terms.return_share - terms.default_share) - lost


def contact_profit(
    probability: Numbers, earned: Numbers, discount: Numbers, cost: Numbers, share: float = 1.0
) -> Numbers:
    """Give what one contact brings if it causes a share of the purchase; every buyer gets the discount.

    With ``share = 1`` it is the profit expected of the customer, with or without the contact.

    Examples
    --------
    >>> [round(contact_profit(0.2, 50.0, 2.0, 0.5, share), 6) for share in (1, 0.1)]
    [9.1, 0.1]
    """
    return probability * (share * earned - discount) - cost


def break_even_share(purchases: Purchases) -> float | None:
    """Give the share of the purchases that the contacts must cause to pay for themselves and the discounts.

    Examples
    --------
    >>> one = np.ones(1)
    >>> break_even_share(Purchases(0.2 * one, 50 * one, 2 * one, 0.5 * one))
    0.09
    """
    brought = float(purchases.probability @ purchases.earned)
    spent = float(purchases.probability @ purchases.discount + purchases.cost.sum())
    return round(spent / brought, 12) if brought > 0 else None


def profit_curve(purchases: Purchases, share: float, also: int = 0) -> list[CurvePoint]:
    """Add up a list by depth.

    Who buys is chance: the interval is that of the sum of independent purchases, each made with its probability and
    caused with the share; it takes probabilities and share as right.

    Parameters
    ----------
    purchases
        Most worth first.
    share
        Share of the purchases that the contact causes.
    also
        One more number of customers to stop at, such as :func:`best_depth`.

    Examples
    --------
    >>> one = np.ones(10)
    >>> last = profit_curve(Purchases(0.2 * one, 50 * one, 0 * one, 0.5 * one), 0.1)[-1]
    >>> last.n, [round(x, 6) for x in (last.n_purchases, last.incremental_profit, last.break_even_rate)]
    (10, [2.0, 5.0, 0.1])
    """
    n_all = len(purchases.probability)
    if not n_all:
        return []
    ends = {max(1, math.ceil(round(depth * n_all, 9))): depth for depth in reversed(DEPTHS)}
    ends |= {also: also / n_all} if 0 < also <= n_all and also not in ends else {}
    sums = _running(purchases, share)
    return [_point(sums[end - 1], end, depth) for end, depth in sorted(ends.items())]


def best_depth(purchases: Purchases, share: float) -> int:
    """Count the customers, from the top, with whom a list whose share is known by a test brings most.

    Examples
    --------
    >>> probability, one = np.array([0.3, 0.2, 0.05]), np.ones(3)
    >>> best_depth(Purchases(probability, 50 * one, 0 * one, 0.5 * one), 0.1)
    2
    """
    totals = np.cumsum(_contacts(purchases, share))
    return int(np.argmax(totals)) + 1 if len(totals) and totals.max() > 0 else 0


def _contacts(purchases: Purchases, share: float) -> Floats:
    profit: Floats = contact_profit(
        purchases.probability, purchases.earned, purchases.discount, purchases.cost, share
    )
    return profit


def _running(purchases: Purchases, share: float) -> Floats:
    """Add up, from the top: purchases, cost, expected, incremental, its variance, and worth of a purchase."""
    worth = share * purchases.earned - purchases.discount
    squares = share * (purchases.earned - purchases.discount) ** 2 + (1 - share) * purchases.discount**2
    mean = purchases.probability * worth
    columns = (
        purchases.probability,
        purchases.cost,
        _contacts(purchases, 1.0),
        mean - purchases.cost,
        purchases.probability * squares - mean**2,
        mean,
    )
    running: Floats = np.cumsum(np.column_stack(columns), axis=0)
    return running


def _point(sums: Floats, n: int, depth: float) -> CurvePoint:
    n_purchases, cost, expected, incremental, variance, brought = (float(total) for total in sums)
    spread = _Z * math.sqrt(max(variance, 0.0))
    return CurvePoint(
        depth=depth,
        n=n,
        n_purchases=n_purchases,
        cost=cost,
        expected_profit=expected,
        incremental_profit=incremental,
        ci_low=incremental - spread,
        ci_high=incremental + spread,
        break_even_rate=cost / n / (brought / n_purchases) if brought > 0 else None,
    )
