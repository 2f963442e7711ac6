"""Repeat: how likely each product that a customer has bought is to come next, by frequency and rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from nextbest.models.recommend.core.orders import GUEST, Floats, Ints
from nextbest.models.recommend.core.scene import Scene

_HALF_LIFE_ORDERS = 5.0
_HALF_LIFE_DAYS = 28.0
_SHORT_DAYS = 7.0

DATED: Final = (
    "frequency",
    "popularity",
    "recent_frequency",
    "monthly_frequency",
    "overdue",
    "overdue_squared",
    "recent_popularity",
    "neighbours",
)
UNDATED: Final = ("frequency", "popularity", "recent_frequency", "overdue", "overdue_squared", "neighbours")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Customers and the products they bought, sorted by customer and product."""

    customer: Ints
    product: Ints
    n_orders: Floats
    """Orders with the product."""
    recent_orders: Floats
    """The same, an order five orders earlier counting half."""
    recent_days: Floats | None
    """The same, an order 28 days earlier counting half; ``None`` without dates."""
    since: Floats
    """Since the last purchase: days, or orders where there are no days; at least 1."""
    gap: Floats
    """Time in the shop per purchase, in the same unit; at least 1."""
    span: Floats
    """From the first purchase to the last, in the same unit."""
    popular: Floats | None
    """Orders of all with the product, an order seven days earlier counting half; ``None`` without dates."""

    def of(self, customers: Ints) -> tuple[Pairs, Ints]:
        """Pick the pairs of some customers, with the first pair of each and, last, the number of pairs."""
        first = np.searchsorted(self.customer, customers, side="left")
        sizes = np.searchsorted(self.customer, customers, side="right") - first
        starts = np.append(0, np.cumsum(sizes))
        rows = np.repeat(first - starts[:-1], sizes) + np.arange(starts[-1])
        columns: Any = [getattr(self, name) for name in Pairs.__slots__]
        picked: Any = [None if column is None else column[rows] for column in columns]
        return Pairs(*picked), starts


def names(scene: Scene) -> tuple[str, ...]:
    """Name the features that the data allow."""
    return DATED if scene.is_dated else UNDATED


def pairs(scene: Scene, as_of: Ints | None) -> Pairs:
    """Sum up each customer's purchases of each product.

    The usual gap is the customer's time in the shop over the number of purchases: it is also known of a product bought
    once.

    Parameters
    ----------
    scene
        What may be seen.
    as_of
        Day from which nothing is seen, for every customer of the shop, shape (customers,); ``None`` without dates.
    """
    orders = scene.orders
    known = orders.line_customer != GUEST
    line_order = orders.line_order[known]
    customer, product = orders.line_customer[known], orders.line_product[known]
    key = customer.astype(np.int64) * orders.n_products + product
    by_pair = np.argsort(key, kind="stable")
    key, line_order = key[by_pair], line_order[by_pair]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1])) if len(key) else np.zeros(0, np.int64)
    ends = np.append(starts[1:], len(key)) - 1
    whose, what = customer[by_pair][starts], product[by_pair][starts]
    n = np.diff(np.append(starts, len(key))).astype(np.float64)
    n_orders = orders.n_by_customer().astype(np.float64)
    back = n_orders[customer[by_pair]] - orders.place()[line_order]
    recent = _add(0.5 ** (back / _HALF_LIFE_ORDERS), starts)
    if as_of is None or orders.day is None:
        since, first, whole = back[ends], back[starts], n_orders[whose]
        monthly = popular = None
    else:
        age = (as_of[customer[by_pair]] - orders.day[line_order]).astype(np.float64)
        since, first = age[ends], age[starts]
        whole = np.zeros(orders.n_customers)
        np.maximum.at(whole, whose, first)
        whole = whole[whose]
        popular = _popular(scene, what, as_of[whose])
        monthly = _add(0.5 ** (age / _HALF_LIFE_DAYS), starts)
    since = np.maximum(since, 1)
    return Pairs(whose, what, n, recent, monthly, since, np.maximum(whole / n, 1), first - since, popular)


def _add(values: Floats, starts: Ints) -> Floats:
    return np.add.reduceat(values, starts) if len(starts) else np.zeros(0)


def features(scene: Scene, held: Pairs, near: Floats) -> Floats:
    """Give the features of each pair, shape (pairs, features).

    Parameters
    ----------
    scene
        What may be seen.
    held
        Pairs to describe.
    near
        Share of the customer's neighbours who bought the product, shape (pairs,).
    """
    overdue = np.clip(np.log(held.since / held.gap), -4, 4)
    columns = {
        "frequency": np.log(held.n_orders),
        "popularity": np.log(scene.popularity[held.product]),
        "recent_frequency": np.log(held.recent_orders + 0.01),
        "overdue": overdue,
        "overdue_squared": overdue**2,
        "neighbours": np.log(near + 0.2 / scene.neighbours.n_nearest),
    }
    if held.recent_days is not None and held.popular is not None:
        columns["monthly_frequency"] = np.log(held.recent_days + 0.01)
        columns["recent_popularity"] = np.log(held.popular + 0.5)
    return np.stack([columns[name] for name in names(scene)], axis=1)


def _popular(scene: Scene, product: Ints, days: Ints) -> Floats:
    """Count the recent orders with each pair's product on the customer's day."""
    counted = np.empty(len(product))
    order = np.argsort(days, kind="stable")
    distinct, starts = np.unique(days[order], return_index=True)
    ends = np.append(starts[1:], len(order))
    recent = scene.recent(distinct, _SHORT_DAYS)
    for (_, counts), start, end in zip(recent, starts, ends, strict=True):
        part = order[start:end]
        counted[part] = counts[product[part]]
    return counted
