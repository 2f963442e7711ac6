"""Rows of shared columns: many models look at the same customers, and none of them needs a copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from numpy.typing import NDArray

from nextbest.models.propensity.core.examples import Columns, Ints


class Subset(Mapping[str, NDArray[Any]]):
    """Some rows of columns, taken when a column is asked for.

    Examples
    --------
    >>> import numpy as np
    >>> some = Subset({"age": np.array([30.0, 40.0, 50.0])}, np.array([2, 0]))
    >>> some["age"].tolist(), list(some), len(some)
    ([50.0, 30.0], ['age'], 1)
    """

    def __init__(self, columns: Columns, rows: Ints) -> None:
        self._columns = columns
        self._rows = rows

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name][self._rows]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)
