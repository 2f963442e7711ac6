"""Terms to lazy Ibis expressions."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

import ibis
import ibis.expr.types as ir

from nextbest.base.contract import Kind
from nextbest.base.expressions.nodes import Constant, Term


def kinds(table: ir.Table) -> dict[str, Kind]:
    """Name the kinds of a table's columns; columns of other types (lists, structs) are left out."""
    found = ((name, _kind(dtype)) for name, dtype in table.schema().items())
    return {name: kind for name, kind in found if kind is not None}


def _kind(dtype: Any) -> Kind | None:
    tests: tuple[tuple[Kind, bool], ...] = (
        ("money", dtype.is_decimal() and bool(dtype.scale)),
        ("float64", dtype.is_floating() or dtype.is_decimal()),
        ("int64", dtype.is_integer()),
        ("string", dtype.is_string()),
        ("boolean", dtype.is_boolean()),
        ("date", dtype.is_date()),
        ("timestamp", dtype.is_timestamp()),
    )
    return next((kind for kind, holds in tests if holds), None)


def to_ibis(term: Term, table: ir.Table) -> Any:
    """Compile a term over a table's columns."""
    match term.function:
        case "literal":
            return _literal(term.value)
        case "column":
            return _column(term, table)
    arguments = [to_ibis(argument, table) for argument in term.arguments]
    if term.value is not None:
        return _OPERATIONS[term.function](*arguments, term.value)
    return _OPERATIONS[term.function](*arguments)


def _literal(value: Any) -> Any:
    """Spell floats as text: engines read a bare 0.1 as a decimal and round it twice."""
    return ibis.literal(repr(value)).cast("float64") if isinstance(value, float) else ibis.literal(value)


def _column(term: Term, table: ir.Table) -> Any:
    column = table[str(term.value)]
    match term.kind:
        case "float64" | "money":
            return column.cast("float64") if column.type().is_decimal() else _finite(column.cast("float64"))
        case "int64" | "timestamp":
            return column.cast(term.kind)
    return column


def _finite(value: Any) -> Any:
    return (value.isnan() | value.isinf()).ifelse(ibis.null("float64"), value)


def _balanced(join: Callable[[Any, Any], Any], *parts: Any) -> Any:
    """Join many conditions as a tree of logarithmic depth: engines limit how deep an expression may be."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return join(_balanced(join, *parts[:middle]), _balanced(join, *parts[middle:]))


def _one_of(value: Any, choices: Sequence[Constant]) -> Any:
    return value.isin([_literal(choice) for choice in choices])


_OPERATIONS: Final[dict[str, Callable[..., Any]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "and": functools.partial(_balanced, operator.and_),
    "or": functools.partial(_balanced, operator.or_),
    "not": operator.invert,
    "is null": lambda value: value.isnull(),
    "is not null": lambda value: value.notnull(),
    "in": _one_of,
    "like": lambda text, like: text.like(like),
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda left, right: left / right.nullif(0.0),
    "negate": operator.neg,
    "number": lambda whole: whole.cast("float64"),
    "money": lambda number: number.round(4),
    "finite": _finite,
    "day_of": lambda instant: instant.date(),
    "lower": lambda text: text.lower(),
    "upper": lambda text: text.upper(),
    "length": lambda text: text.length().cast("int64"),
    "contains": lambda text, part: text.contains(part),
    "starts_with": lambda text, part: text.startswith(part),
    "year": lambda day: day.year().cast("int64"),
    "month": lambda day: day.month().cast("int64"),
    "day": lambda day: day.day().cast("int64"),
    "weekday": lambda day: day.day_of_week.index().cast("int64") + 1,
    "days_between": lambda start, end: end.delta(start, unit="day").cast("int64"),
}
