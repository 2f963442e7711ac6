"""Tree to terms: every name is known, every kind fits, every conversion is spelt out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Final

from nextbest.base.contract import Kind
from nextbest.base.errors import ExpressionError
from nextbest.base.expressions.nodes import Call, Constant, Literal, Name, Node, Term
from nextbest.base.expressions.patterns import lower

_NUMBERS: Final = ("int64", "float64", "money")
_DAYS: Final = ("date", "timestamp")
_KINDS: Final[dict[type, Kind]] = {
    bool: "boolean",
    int: "int64",
    float: "float64",
    str: "string",
    date: "date",
    datetime: "timestamp",
}
_ARITHMETIC: Final = ("+", "-", "*", "/", "negate")
_ORDERINGS: Final = ("<", "<=", ">", ">=", "between")
_COMPARISONS: Final = ("=", "<>", *_ORDERINGS)
_MAX_DIVISORS: Final = 4
"""Divisions below one another's line: each doubles the query, for it is asked twice whether it is 0."""

_FUNCTIONS: Final[dict[str, tuple[tuple[Kind, ...], Kind]]] = {
    "lower": (("string",), "string"),
    "upper": (("string",), "string"),
    "length": (("string",), "int64"),
    "contains": (("string", "string"), "boolean"),
    "starts_with": (("string", "string"), "boolean"),
    "year": (("date",), "int64"),
    "month": (("date",), "int64"),
    "day": (("date",), "int64"),
    "weekday": (("date",), "int64"),
    "days_between": (("date", "date"), "int64"),
}
"""Name: what it takes, what it gives."""


def resolve(node: Node, schema: Mapping[str, Kind]) -> Term:
    """Understand a tree as a condition or a value over columns of these kinds."""
    term = _resolve(node, schema)
    return Term(term.kind, "finite", (term,)) if term.function in (*_ARITHMETIC, "money") else term


def _resolve(node: Node, schema: Mapping[str, Kind]) -> Term:
    """Understand a tree; arithmetic may still overflow to infinity, which the outermost ``finite`` makes null."""
    match node:
        case Literal():
            return _constant(node)
        case Name():
            return _column(node, schema)
    if node.function in _ARITHMETIC:
        return _arithmetic(node, [_resolve(argument, schema) for argument in node.arguments])
    terms = [resolve(argument, schema) for argument in node.arguments]
    return _OPERATORS.get(node.function, _function)(node, terms)


def _constant(node: Literal) -> Term:
    if node.value is None:
        raise ExpressionError("expressions.null_value", at=node.at)
    return literal(node.value)


def literal(value: Constant) -> Term:
    """Make a term of a constant."""
    return Term(_KINDS[type(value)], "literal", value=value)


def _column(node: Name, schema: Mapping[str, Kind]) -> Term:
    if node.name in schema:
        return Term(schema[node.name], "column", value=node.name)
    near = _near(node.name, schema)
    if near is not None:
        raise ExpressionError("expressions.unknown_column_near", at=node.at, name=node.name, near=near)
    code = "expressions.unknown_column_quoted" if node.is_quoted else "expressions.unknown_column"
    raise ExpressionError(code, at=node.at, name=node.name, known=sorted(schema))


def _near(name: str, known: Mapping[str, object]) -> str | None:
    folded = {one.casefold(): one for one in sorted(known)}
    found = get_close_matches(name.casefold(), list(folded), n=1)
    return folded[found[0]] if found else None


def _arithmetic(node: Call, terms: list[Term]) -> Term:
    """Compute in float64; money stays money, exact to its four decimals, until it is divided by money."""
    if any(term.kind not in _NUMBERS for term in terms):
        raise _misfit("expressions.not_numbers", node, terms)
    result = Term("float64", node.function, tuple(_number(term) for term in terms))
    if _divisors(result) > _MAX_DIVISORS:
        raise ExpressionError("expressions.too_deep", at=node.at, most=_MAX_DIVISORS)
    n_money = sum(term.kind == "money" for term in terms)
    is_share = node.function == "/" and terms[1].kind == "money"
    is_square = node.function == "*" and n_money == len(terms)
    return result if n_money == 0 or is_share or is_square else Term("money", "money", (result,))


def _divisors(term: Term) -> int:
    levels = [_divisors(argument) for argument in term.arguments]
    if term.function == "/":
        levels[1] += 1
    return max(levels, default=0)


def _number(term: Term) -> Term:
    return Term("float64", "number", (term,)) if term.kind == "int64" else term


def _presence(node: Call, terms: list[Term]) -> Term:
    return Term("boolean", node.function, tuple(terms))


def _logic(node: Call, terms: list[Term]) -> Term:
    for term, argument in zip(terms, node.arguments, strict=True):
        if term.kind != "boolean":
            raise ExpressionError(
                "expressions.not_a_condition", at=argument.at, operator=node.function, kind=_word(term)
            )
    return Term("boolean", node.function, tuple(terms))


