"""Examples: customers whose answer is known, and what was known of them before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Texts: TypeAlias = NDArray[np.object_]
"""Strings, ``None`` where missing."""
Columns: TypeAlias = Mapping[str, NDArray[Any]]
"""Raw columns by name, all of one length: numbers as float64 with NaN where missing, anything else as :data:`Texts`."""


def take(columns: Columns, rows: NDArray[Any] | slice) -> dict[str, NDArray[Any]]:
    """Take some rows of every column.

    Examples
    --------
    >>> take({"age": np.array([30.0, 40.0])}, np.array([1]))
    {'age': array([40.])}
    """
    return {name: values[rows] for name, values in columns.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Customers to learn from, or to judge on.

    Examples
    --------
    >>> ids = np.array(["ann", "bob"], dtype=object)
    >>> some = Examples(ids, {"age": np.array([30.0, 40.0])}, np.array([True, False]))
    >>> len(some), some.n_positive, some.take(np.array([1])).customer_ids[0]
    (2, 1, 'bob')
    """

    customer_ids: Texts
    """Shape (n,); from history one customer may stand once per origin."""
    columns: Columns
    target: Bools
    """Shape (n,); yes or no."""
    origin: Ints | None = None
    """Shape (n,); which of the windows, 0 the oldest; ``None``: one flat table."""

    def __len__(self) -> int:
        return len(self.target)

    @property
    def n_positive(self) -> int:
        """Number of yes."""
        return int(self.target.sum())

    def take(self, rows: NDArray[Any]) -> Self:
        """Give some of the examples, by place or by a mask."""
        return type(self)(
            self.customer_ids[rows],
            take(self.columns, rows),
            self.target[rows],
            None if self.origin is None else self.origin[rows],
        )
