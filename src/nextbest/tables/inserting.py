"""Many rows into one table: a hundred a statement, without a dictionary for each.

A driver lets other threads run whenever a statement does; where one of them is busy, each statement waits for its turn. So a
row of its own statement can cost a thousand times its work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple, cast

import sqlalchemy as sa

_AT_ONCE: Final = 100
"""Rows of one statement; databases take no more than 32,766 values."""


class _Statement(NamedTuple):
    text: str
    """Up to the values."""
    values: str
    """Of one row."""
    order: Sequence[str]
    """Columns in the order in which the statement takes their values."""
    changes: Mapping[str, Callable[[Any], Any]]
    """What the driver must be given in place of a column's value, such as text for an instant in SQLite."""


def insert(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows.

    Parameters
    ----------
    connection
        In a writing transaction.
    table
        Whose columns' types tell how values are written.
    columns
        Of each row, in its order; what is not named is NULL.
    rows
        Values; not changed.

    Examples
    --------
    >>> engine = sa.create_engine("sqlite://")
    >>> teas = sa.Table("teas", sa.MetaData(), sa.Column("name", sa.Text), sa.Column("picked_at", sa.DateTime))
    >>> with engine.begin() as connection:
    ...     teas.create(connection)
    ...     insert(connection, teas, ("name", "picked_at"), [("assam", None), ("oolong", None)])
    ...     connection.scalar(sa.select(sa.func.count()).select_from(teas))
    2
    >>> engine.dispose()
    """
    if not rows:
        return
    way = _statement(table, tuple(columns), connection.dialect)
    given = dict(zip(columns, zip(*rows, strict=True), strict=True))
    for name, change in way.changes.items():
        as_given = {value: change(value) for value in set(given[name])}
        given[name] = tuple(as_given[value] for value in given[name])
    ready = list(zip(*(given[name] for name in way.order), strict=True))
    for start in range(0, len(ready), _AT_ONCE):
        block = ready[start : start + _AT_ONCE]
        text = f"{way.text}{', '.join([way.values] * len(block))}"
        connection.exec_driver_sql(text, tuple(chain.from_iterable(block)))


@lru_cache(maxsize=64)
def _statement(table: sa.Table, columns: tuple[str, ...], dialect: sa.Dialect) -> _Statement:
    positional: sa.Dialect = cast("Any", type(dialect))(
        paramstyle="qmark" if dialect.paramstyle == "qmark" else "format"
    )
    compiled: Any = table.insert().compile(dialect=positional, column_keys=list(columns))
    order: list[str] = list(compiled.positiontup)
    changes = {name: table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in order}
    text, word, values = str(compiled).partition("VALUES ")
    return _Statement(text + word, values, order, {name: one for name, one in changes.items() if one})
