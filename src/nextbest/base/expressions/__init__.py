"""The one language of conditions that people type: parsed, checked against a table, run on an engine or on arrays.

``show --where``, ``run --where``, segments, tags and filters all use it; docs/expressions.md teaches it.
Our own small parser rather than lark or sqlglot: nothing to import (sqlglot costs 80 ms), every error has a position.
"""

from nextbest.base.expressions.expression import Expression, parse

__all__ = ["Expression", "parse"]
