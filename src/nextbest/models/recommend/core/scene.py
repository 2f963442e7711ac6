"""What is known of customers and products at some moment, ready to be asked about any customer."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from nextbest.models.recommend.core.ease import ease
from nextbest.models.recommend.core.neighbours import Neighbours, neighbours
from nextbest.models.recommend.core.orders import Floats, Ints, Orders
from nextbest.models.recommend.core.together import SHRINK, size_lifts

MOST_UNIVERSE = 1500
"""Products that may be discovered: the most bought, and the most bought of late."""
_LONG_SHARE = 0.8
_HALF_LIFE_DAYS = 28.0
_LEAST_BOTH = 10
_CLEAR_LIFT = 1.5


@dataclass(frozen=True)
class Scene:
    """Orders that may be seen and everything derived from them."""

    orders: Orders
    departments: Ints | None = None
    """Department of each product, -1 where it has none; ``None`` where nobody knows."""
    most_universe: int = MOST_UNIVERSE

    @functools.cached_property
    def counts(self) -> sp.csr_matrix:
        """Count orders by customer and product."""
        return self.orders.counts()

    @functools.cached_property
    def popularity(self) -> Floats:
        """Count orders by product."""
        return self.orders.popularity()

    @functools.cached_property
    def universe(self) -> Ints:
        """List the products that may be discovered, ascending."""
        sold = np.flatnonzero(self.popularity > 0)
        if len(sold) <= self.most_universe:
            return sold.astype(np.int32)
        order = np.lexsort((np.arange(len(self.popularity)), -self.popularity))
        steady = order[: int(_LONG_SHARE * self.most_universe)]
        if not self.is_dated:
            return np.sort(order[: self.most_universe]).astype(np.int32)
        latest = self.recent_on(self.last_day + 1, _HALF_LIFE_DAYS)
        latest[steady] = -1
        fresh = np.lexsort((np.arange(len(latest)), -latest))[: self.most_universe - len(steady)]
        return np.sort(np.concatenate([steady, fresh])).astype(np.int32)

    @functools.cached_property
    def place(self) -> Ints:
        """Say where in the universe each product stands, -1 where it does not."""
        place = np.full(self.orders.n_products, -1, dtype=np.int32)
        place[self.universe] = np.arange(len(self.universe))
        return place

    @functools.cached_property
    def bought(self) -> sp.csr_matrix:
        """Mark with 1 what of the universe each customer bought. Shape (customers, universe)."""
        bought = self.counts[:, self.universe].tocsr()
        bought.data[:] = 1
        return bought

    @functools.cached_property
    def weights(self) -> NDArray[np.float32]:
        """Fit EASE on the universe."""
        return ease(self.bought)

    @functools.cached_property
    def basket_lifts(self) -> tuple[Floats, Floats]:
        """Count the orders with each two products of the universe, and set them beside what order sizes explain.

        Returns
        -------
        Orders with both; observed over expected, both padded by five orders. Each of shape (universe, universe).
        """
        place = self.place[self.orders.line_product]
        kept = place >= 0
        ones = np.ones(int(kept.sum()), dtype=np.float32)
        shape = (self.orders.n_orders, len(self.universe))
        orders = sp.csr_matrix((ones, (self.orders.line_order[kept], place[kept])), shape=shape)
        both, expected = size_lifts(orders)
        return both, (both + SHRINK) / (expected + SHRINK)

    @functools.cached_property
    def links(self) -> NDArray[np.float32]:
        """Say which purchase speaks for which other in a way that people understand: EASE's weight, 0 where they would not.

        Both are in the same orders clearly more often than their sizes explain; of one department, at least not less often.
        """
        both, lift = self.basket_lifts
        is_clear = (both >= _LEAST_BOTH) & (lift >= _CLEAR_LIFT)
        if self.departments is not None:
            group = self.departments[self.universe]
            is_clear |= (group[:, None] == group[None, :]) & (group >= 0)[:, None] & (lift >= 1)
        return np.where(is_clear, self.weights, np.float32(0))

    @functools.cached_property
    def neighbours(self) -> Neighbours:
        """Choose the customers to compare with."""
        return neighbours(self.bought)

    @property
    def is_dated(self) -> bool:
        """Tell whether orders have days."""
        return self.orders.day is not None and self.orders.n_orders > 0

    @property
    def last_day(self) -> int:
        """Day of the last order seen."""
        return int(self._days.max())

    @property
    def _days(self) -> Ints:
        assert self.orders.day is not None  # noqa: S101 - asked of dated orders only
        return self.orders.day

    @functools.cached_property
    def _by_day(self) -> tuple[Ints, Ints]:
        """Sort the lines by day: day and product of each."""
        day = self._days[self.orders.line_order]
        order = np.argsort(day, kind="stable")
        return day[order], self.orders.line_product[order]

    @functools.cached_property
    def _universe_by_day(self) -> tuple[Ints, Ints]:
        """Sort the lines that are of the universe by day: day and place of each."""
        day, product = self._by_day
        place = self.place[product]
        kept = place >= 0
        return day[kept], place[kept]

    def recent(self, days: Ints, half_life: float) -> Iterator[tuple[int, Floats]]:
        """Count the orders with each product before each day, an order of ``half_life`` days earlier counting half.

        Parameters
        ----------
        days
            Days from which nothing is seen, ascending and distinct.
        half_life
            In days.

        Yields
        ------
        Each day and its counts, shape (products,).
        """
        return _fading(*self._by_day, self.orders.n_products, days, half_life)

    def recent_universe(self, days: Ints, half_life: float) -> Iterator[tuple[int, Floats]]:
        """Count as :meth:`recent` does, for the universe only: counts of shape (universe,)."""
        return _fading(*self._universe_by_day, len(self.universe), days, half_life)

    def recent_on(self, as_of: int, half_life: float) -> Floats:
        """Count as :meth:`recent` does, for one day."""
        ((_, counts),) = self.recent(np.array([as_of]), half_life)
        return counts


def _fading(
    day: Ints, product: Ints, n_products: int, days: Ints, half_life: float
) -> Iterator[tuple[int, Floats]]:
    """Carry the counts from one day to the next: they fade, and what was sold in between is added."""
    counts, seen, before = np.zeros(n_products), 0, int(day[0]) if len(day) else 0
    ends = np.searchsorted(day, days.astype(day.dtype))
    for as_of, upto in zip(days.tolist(), ends.tolist(), strict=True):
        ages = as_of - day[seen:upto]
        counts = counts * 0.5 ** (max(as_of - before, 0) / half_life)
        counts += np.bincount(product[seen:upto], weights=0.5 ** (ages / half_life), minlength=n_products)
        seen, before = upto, as_of
        yield as_of, counts