def _comparison(node: Call, terms: list[Term]) -> Term:
    subject, *others = terms
    if node.function in _ORDERINGS and subject.kind == "boolean":
        raise _misfit("expressions.not_ordered", node, terms)
    pairs = [_alike(node, subject, other) for other in others]
    if node.function == "between":
        low, high = (Term("boolean", sign, pair) for sign, pair in zip((">=", "<="), pairs, strict=True))
        return Term("boolean", "and", (low, high))
    return Term("boolean", node.function, pairs[0])


def _one_of(node: Call, terms: list[Term]) -> Term:
    """Compare with a list; days and instants, whole and broken numbers in one list become a list each."""
    subject, *others = terms
    lists: dict[Term, list[Constant]] = {}
    for other, argument in zip(others, node.arguments[1:], strict=True):
        if not isinstance(argument, Literal):
            raise ExpressionError("expressions.not_a_literal", at=argument.at, operator=node.function)
        left, right = _alike(node, subject, other)
        lists.setdefault(left, []).append(_value(right))
    choices = tuple(Term("boolean", "in", (left,), value=tuple(values)) for left, values in lists.items())
    return choices[0] if len(choices) == 1 else Term("boolean", "or", choices)


def _value(term: Term) -> Constant:
    if term.function == "number":
        return float(term.arguments[0].value)  # type: ignore[arg-type]
    return term.value  # type: ignore[return-value]


def _alike(node: Call, left: Term, right: Term) -> tuple[Term, Term]:
    """Bring two terms to one kind, or refuse."""
    left, right = _dated(node, left, right), _dated(node, right, left)
    if left.kind == right.kind:
        return left, right
    if left.kind in _NUMBERS and right.kind in _NUMBERS:
        return _number(left), _number(right)
    if left.kind in _DAYS and right.kind in _DAYS:
        return _day(left), _day(right)
    raise _misfit("expressions.not_comparable", node, [left, right])


def _dated(node: Call, term: Term, other: Term) -> Term:
    """Read a text as the day or instant it is compared with."""
    if term.function == "literal" and isinstance(term.value, str) and other.kind in _DAYS:
        return _moment(term.value, other.kind, node.at)
    return term


def _moment(text: str, kind: Kind, at: int) -> Term:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return literal(date.fromisoformat(text))
        if kind == "timestamp" and re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}", text):
            instant = datetime.fromisoformat(text)
            return literal(instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant)
    except (ValueError, OverflowError):
        pass
    code = "expressions.not_a_date" if kind == "date" else "expressions.not_a_timestamp"
    raise ExpressionError(code, at=at, got=text[:40])


def _day(term: Term) -> Term:
    return Term("date", "day_of", (term,)) if term.kind == "timestamp" else term


def _like(node: Call, terms: list[Term]) -> Term:
    if any(term.kind != "string" for term in terms):
        raise _misfit("expressions.not_texts", node, terms)
    subject, like = terms
    if not isinstance(like.value, str) or like.function != "literal":
        raise ExpressionError("expressions.not_a_literal", at=node.arguments[1].at, operator=node.function)
    if node.function == "ilike":
        return Term("boolean", "like", (Term("string", "lower", (subject,)),), value=lower(like.value))
    return Term("boolean", "like", (subject,), value=like.value)


def _function(node: Call, terms: list[Term]) -> Term:
    if node.function not in _FUNCTIONS:
        near = _near(node.function, _FUNCTIONS)
        code = "expressions.unknown_function" if near is None else "expressions.unknown_function_near"
        raise ExpressionError(code, at=node.at, name=node.function, near=near, known=sorted(_FUNCTIONS))
    expected, kind = _FUNCTIONS[node.function]
    if len(terms) != len(expected):
        raise ExpressionError(
            "expressions.arity", at=node.at, name=node.function, n=len(expected), got=len(terms)
        )
    places = zip(terms, expected, node.arguments, strict=True)
    return Term(kind, node.function, tuple(_argument(node, *place) for place in places))


def _argument(node: Call, term: Term, kind: Kind, argument: Node) -> Term:
    if kind == "date":
        if term.function == "literal" and isinstance(term.value, str):
            return _moment(term.value, "date", argument.at)
        term = _day(term)
    if term.kind != kind:
        raise ExpressionError(
            "expressions.argument",
            at=argument.at,
            name=node.function,
            expected=f"expressions.kind.{kind}",
            got=_word(term),
        )
    return term


_OPERATORS: Final[dict[str, Callable[[Call, list[Term]], Term]]] = {
    **dict.fromkeys(("and", "or", "not"), _logic),
    **dict.fromkeys(("is null", "is not null"), _presence),
    **dict.fromkeys(("like", "ilike"), _like),
    **dict.fromkeys(_COMPARISONS, _comparison),
    "in": _one_of,
}


def _misfit(code: str, node: Call, terms: list[Term]) -> ExpressionError:
    operator = "-" if node.function == "negate" else node.function
    return ExpressionError(code, at=node.at, operator=operator, left=_word(terms[0]), right=_word(terms[-1]))


def _word(term: Term) -> str:
    return f"expressions.kind.{term.kind}"
