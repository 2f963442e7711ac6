"""Rows as models read them: one number per column for the trees, flags for linear models and networks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from nextbest.models.propensity.core.columns import Column, Encoder, Floats32
from nextbest.models.propensity.core.examples import Columns, Ints

_MOST_FLAGS: Final = 30
"""A category with at most so many levels is split level by level; others by how frequent a level is."""


@dataclass(frozen=True)
class Rows:
    """Some rows, encoded once; each way to read them is made when a model asks.

    Examples
    --------
    >>> plan = np.array(["basic", "gold"] * 20, dtype=object)
    >>> columns = {"plan": plan, "fee": np.arange(40) % 7.0}
    >>> rows = Rows.of(Encoder.learn(columns), columns)
    >>> rows.split[:2], rows.factor_of_split
    (array([[1., 0., 0., 0.], [0., 1., 0., 1.]], dtype=float32), array([0, 0, 0, 1]))
    """

    encoder: Encoder
    matrix: Floats32
    """Shape (n, n_factors)."""

    @classmethod
    def of(cls, encoder: Encoder, columns: Columns) -> Self:
        """Encode raw columns."""
        return cls(encoder, encoder.matrix(columns))

    def __len__(self) -> int:
        return len(self.matrix)

    def take(self, rows: NDArray[Any] | slice) -> Self:
        """Give some of the rows."""
        return type(self)(self.encoder, self.matrix[rows])

    @cached_property
    def flags(self) -> sp.csr_matrix:
        """Scaled numbers, bins, levels and flags of what is missing; shape (n, n_flags)."""
        return self.encoder.flags(self.matrix)

    @cached_property
    def split(self) -> Floats32:
        """Numbers as they are, small categories as one flag per level, large ones as the place among their levels."""
        if not any(_is_flagged(column) for column in self.encoder.used):
            return self.matrix
        return np.concatenate(
            [_split(column, self.matrix[:, place]) for place, column in enumerate(self.encoder.used)], axis=1
        )

    @property
    def factor_of_split(self) -> Ints:
        """Which factor each column of :attr:`split` belongs to."""
        widths = [len(column.levels) + 1 if _is_flagged(column) else 1 for column in self.encoder.used]
        return np.repeat(np.arange(len(widths)), widths).astype(np.int64)


def _is_flagged(column: Column) -> bool:
    return column.kind == "category" and len(column.levels) <= _MOST_FLAGS


def _split(column: Column, codes: Floats32) -> Floats32:
    if not _is_flagged(column):
        return codes[:, None]
    levels = np.arange(len(column.levels) + 1, dtype=np.float32)
    return np.asarray(codes[:, None] == levels, dtype=np.float32)
