"""What every product's model may know of a customer: how much, how often and how recently they buy, and of what.

Sums come by customer from the engine; here they become columns of one row per customer of the shop, with zero or NaN for
those of whom there is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from nextbest.models.propensity.core.examples import Floats, Ints

SPANS: Final = (7, 28, 91, 182, 364)
"""Days over which orders and money are summed up."""
_QUARTER: Final = 91
_RIDGE: Final = 0.05
"""Weight of the penalty: this part of the mean diagonal of the groups' co-occurrences."""


def spread(customer: Ints, values: NDArray[Any], n_customers: int, absent: float = np.nan) -> Floats:
    """Put values at their customers' places.

    Examples
    --------
    >>> spread(np.array([2]), np.array([7.0]), n_customers=3, absent=0.0).tolist()
    [0.0, 0.0, 7.0]
    """
    whole = np.full(n_customers, absent)
    whole[customer] = values
    return whole


def order_columns(
    sums: Mapping[str, NDArray[Any]], spans: Sequence[int], n_customers: int
) -> dict[str, Floats]:
    """Turn sums of orders and money into columns, shape (n_customers,) each; money that nobody gave makes none.

    Parameters
    ----------
    sums
        Columns of ``query.habits`` as arrays, NaN where null.
    spans
        Days summed up.
    n_customers
        Customers of the shop.
    """
    customer = sums["customer"]

    def whole(name: str, absent: float = np.nan) -> Floats:
        return spread(customer, sums[name], n_customers, absent)

    columns = {
        name: whole(name)
        for name in ("days_since_last_order", "days_since_first_order", "mean_gap_days", "longest_gap_days")
    }
    columns["silence_by_gap"] = columns["days_since_last_order"] / columns["mean_gap_days"]
    for n in spans:
        for name in ("n_orders", "n_lines"):
            columns[f"{name}_{n}d"] = np.nan_to_num(whole(f"{name}_{n}d"))
    if np.isfinite(sums[f"revenue_{spans[-1]}d"]).any():
        columns |= _money(whole, spans)
    return columns


def _money(whole: Any, spans: Sequence[int]) -> dict[str, Floats]:
    columns = {f"revenue_{n}d": np.nan_to_num(whole(f"revenue_{n}d")) for n in spans}
    longest = spans[-1]
    orders = np.nan_to_num(whole(f"n_orders_{longest}d"))
    columns["mean_order_revenue"] = _ratio(columns[f"revenue_{longest}d"], orders)
    discount = np.nan_to_num(whole(f"discount_{longest}d"))
    if discount.any():
        columns["discount_share"] = _ratio(discount, discount + columns[f"revenue_{longest}d"])
    if _QUARTER in spans and longest > _QUARTER:
        lately = columns[f"revenue_{_QUARTER}d"]
        before = columns[f"revenue_{longest}d"] - lately
        seen = np.minimum(whole("days_since_first_order"), longest) - _QUARTER
        columns["trend"] = _ratio(lately * np.maximum(seen, 0.0) / _QUARTER, before)
    return columns


def _ratio(part: Floats, whole: Floats) -> Floats:
    ratio = np.full(len(part), np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio


@dataclass(frozen=True, slots=True, eq=False)
class Tastes:
    """How many days each customer bought of each group of products, and how long ago."""

    customer: Ints
    group: Ints
    n_days: Ints
    age: Ints
    n_customers: int
    n_groups: int

    def columns(self, department: Ints, names: Mapping[int, str]) -> dict[str, Floats]:
        """Give the number of groups, and by department the share of purchases and the days since the last.

        Parameters
        ----------
        department
            Number of each group's department, shape (n_groups,).
        names
            The departments that get columns.
        """
        n = self.n_customers
        total = np.bincount(self.customer, self.n_days, n)
        columns = {"n_groups": np.bincount(self.customer, minlength=n).astype(np.float64)}
        own = department[self.group]
        for number, name in names.items():
            here = own == number
            days = np.bincount(self.customer[here], self.n_days[here], n)
            columns[f"share_of_purchases: {name}"] = _ratio(days.astype(np.float64), total.astype(np.float64))
            columns[f"days_since: {name}"] = _least(self.customer[here], self.age[here], n)
        return columns

    def matrix(self) -> sp.csr_matrix:
        """Give log(1 + days), shape (n_customers, n_groups)."""
        cells = np.log1p(self.n_days.astype(np.float64))
        return sp.csr_matrix((cells, (self.customer, self.group)), shape=(self.n_customers, self.n_groups))

    def of(self, group: int) -> tuple[Floats, Floats]:
        """Give each customer's days with one group and the days since the last, NaN for never."""
        here = self.group == group
        times = spread(self.customer[here], self.n_days[here], self.n_customers, absent=0.0)
        return times, spread(self.customer[here], self.age[here], self.n_customers)


def _least(customer: Ints, age: Ints, n_customers: int) -> Floats:
    least = np.full(n_customers, np.inf)
    np.minimum.at(least, customer, age.astype(np.float64))
    least[np.isinf(least)] = np.nan
    return least


@dataclass(frozen=True, slots=True, eq=False)
class Affinities:
    """What else customers buy who buy a thing: one linear prediction of each group by all others [1]_.

    References
    ----------
    .. [1] Steck (2019), Embarrassingly shallow autoencoders for sparse data. WWW, section 3.
    """

    bought: sp.csr_matrix
    """Of the customers learnt from: log(1 + days), shape (customers, groups)."""
    inverse: Floats
    """Of the penalised co-occurrences, shape (groups, groups)."""

    @classmethod
    def of(cls, tastes: Tastes) -> Affinities:
        """Learn from customers as they were on one day."""
        bought = tastes.matrix()
        together = (bought.T @ bought).toarray()
        penalty = _RIDGE * np.trace(together) / max(tastes.n_groups, 1) + 1.0
        return cls(bought, np.linalg.inv(together + penalty * np.eye(tastes.n_groups)))

    def to_group(self, group: int) -> Floats:
        """Weigh all other groups by how well they go with one, shape (groups,)."""
        weights = -self.inverse[:, group] / self.inverse[group, group]
        weights[group] = 0.0
        return np.asarray(weights)

    def to_thing(self, times: Floats) -> Floats:
        """Weigh all groups by how well they go with a thing that the customers learnt from bought so many times."""
        return np.asarray(self.inverse @ (self.bought.T @ np.log1p(times)))
