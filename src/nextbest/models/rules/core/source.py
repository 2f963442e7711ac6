"""What is mined and how: baskets as arrays, and the limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextbest.models.rules.core.baskets import Ints

NO_DAY = int(np.iinfo(np.int32).min)
"""Day number of a basket without a day."""


@dataclass(frozen=True, slots=True)
class Source:
    """Baskets of products at one level, by codes from 0."""

    basket: Ints
    """Basket of each row; baskets are numbered by customer (guests last), day and key."""
    product: Ints
    """Product of each row; every (basket, product) once."""
    n_baskets: int
    customers: Ints | None = None
    """Customer of each basket, ascending, -1 for guests; ``None`` where no customer is known."""
    days: Ints | None = None
    """Day number of each basket, ``NO_DAY`` where unknown; ``None`` where no day is known."""
    families: Ints | None = None
    """Group of products that may serve one need, by product code; -1: unknown."""
    are_customers: bool = False
    """A basket is all that a customer ever bought or holds."""


@dataclass(frozen=True, slots=True)
class Written:
    """A rule written by a person, by product codes."""

    body: tuple[int, ...]
    head: int
    sign: str = "+"
    is_ordered: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Which rules are kept."""

    floor: int
    sign: str = "+"
    max_length: int = 2
    min_confidence: float = 0.0
    min_customers: int = 1
    max_rules: int = 2_000_000
    within_days: int = 91
    written: tuple[Written, ...] = ()
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class Mined:
    """Rules as columns, named as in the contract; NaN stands for null."""

    bodies: Ints
    """Product codes, -1 beyond the body; shape (n_rules, longest body)."""
    heads: Ints
    columns: dict[str, NDArray[np.generic]]
    quarters: Quarters | None
    n_baskets: int
    n_frequent: int
    n_tests: int
    n_too_few_customers: int = 0
    """Pairs that reach the floor by too few customers."""

    def __len__(self) -> int:
        return len(self.heads)


@dataclass(frozen=True, slots=True)
class Quarters:
    """The same counts per calendar quarter; rows are rules, columns quarters."""

    starts_on: NDArray[np.datetime64]
    n_orders: NDArray[np.int64]
    n_body: Ints
    n_head: Ints
    n_both: Ints
    rules: NDArray[np.int64]
    """Which of the rules each row is."""


def quarters_of(days: Ints) -> tuple[Ints, NDArray[np.datetime64]]:
    """Put days into calendar quarters: quarter of each day, -1 for no day, and their first days.

    Examples
    --------
    >>> index, starts_on = quarters_of(np.array([0, 89, 90, NO_DAY], dtype=np.int32))
    >>> index, starts_on
    (array([ 0,  0,  1, -1], dtype=int32), array(['1970-01', '1970-04'], dtype='datetime64[M]'))
    """
    known = days != NO_DAY
    months = np.where(known, days, 0).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    quarter = months // 3
    found = np.unique(quarter[known])
    index = np.where(known, np.searchsorted(found, quarter), -1).astype(np.int32)
    return index, (found * 3).astype("datetime64[M]")
