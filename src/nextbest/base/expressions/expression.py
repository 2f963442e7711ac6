"""An expression: what somebody typed, ready to be checked and run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nextbest.base.contract import Kind
from nextbest.base.errors import ExpressionError
from nextbest.base.expressions.check import resolve
from nextbest.base.expressions.nodes import Call, Name, Node
from nextbest.base.expressions.parser import parse_tree

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    from numpy.typing import ArrayLike


def parse(text: str) -> Expression:
    """Parse an expression.

    Raises
    ------
    ExpressionError
        With the place where it stops making sense, what was expected and what stands there.

    Examples
    --------
    >>> parse("n_orders >= 3 and lower(place) in ('york', 'leeds')").columns
    ('n_orders', 'place')
    """
    return Expression(text, parse_tree(text))


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition or a value over the columns of a table."""

    text: str
    """As it was typed."""
    _tree: Node = field(repr=False, compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns it uses, in the order they first appear."""
        return tuple(dict.fromkeys(_names(self._tree)))

    def check(self, schema: Mapping[str, Kind], expected: Kind | None = None) -> Kind:
        """Check it against a table's columns.

        Parameters
        ----------
        schema
            Kind of each column.
        expected
            What the result must be; ``boolean`` for a condition. ``None``: anything.

        Returns
        -------
        Kind of the result.

        Raises
        ------
        ExpressionError
            For an unknown column or function, and where kinds do not fit.

        Examples
        --------
        >>> parse("price * 2").check({"price": "money"})
        'money'
        >>> parse("prise > 2").check({"price": "money"})
        Traceback (most recent call last):
        nextbest.base.errors.ExpressionError: Position 1: there is no column "prise". Did you mean "price"?
        """
        kind = resolve(self._tree, schema).kind
        if expected is not None and kind != expected:
            raise ExpressionError(
                "expressions.result",
                text=self.text[:80],
                expected=f"expressions.kind.{expected}",
                got=f"expressions.kind.{kind}",
            )
        return kind

    def to_ibis(self, table: ir.Table) -> Any:
        """Compile it, lazily, over an Ibis table.

        Examples
        --------
        >>> import ibis
        >>> orders = ibis.table({"order_id": "string", "revenue": "decimal(18, 4)"}, name="orders")
        >>> orders.filter(parse("revenue > 100").to_ibis(orders)).columns
        ('order_id', 'revenue')
        """
        from nextbest.base.expressions.ibis_terms import kinds, to_ibis

        return to_ibis(resolve(self._tree, kinds(table)), table)

    def to_numpy(
        self, columns: Mapping[str, ArrayLike], schema: Mapping[str, Kind]
    ) -> np.ma.MaskedArray[Any, Any]:
        """Evaluate it on arrays, as an engine would on the same rows.

        Parameters
        ----------
        columns
            Arrays of one length. Masked, ``None``, NaN, infinite and NaT are null.
        schema
            Kind of each column.

        Returns
        -------
        One value per row, masked where it is null; ``.filled(False)`` says which rows a condition keeps.

        Examples
        --------
        >>> parse("n > 1 or vip").to_numpy({"n": [1, 2], "vip": [None, False]}, {"n": "int64", "vip": "boolean"})
        masked_array(data=[--, True], mask=[ True, False], fill_value=True)
        """
        return self.compiled(schema)(columns)

    def compiled(
        self, schema: Mapping[str, Kind]
    ) -> Callable[[Mapping[str, ArrayLike]], np.ma.MaskedArray[Any, Any]]:
        """Check it once, to be evaluated on arrays many times, as :meth:`to_numpy` does.

        Examples
        --------
        >>> keeps = parse("n > 1").compiled({"n": "int64"})
        >>> keeps({"n": [1, 2]}).tolist(), keeps({"n": [3]}).tolist()
        ([False, True], [True])
        """
        from nextbest.base.expressions.numpy_terms import to_numpy

        return functools.partial(to_numpy, resolve(self._tree, schema))


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, Name):
        yield node.name
    elif isinstance(node, Call):
        for argument in node.arguments:
            yield from _names(argument)
