"""Many rows into one table: tuples as the driver takes them, without a dictionary for each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, cast

import sqlalchemy as sa


class _Statement(NamedTuple):
    text: str
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
    connection.exec_driver_sql(way.text, list(zip(*(given[name] for name in way.order), strict=True)))


@lru_cache(maxsize=64)
def _statement(table: sa.Table, columns: tuple[str, ...], dialect: sa.Dialect) -> _Statement:
    positional: sa.Dialect = cast("Any", type(dialect))(
        paramstyle="qmark" if dialect.paramstyle == "qmark" else "format"
    )
    compiled: Any = table.insert().compile(dialect=positional, column_keys=list(columns))
    order: list[str] = list(compiled.positiontup)
    changes = {name: table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in order}
    return _Statement(str(compiled), order, {name: change for name, change in changes.items() if change})
