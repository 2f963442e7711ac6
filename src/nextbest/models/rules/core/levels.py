"""One reading of what was bought, put into baskets of products, of categories, or of all that a customer bought."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nextbest.models.rules.core.baskets import Ints, Longs
from nextbest.models.rules.core.source import Source

_LOW = np.int64(0xFFFFFFFF)
_SHIFT = np.int64(32)


@dataclass(frozen=True, slots=True)
class Bought:
    """Products of every basket, as one number each: basket times 2^32 plus product."""

    keys: Longs
    """Ascending, each once."""
    n_lines: Longs
    """Lines of each product."""
    customers: Ints
    """Customer of each basket, ascending, -1 for guests, who come last."""
    days: Ints
    """Day number of each basket, ``NO_DAY`` where unknown."""


def make_bought(keys: Longs, customers: Ints, days: Ints, *, n_products: int) -> Bought:
    """Arrange lines, in any order, where products may come several times in a basket; ``keys`` is sorted in place.

    Examples
    --------
    >>> keys = np.array([(1 << 32) + 7, 8, 8])
    >>> bought = make_bought(keys, np.array([0, 0]), np.array([1, 2]), n_products=9)
    >>> bought.keys, bought.n_lines[7:]
    (array([         8, 4294967303]), array([1, 2]))
    """
    n_lines = np.bincount(keys & _LOW, minlength=n_products)
    return Bought(_each_once(keys), n_lines, customers, days)


def by_customer(bought: Bought) -> Bought:
    """Put everything a known customer ever bought or holds into one basket."""
    owner = bought.customers[bought.keys >> _SHIFT].astype(np.int64)
    known = owner >= 0
    keys = _each_once((owner[known] << _SHIFT) | (bought.keys[known] & _LOW))
    n = int(bought.customers.max(initial=-1)) + 1
    return replace(
        bought, keys=keys, customers=np.arange(n, dtype=np.int32), days=np.zeros(n, dtype=np.int32)
    )


def at_level(bought: Bought, group: Ints | None) -> Source:
    """Put each product's group into the baskets; what has none is left out, and so are baskets left empty.

    Parameters
    ----------
    group
        Group of each product, -1: none; ``None`` leaves products as they are.

    Examples
    --------
    >>> bought = Bought(np.array([0, 1, (1 << 32) + 2]), np.ones(3), np.array([4, 5]), np.array([1, 2]))
    >>> source = at_level(bought, np.array([0, 0, -1]))
    >>> source.basket, source.product, source.n_baskets
    (array([0], dtype=int32), array([0], dtype=int32), 1)
    """
    keys = bought.keys
    if group is not None:
        item = group[keys & _LOW]
        there = item >= 0
        keys = _each_once((keys[there] & ~_LOW) | item[there])
    basket = (keys >> _SHIFT).astype(np.int32)
    product = keys.astype(np.int32)
    filled = np.zeros(len(bought.customers), dtype=bool)
    filled[basket] = True
    customers, days = bought.customers, bought.days
    if not filled.all():
        basket = (np.cumsum(filled, dtype=np.int32) - 1)[basket]
        customers, days = _renumbered(customers[filled]), days[filled]
    return Source(basket, product, len(customers), customers, days)


def only_found(source: Source, n_products: int) -> tuple[Source, Ints]:
    """Leave out the numbers of products that are in no basket; also say which are left."""
    there = np.bincount(source.product, minlength=n_products) > 0
    found = np.flatnonzero(there).astype(np.int32)
    if len(found) == n_products:
        return source, found
    number = np.cumsum(there, dtype=np.int32) - 1
    return replace(source, product=number[source.product]), found


def _renumbered(customers: Ints) -> Ints:
    fresh = np.ones(len(customers), dtype=np.int32)
    fresh[1:] = customers[1:] != customers[:-1]
    return np.where(customers < 0, -1, np.cumsum(fresh, dtype=np.int32) - 1).astype(np.int32)


def _each_once(keys: Longs) -> Longs:
    keys.sort()
    fresh: NDArray[np.bool_] = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    return keys if fresh.all() else keys[fresh]
