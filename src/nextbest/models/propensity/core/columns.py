"""Columns: what each one is, learnt once on the training rows, and how any row is written for a model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from nextbest.base.errors import DataError
from nextbest.models.propensity.core.examples import Columns, Floats, Ints
from nextbest.models.propensity.core.values import Levels, dates_as, numbers_as, read_dates, read_numbers

ColumnKind = Literal["number", "category", "date", "constant", "id", "text", "empty"]
Floats32 = NDArray[np.float32]
_FEWEST: Final = 10
"""A level that fewer training rows have is written as ``other``."""
_MOST_LEVELS: Final = 2000
_FEWEST_IN_BIN: Final = 20
_FEW_VALUES: Final = 15
_BINS: Final = 10
_FEWEST_IDS: Final = 20
_DISTINCT_IDS: Final = 0.95
_DISTINCT_TEXTS: Final = 0.5
_WORDS: Final = 4
_SURELY_IDS: Final = 200
_LARGEST: Final = 1e30


@dataclass(frozen=True, slots=True)
class Column:
    """What one column is and how it is written; numbers are in the column's own unit, dates in days before ``reference``."""

    name: str
    kind: ColumnKind
    left_out: str | None = None
    """Why it is not used: constant, id, text, empty, excluded or leak."""
    form: str = "plain"
    """How numbers or dates are written."""
    reference: float = 0.0
    """Newest day of a date, days since 1970."""
    levels: tuple[str, ...] = ()
    """Of a category, most frequent first."""
    edges: tuple[float, ...] = ()
    """Of a number's bins."""
    low: float = 0.0
    """First percentile: the scaled number does not go below."""
    high: float = 0.0
    centre: float = 0.0
    spread: float = 1.0
    least: float = 0.0
    """Smallest finite value; stands for minus infinity."""
    most: float = 0.0

    @property
    def width(self) -> int:
        """Number of one-hot columns: a category's levels, other and missing; a number's scaled value, bins and missing."""
        return len(self.levels) + 2 if self.kind == "category" else len(self.edges) + 3

    def read(self, values: NDArray[Any]) -> Floats:
        """Turn raw values into numbers: a category's level, most frequent 0, NaN where missing."""
        if self.kind == "category":
            return self._codes(values)
        if values.dtype.kind != "f":
            levels = Levels(values)
            values = levels.spread(_parsed(levels.names, self.kind, self.form))
        elif self.kind == "date":
            values = np.full(len(values), np.nan)
        own = self.reference - values if self.kind == "date" else values.astype(np.float64)
        return np.clip(own, self.least, self.most)

    def _codes(self, values: NDArray[Any]) -> Floats:
        place = {level: at for at, level in enumerate(self.levels)}
        levels = Levels(values)
        codes = [place.get(name.casefold(), len(place)) for name in levels.names]
        return levels.spread(np.array(codes, dtype=np.float64))

    def one_hot(self, own: Floats) -> sp.csr_matrix:
        """Write what :meth:`read` gave as columns between 0 and 1, and the scaled number."""
        if self.kind == "category":
            return _flags(self._place(own), self.width)
        scaled = sp.csr_matrix(self._scaled(own).reshape(len(own), 1))
        return sp.hstack([scaled, _flags(self._place(own), self.width - 1)], format="csr")

    def weigh(self, own: Floats, weights: Floats) -> Floats:
        """Give ``one_hot(own) @ weights`` without writing the flags down.

        Examples
        --------
        >>> fee = Column("fee", "number", edges=(2.0,), low=0.0, high=4.0)
        >>> own, weights = np.array([1.0, 3.0, np.nan]), np.array([0.5, 10.0, 20.0, 30.0])
        >>> fee.weigh(own, weights), fee.one_hot(own) @ weights
        (array([10.5, 21.5, 30. ]), array([10.5, 21.5, 30. ]))
        """
        place = self._place(own).astype(np.int64)
        if self.kind == "category":
            return np.asarray(weights[place])
        return np.asarray(self._scaled(own) * weights[0] + weights[1:][place])

    def _place(self, own: Floats) -> Floats:
        """Give the flag of each row."""
        is_missing = np.isnan(own)
        if self.kind == "category":
            return np.where(is_missing, self.width - 1, own)
        return np.where(is_missing, self.width - 2, np.searchsorted(self.edges, own, side="right"))

    def _scaled(self, own: Floats) -> Floats:
        known = np.where(np.isnan(own), self.centre, own)
        return np.asarray((np.clip(known, self.low, self.high) - self.centre) / self.spread)


