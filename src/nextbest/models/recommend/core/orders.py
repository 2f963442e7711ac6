"""Orders as arrays of codes, and what of them may be seen: up to a customer's last order, or up to a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Ints = NDArray[np.signedinteger[Any]]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

GUEST = -1


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders sorted by customer (guests first) and then by time, and the products in each, each once."""

    customer: Ints
    """Code of each order's customer; ``GUEST`` where nobody knows. Shape (orders,), ascending."""
    day: Ints | None
    """Day of each order, days since 1970; ``None`` where the data have no dates."""
    line_order: Ints
    """Order of each line, ascending. Shape (lines,)."""
    line_product: Ints
    """Product of each line."""
    n_customers: int
    n_products: int

    @property
    def n_orders(self) -> int:
        """Orders in all."""
        return len(self.customer)

    @property
    def line_customer(self) -> Ints:
        """Customer of each line."""
        return self.customer[self.line_order]

    def select(self, orders: Bools) -> Orders:
        """Keep some orders; codes of customers and products stay."""
        number = (np.cumsum(orders) - 1).astype(np.int32)
        lines = orders[self.line_order]
        return Orders(
            self.customer[orders],
            None if self.day is None else self.day[orders],
            number[self.line_order[lines]],
            self.line_product[lines],
            self.n_customers,
            self.n_products,
        )

    def n_by_customer(self) -> Ints:
        """Count each customer's orders, shape (customers,)."""
        known = self.customer[self.customer != GUEST]
        return np.bincount(known, minlength=self.n_customers).astype(np.int32)

    def place(self) -> Ints:
        """Count the customer's orders before each; meaningless for guests."""
        first = np.searchsorted(self.customer, self.customer, side="left")
        return (np.arange(self.n_orders) - first).astype(np.int32)

    def back(self) -> Ints:
        """Count the customer's orders after each; meaningless for guests."""
        end = np.searchsorted(self.customer, self.customer, side="right")
        return (end - 1 - np.arange(self.n_orders)).astype(np.int32)

    def popularity(self) -> Floats:
        """Count the orders with each product, guests' too. Shape (products,)."""
        return np.bincount(self.line_product, minlength=self.n_products).astype(np.float64)

    def counts(self) -> sp.csr_matrix:
        """Count, per customer and product, the orders with the product. Shape (customers, products)."""
        known = self.line_customer != GUEST
        rows, columns = self.line_customer[known], self.line_product[known]
        ones = np.ones(len(rows), dtype=np.float32)
        matrix = sp.csr_matrix((ones, (rows, columns)), shape=(self.n_customers, self.n_products))
        matrix.sort_indices()
        return matrix


@dataclass(frozen=True, slots=True)
class Trial:
    """What may be seen, and what came next: the ground on which lists are judged."""

    seen: Orders
    customers: Ints
    """Customers who are judged, ascending."""
    as_of: Ints | None
    """Day from which nothing is seen, for each of them; ``None`` without dates."""
    truth: sp.csr_matrix
    """What each of ``customers`` bought next: 1 or nothing. Shape (len(customers), products)."""


def hold_out_last(orders: Orders, least_orders: int, orders_back: int = 0) -> Trial:
    """Hold out each customer's last order; the orders of others stay, also later ones.

    Parameters
    ----------
    orders
        Everything.
    least_orders
        Customers with fewer are not judged; their last order stays.
    orders_back
        Forget this many of each customer's last orders first.

    Examples
    --------
    >>> day = np.arange(3, dtype=np.int32)
    >>> orders = Orders(np.zeros(3, np.int32), day, day, np.array([4, 5, 6], np.int32), 1, 7)
    >>> trial = hold_out_last(orders, least_orders=3)
    >>> trial.seen.line_product, trial.truth.indices, trial.as_of
    (array([4, 5], dtype=int32), array([6], dtype=int32), array([2], dtype=int32))
    """
    known = orders.customer != GUEST
    left = orders.select(~known | (orders.back() >= orders_back)) if orders_back else orders
    known = left.customer != GUEST
    n_orders = left.n_by_customer()
    is_judged = known & (left.back() == 0) & (n_orders[np.where(known, left.customer, 0)] >= least_orders)
    held = left.select(is_judged)
    return Trial(left.select(~is_judged), held.customer, held.day, _bought(held, held.customer))


def hold_out_from(orders: Orders, day: int, least_orders: int, days: int | None = None) -> Trial:
    """Hold out everything on or after a day: nothing of it is seen.

    Customers are judged who ordered before the day and on or after it, ``least_orders`` times in all.

    Parameters
    ----------
    orders
        Everything, with days.
    day
        First day that is not seen, days since 1970.
    least_orders
        Customers with fewer are not judged.
    days
        Look this many days ahead; without it, to the end.
    """
    assert orders.day is not None  # noqa: S101 - only dated orders have a day to cut at
    end = orders.day < day + days if days is not None else np.ones(orders.n_orders, dtype=bool)
    visible = orders.select(end)
    assert visible.day is not None  # noqa: S101
    seen, held = visible.select(visible.day < day), visible.select(visible.day >= day)
    n_all, n_seen, n_held = visible.n_by_customer(), seen.n_by_customer(), held.n_by_customer()
    is_judged = (n_all >= least_orders) & (n_seen > 0) & (n_held > 0)
    customers = np.flatnonzero(is_judged).astype(np.int32)
    return Trial(seen, customers, np.full(len(customers), day, dtype=np.int32), _bought(held, customers))


def window(orders: Orders, day: int, days: int) -> Trial:
    """Hold out the ``days`` from a day on, for every customer who ordered before it: most buy nothing."""
    assert orders.day is not None  # noqa: S101
    seen = orders.select(orders.day < day)
    held = orders.select((orders.day >= day) & (orders.day < day + days))
    customers = np.flatnonzero(seen.n_by_customer()).astype(np.int32)
    return Trial(seen, customers, np.full(len(customers), day, dtype=np.int32), _bought(held, customers))


def _bought(held: Orders, customers: Ints) -> sp.csr_matrix:
    """Say what each customer bought in the orders held out."""
    truth = held.counts()[customers]
    truth.data[:] = 1
    return truth
