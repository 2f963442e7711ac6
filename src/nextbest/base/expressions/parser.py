"""Text to tree, by precedence climbing (Pratt, "Top down operator precedence", POPL 1973)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nextbest.base.errors import ExpressionError
from nextbest.base.expressions.nodes import MAX_DEPTH, MAX_LENGTH, Call, Literal, Name, Node

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<text>'(?:[^']|'')*+')
    | (?P<quoted>"(?:[^"]|"")++"|`[^`]+`)
    | (?P<word>[^\W\d]\w*)
    | (?P<symbol><=|>=|<>|!=|==|[-=<>+*/(),（），＝＜＞＋－＊／])
    | (?P<end>$)
    )""",
    re.VERBOSE,
)
_FULL_WIDTH: Final = str.maketrans("（），＝＜＞＋－＊／", "(),=<>+-*/")
_FORBIDDEN: Final = re.compile("[\x00\ud800-\udfff]")

_COMPARISON: Final = 4
_POWERS: Final = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("=", "<>", "<", "<=", ">", ">=", "in", "between", "like", "ilike", "is", "not"), _COMPARISON),
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
}  # fmt: skip
_NOT_POWER: Final = 3
_MINUS_POWER: Final = 7
_SPELLINGS: Final = {"==": "=", "!=": "<>"}
_KEYWORDS: Final = frozenset(
    ("and", "or", "not", "in", "between", "like", "ilike", "is", "null", "true", "false")
)
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    """``number``, ``text``, ``name``, ``quoted``, ``end``; keywords and symbols are their own kind."""
    text: str
    at: int