def _flags(place: Floats, width: int) -> sp.csr_matrix:
    n = len(place)
    return sp.csr_matrix((np.ones(n), place.astype(np.int64), np.arange(n + 1)), shape=(n, width))


def _parsed(names: list[str], kind: str, form: str) -> Floats:
    return dates_as(names, form) if kind == "date" else numbers_as(names, form)


@dataclass(frozen=True, slots=True)
class Encoder:
    """Every column of the training rows, used or left out.

    Examples
    --------
    >>> plan = np.array(["basic", "gold"] * 20, dtype=object)
    >>> encoder = Encoder.learn({"plan": plan, "fee": np.arange(40) % 7.0, "shop": np.array(["x"] * 40, dtype=object)})
    >>> {column.name: column.left_out or column.kind for column in encoder.columns}
    {'plan': 'category', 'fee': 'number', 'shop': 'constant'}
    >>> encoder.matrix({"plan": np.array(["GOLD", "new"], dtype=object), "fee": np.array([3.0, np.nan])})
    array([[ 1.,  3.],
           [ 2., nan]], dtype=float32)
    """

    columns: tuple[Column, ...]

    @classmethod
    def learn(cls, columns: Columns, exclude: Collection[str] = ()) -> Self:
        """Decide from training rows what each column is."""
        return cls(
            tuple(
                Column(name, "text", "excluded") if name in exclude else _learn(name, values)
                for name, values in columns.items()
            )
        )

    @property
    def used(self) -> tuple[Column, ...]:
        """Columns that a model sees."""
        return tuple(column for column in self.columns if column.left_out is None)

    @property
    def factors(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(column.name for column in self.used)

    def without(self, reasons: Mapping[str, str]) -> Self:
        """Leave out more columns, each with its reason."""
        return replace(
            self,
            columns=tuple(
                replace(column, left_out=reasons[column.name]) if column.name in reasons else column
                for column in self.columns
            ),
        )

    def read(self, columns: Columns) -> dict[str, Floats]:
        """Turn the used columns of any rows into numbers, as training decided.

        Raises
        ------
        DataError
            A used column is missing.
        """
        missing = [name for name in self.factors if name not in columns]
        if missing:
            raise DataError("propensity.column_missing", columns=missing, got=sorted(columns))
        return {column.name: column.read(columns[column.name]) for column in self.used}

    def matrix(self, columns: Columns) -> Floats32:
        """Write rows for trees: one number per used column, NaN where missing; shape (n, n_factors)."""
        read = self.read(columns)
        n = len(next(iter(read.values()), ()))
        matrix = np.empty((n, len(read)), dtype=np.float32)
        for place, values in enumerate(read.values()):
            matrix[:, place] = values
        return matrix

    def one_hot(self, columns: Columns) -> sp.csr_matrix:
        """Write rows for linear models and networks: scaled numbers, their bins, levels, and flags of what is missing."""
        return self.flags(self.matrix(columns))

    def flags(self, matrix: NDArray[Any]) -> sp.csr_matrix:
        """Turn what :meth:`matrix` gave into what :meth:`one_hot` gives."""
        parts = [
            column.one_hot(matrix[:, place].astype(np.float64)) for place, column in enumerate(self.used)
        ]
        return sp.hstack(parts, format="csr") if parts else sp.csr_matrix((len(matrix), 0))


def _learn(name: str, values: NDArray[Any]) -> Column:
    if values.dtype.kind == "f":
        return _learn_number(name, values.astype(np.float64), "plain")
    levels = Levels(values)
    counts = levels.counts
    if not levels.names:
        return Column(name, "empty", "empty")
    if len(levels.names) == 1:
        return (
            _learn_category(name, levels)
            if (levels.of_row < 0).any()
            else Column(name, "constant", "constant")
        )
    numbers = read_numbers(levels.names, counts)
    if numbers:
        return _learn_number(name, levels.spread(numbers[1]), numbers[0])
    dates = read_dates(levels.names, counts)
    if dates:
        return _learn_date(name, levels.spread(dates[1]), dates[0])
    return _learn_text(name, levels)


def _learn_number(name: str, values: Floats, form: str) -> Column:
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return Column(name, "empty", "empty")
    distinct = known[np.append(True, known[1:] != known[:-1])]
    if len(distinct) == 1 and len(known) == len(values):
        return Column(name, "constant", "constant")
    if _numbers_rows(known, distinct):
        return Column(name, "id", "id")
    return _describe(Column(name, "number", form=form), known)


def _describe(column: Column, known: Floats) -> Column:
    """Note range, bins and scale of a number."""
    finite = known[np.abs(known) < _LARGEST]
    if not len(finite):
        return replace(column, kind="constant", left_out="constant")
    low, high = (float(end) for end in np.quantile(finite, [0.01, 0.99], method="nearest"))
    if low == high:
        low, high = float(finite[0]), float(finite[-1])
    inner = np.clip(finite, low, high)
    return replace(
        column,
        edges=_edges(*np.unique(finite, return_counts=True)),
        low=low,
        high=high,
        centre=float(inner.mean()),
        spread=float(inner.std()) or 1.0,
        least=float(finite[0]),
        most=float(finite[-1]),
    )


def _numbers_rows(known: Floats, distinct: Floats) -> bool:
    """Tell whether whole numbers never come twice: amounts and counts do."""
    if len(distinct) < len(known) or len(known) < _FEWEST_IDS or not np.isfinite(known).all():
        return False
    if not (known == np.floor(known)).all():
        return False
    return len(known) >= _SURELY_IDS or known[-1] - known[0] == len(known) - 1


def _edges(distinct: Floats, counts: Ints) -> tuple[float, ...]:
    """Cut a number into bins of enough rows: between its values when they are few, else at tenths."""
    total = counts.cumsum()
    if len(distinct) <= _FEW_VALUES:
        cuts = np.arange(len(distinct) - 1)
    else:
        cuts = np.unique(np.searchsorted(total, total[-1] * np.arange(1, _BINS) / _BINS))
    edges, below = [], 0
    for cut in cuts:
        if cut + 1 < len(distinct) and min(total[cut] - below, total[-1] - total[cut]) >= _FEWEST_IN_BIN:
            edges.append(float(distinct[cut + 1]))
            below = int(total[cut])
    return tuple(edges)


def _learn_date(name: str, days: Floats, form: str) -> Column:
    reference = float(np.nanmax(days))
    ages = np.sort(reference - days[~np.isnan(days)])
    described = _describe(Column(name, "date", form=form, reference=reference), ages)
    return replace(described, least=-_LARGEST, most=_LARGEST)


def _learn_text(name: str, levels: Levels) -> Column:
    n_known = int((levels.of_row >= 0).sum())
    share = len(levels.names) / n_known
    words = float(np.mean([len(level.split()) for level in levels.names[:1000]]))
    if n_known >= _FEWEST_IDS and words >= _WORDS and share > _DISTINCT_TEXTS:
        return Column(name, "text", "text")
    if n_known >= _FEWEST_IDS and share > _DISTINCT_IDS:
        return Column(name, "id", "id")
    return _learn_category(name, levels)


def _learn_category(name: str, levels: Levels) -> Column:
    """Keep the levels that enough rows have; two spellings that differ in case are one."""
    rows: dict[str, int] = {}
    for level, n in zip(levels.names, levels.counts.tolist(), strict=True):
        rows[level.casefold()] = rows.get(level.casefold(), 0) + n
    frequent = sorted(rows.items(), key=lambda item: (-item[1], item[0]))[:_MOST_LEVELS]
    fewest = min(_FEWEST, frequent[0][1])
    return Column(name, "category", levels=tuple(level for level, n in frequent if n >= fewest))
