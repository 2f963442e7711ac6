"""Terms to numpy arrays, with SQL's three-valued logic."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nextbest.base.contract import Kind
from nextbest.base.expressions.nodes import Term
from nextbest.base.expressions.patterns import lower, pattern, upper

_DTYPES: Final[dict[Kind, tuple[str, Any]]] = {
    "string": ("O", ""),
    "int64": ("int64", 0),
    "float64": ("float64", 0.0),
    "money": ("float64", 0.0),
    "boolean": ("bool", False),
    "date": ("datetime64[D]", np.datetime64(0, "D")),
    "timestamp": ("datetime64[us]", np.datetime64(0, "us")),
}
"""How a kind is held, and what stands in a null's place."""


class _Values(NamedTuple):
    data: NDArray[Any]
    is_null: NDArray[np.bool_]


def to_numpy(term: Term, columns: Mapping[str, ArrayLike]) -> np.ma.MaskedArray[Any, Any]:
    """Evaluate a term on columns of one length; null is masked."""
    n_rows = next((len(np.ma.getdata(values)) for values in columns.values()), 1)
    with np.errstate(all="ignore"):
        data, is_null = _evaluate(term, columns)
    shape = (n_rows,)
    return np.ma.MaskedArray(np.broadcast_to(data, shape).copy(), np.broadcast_to(is_null, shape).copy())


def _evaluate(term: Term, columns: Mapping[str, ArrayLike]) -> _Values:
    match term.function:
        case "literal":
            dtype, _ = _DTYPES[term.kind]
            return _Values(np.asarray(term.value, dtype), np.asarray(False))
        case "column":
            return _column(columns[str(term.value)], term.kind)
    arguments = [_evaluate(argument, columns) for argument in term.arguments]
    if term.function in _NULL_AWARE:
        return _NULL_AWARE[term.function](*arguments)
    extra = () if term.value is None else (term.value,)
    data = _STRICT[term.function](*(argument.data for argument in arguments), *extra)
    return _Values(np.asarray(data), _any([argument.is_null for argument in arguments]))


def _column(values: ArrayLike, kind: Kind) -> _Values:
    """Bring an array to its kind; masked, None, NaN, infinite and NaT are null."""
    dtype, filler = _DTYPES[kind]
    is_null = np.ma.getmaskarray(np.ma.asarray(values))
    data = np.asarray(np.ma.getdata(values))
    if data.dtype.kind in "OfmM":
        is_null = is_null | _is_missing(data).astype("bool")
    data = np.where(is_null, filler if data.dtype.kind == "O" else np.zeros((), data.dtype), data).astype(
        dtype
    )
    return _finite(_Values(data, is_null)) if dtype == "float64" else _Values(data, is_null)


def _missing(value: Any) -> bool:
    return value is None or value != value  # noqa: PLR0124 - only NaN and NaT differ from themselves


_is_missing: Final = np.frompyfunc(_missing, 1, 1)


def _finite(values: _Values) -> _Values:
    is_null = values.is_null | ~np.isfinite(values.data)
    return _Values(np.where(is_null, 0.0, values.data), is_null)


def _any(masks: Sequence[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    return np.asarray(np.logical_or.reduce(np.broadcast_arrays(*masks)))


def _and(*parts: _Values) -> _Values:
    """Join as Kleene does: false if any is false, else null if any is null."""
    is_false = _any([~part.data & ~part.is_null for part in parts])
    is_null = ~is_false & _any([part.is_null for part in parts])
    return _Values(~is_false & ~is_null, is_null)


def _or(*parts: _Values) -> _Values:
    """Apply De Morgan's law to ``_and``."""
    neither = _and(*(_Values(~part.data, part.is_null) for part in parts))
    return _Values(~neither.data & ~neither.is_null, neither.is_null)


def _divide(left: _Values, right: _Values) -> _Values:
    is_null = left.is_null | right.is_null | (right.data == 0)
    return _Values(left.data / np.where(is_null, 1.0, right.data), is_null)


def _money(number: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to four decimals, halves away from 0, as engines do."""
    scaled = number * 1e4
    whole = np.trunc(scaled)
    away = np.copysign(np.trunc(2 * np.abs(scaled - whole)), scaled)
    rounded = (whole + away) / 1e4
    return np.where(np.isfinite(rounded), rounded, number)


def _each(function: Callable[..., Any], dtype: str) -> Callable[..., NDArray[Any]]:
    def apply(*arrays: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.frompyfunc(function, len(arrays), 1)(*arrays)).astype(dtype)

    return apply


def _one_of(data: NDArray[Any], choices: Sequence[Any]) -> NDArray[np.bool_]:
    known = frozenset(choices)
    if data.dtype.kind == "O":
        return _each(known.__contains__, "bool")(data)
    return np.isin(data, np.asarray(choices, data.dtype))


def _like(data: NDArray[Any], like: str) -> NDArray[np.bool_]:
    fullmatch = pattern(like).fullmatch
    return _each(lambda text: fullmatch(text) is not None, "bool")(data)


def _part(unit: str, start: int) -> Callable[[NDArray[Any]], NDArray[np.int64]]:
    """Count units of a day since the larger unit that holds it began."""
    larger = {"M": "Y", "D": "M"}[unit]
    return lambda day: (
        (
            day.astype(f"datetime64[{unit}]")
            - day.astype(f"datetime64[{larger}]").astype(f"datetime64[{unit}]")
        ).astype("int64")
        + start
    )


_STRICT: Final[dict[str, Callable[..., Any]]] = {
    "=": np.equal,
    "<>": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "not": np.logical_not,
    "in": _one_of,
    "like": _like,
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "negate": np.negative,
    "number": lambda whole: whole.astype("float64"),
    "money": _money,
    "day_of": lambda instant: instant.astype("datetime64[D]"),
    "lower": _each(lower, "O"),
    "upper": _each(upper, "O"),
    "length": _each(len, "int64"),
    "contains": _each(operator.contains, "bool"),
    "starts_with": _each(str.startswith, "bool"),
    "year": lambda day: day.astype("datetime64[Y]").astype("int64") + 1970,
    "month": _part("M", 1),
    "day": _part("D", 1),
    "weekday": lambda day: (day.astype("int64") + 3) % 7 + 1,
    "days_between": lambda start, end: (end - start).astype("int64"),
}
"""Operations that are null where any argument is."""

_NULL_AWARE: Final[dict[str, Callable[..., _Values]]] = {
    "and": _and,
    "or": _or,
    "/": _divide,
    "finite": _finite,
    "is null": lambda value: _Values(value.is_null, np.asarray(False)),
    "is not null": lambda value: _Values(~value.is_null, np.asarray(False)),
}