def parse_tree(text: str) -> Node:
    """Parse a whole expression; ``ExpressionError`` names the place where it stops making sense."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError("expressions.too_long", n=len(text), most=MAX_LENGTH)
    if not text.strip():
        raise ExpressionError("expressions.empty")
    parser = _Parser(text)
    tree = parser.expression(0)
    if parser.token.kind != "end":
        raise parser.unexpected("expressions.operator_or_end")
    return tree


def _tokens(text: str) -> Iterator[_Token]:
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        raise ExpressionError(
            "expressions.character", at=forbidden.start() + 1, got=repr(forbidden.group())[1:-1]
        )
    place = 0
    while True:
        match = _TOKEN.match(text, place)
        if match is None:
            raise _unreadable(text, place)
        place = match.end()
        yield _token(match)
        if match.lastgroup == "end":
            return


def _token(match: re.Match[str]) -> _Token:
    group = str(match.lastgroup)
    text, at = match.group(group), match.start(group) + 1
    if group == "symbol":
        symbol = text.translate(_FULL_WIDTH)
        return _Token(_SPELLINGS.get(symbol, symbol), text, at)
    if group == "word":
        return _Token(text.lower() if text.lower() in _KEYWORDS else "name", text, at)
    return _Token(group, text, at)


def _unreadable(text: str, place: int) -> ExpressionError:
    at = place + len(text[place:]) - len(text[place:].lstrip())
    code = "expressions.open_quote" if text[at] in "'\"`" else "expressions.character"
    return ExpressionError(code, at=at + 1, got=text[at])


class _Parser:
    """One token ahead over the text."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._open = 0
        self.token = next(self._tokens)

    def expression(self, least_power: int) -> Node:
        """Read operators that bind more tightly than ``least_power``."""
        self._open += 1
        if self._open > MAX_DEPTH:
            raise ExpressionError("expressions.too_deep", at=self.token.at, most=MAX_DEPTH)
        left = self._prefix()
        while (power := _POWERS.get(self.token.kind, 0)) > least_power:
            left = self._infix(left, power)
            if power == _COMPARISON and _POWERS.get(self.token.kind) == _COMPARISON:
                raise self.unexpected("expressions.connective")
        self._open -= 1
        return left

    def unexpected(self, expected: str) -> ExpressionError:
        """Say what should have stood here."""
        if self.token.kind == "end":
            return ExpressionError("expressions.ends", expected=expected)
        return ExpressionError("expressions.syntax", at=self.token.at, expected=expected, got=self.token.text)

    def _next(self) -> _Token:
        token = self.token
        self.token = next(self._tokens, token)
        return token

    def _take(self, kind: str) -> bool:
        found = self.token.kind == kind
        if found:
            self._next()
        return found

    def _expect(self, kind: str, expected: str) -> None:
        if not self._take(kind):
            raise self.unexpected(expected)

    def _prefix(self) -> Node:
        token = self.token
        match token.kind:
            case "number" | "text" | "true" | "false" | "null":
                return _literal(self._next())
            case "quoted":
                self._next()
                quote = token.text[0]
                return Name(token.text[1:-1].replace(quote * 2, quote), token.at, is_quoted=True)
            case "name":
                self._next()
                return self._call(token) if self.token.kind == "(" else Name(token.text, token.at)
            case "(":
                self._next()
                inner = self.expression(0)
                self._expect(")", "expressions.close")
                return inner
            case "not":
                self._next()
                return _call("not", (self.expression(_NOT_POWER),), token.at)
            case "-":
                self._next()
                return _negative(self.expression(_MINUS_POWER), token.at)
        raise self.unexpected("expressions.value")

    def _call(self, name: _Token) -> Node:
        self._next()
        arguments = () if self.token.kind == ")" else tuple(self._list())
        self._expect(")", "expressions.comma_or_close")
        return _call(name.text.lower(), arguments, name.at)

    def _list(self) -> Iterator[Node]:
        yield self.expression(0)
        while self._take(","):
            yield self.expression(0)

    def _infix(self, left: Node, power: int) -> Node:
        token = self._next()
        match token.kind:
            case "and" | "or":
                operands = [left, self.expression(power)]
                while self._take(token.kind):
                    operands.append(self.expression(power))
                return _call(token.kind, tuple(operands), token.at)
            case "is":
                negated = self._take("not")
                self._expect("null", "expressions.null")
                return _call("is not null" if negated else "is null", (left,), token.at)
            case "not":
                if self.token.kind not in ("in", "between", "like", "ilike"):
                    raise self.unexpected("expressions.in_between_like")
                return _call("not", (self._predicate(left, self._next(), power),), token.at)
            case "in" | "between" | "like" | "ilike":
                return self._predicate(left, token, power)
        return _call(token.kind, (left, self.expression(power)), token.at)

    def _predicate(self, left: Node, token: _Token, power: int) -> Node:
        if token.kind == "in":
            self._expect("(", "expressions.open")
            listed = tuple(self._list())
            self._expect(")", "expressions.comma_or_close")
            return _call("in", (left, *listed), token.at)
        right = self.expression(power)
        if token.kind != "between":
            return _call(token.kind, (left, right), token.at)
        self._expect("and", "expressions.and")
        return _call("between", (left, right, self.expression(power)), token.at)


def _call(function: str, arguments: tuple[Node, ...], at: int) -> Call:
    depth = 1 + max((argument.depth for argument in arguments), default=0)
    if depth > MAX_DEPTH:
        raise ExpressionError("expressions.too_deep", at=at, most=MAX_DEPTH)
    return Call(function, arguments, at, depth)


def _negative(operand: Node, at: int) -> Node:
    if isinstance(operand, Literal) and type(operand.value) in (int, float):
        return Literal(-operand.value, at)  # type: ignore[operator]
    return _call("negate", (operand,), at)


def _literal(token: _Token) -> Literal:
    if token.kind in _CONSTANTS:
        return Literal(_CONSTANTS[token.kind], token.at)
    if token.kind == "text":
        return Literal(token.text[1:-1].replace("''", "'"), token.at)
    number = float(token.text)
    if number == float("inf"):
        raise ExpressionError("expressions.too_large", at=token.at, got=token.text[:40])
    is_whole = token.text.isdigit() and number < 2**63
    return Literal(int(token.text) if is_whole else number, token.at)
