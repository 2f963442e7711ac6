"""The two trees of an expression: as it was typed, and as it is understood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from nextbest.base.contract import Kind

MAX_LENGTH = 100_000
"""Characters of an expression."""
MAX_DEPTH = 50
"""Brackets and operations inside one another."""

Constant = bool | int | float | str | date | datetime
"""What a literal can stand for."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, true, false or null."""

    value: bool | float | str | None
    at: int
    """Place of the first character, counted from 1; so in every node."""
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Name:
    """A column."""

    name: str
    at: int
    is_quoted: bool = False
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function and what it works on."""

    function: str
    arguments: tuple[Node, ...]
    at: int
    depth: int


Node = Literal | Name | Call


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a checked expression: its kind is known, every conversion is spelt out."""

    kind: Kind
    function: str
    """``literal``, ``column``, or an operation that both compilers know."""
    arguments: tuple[Term, ...] = ()
    value: Constant | tuple[Constant, ...] | None = None
    """Of a literal; a column's name; the pattern of ``like``; the list of ``in``."""
