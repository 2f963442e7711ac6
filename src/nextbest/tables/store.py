"""The Store port: what a recipe may ask of the place where tables live, whatever the engine."""

from typing import Protocol

import ibis.expr.types as ir
import pyarrow as pa


class Store(Protocol):
    """Tables by name, as lazy Ibis expressions."""

    def has(self, name: str, *columns: str) -> bool:
        """Tell whether a table is there and each of the columns was given by the data (not all null)."""
        ...

    def table(self, name: str) -> ir.Table:
        """Open a table, lazily.

        A canonical table has every column of its contract, typed and null where the data do not give it.

        Raises
        ------
        MissingTableError
            There is no such table.
        """
        ...

    def previous(self, name: str) -> ir.Table | None:
        """Open a table of the last snapshot; ``None`` where there is none."""
        ...

    def memtable(self, rows: pa.Table) -> ir.Table:
        """Make a small Arrow table usable beside the others."""
        ...

    def arrow(self, expression: ir.Table) -> pa.Table:
        """Execute an expression; rows come in no promised order unless the expression orders them."""
        ...

    def write(self, name: str, rows: ir.Table | pa.Table) -> None:
        """Write one table of the coming snapshot.

        Columns are checked against the contract, cast and ordered as it says; rows are sorted by its key.
        """
        ...

    def write_file(self, name: str, content: bytes) -> None:
        """Write one file of the coming snapshot that is no table, such as ``models/propensity/mortgage.json``."""
        ...
