"""Rows of the results as Arrow tables of their contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from nextbest.base.contract import Table
from nextbest.models.profit.spec import CARD

_TYPES: Final[Mapping[str, pa.DataType]] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
}


def _schema(table: Table) -> pa.Schema:
    return pa.schema([(column.name, _TYPES[column.kind]) for column in table])


_SCHEMAS: Final = {table.name: _schema(table) for table in CARD.writes}
EMPTY: Final[Mapping[str, pa.Table]] = {name: schema.empty_table() for name, schema in _SCHEMAS.items()}


def table_of(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Put rows under the columns of a contract."""
    return pa.Table.from_pylist(list(rows), _SCHEMAS[name])
