"""Tables without a database, so that a query that executes fails."""

import ibis
import pytest


@pytest.fixture
def unbound():
    """Give a contract's table as an unbound Ibis table."""
    from nextbest.app.catalogue import contracts
    from nextbest.engines.duckdb_store import arrow_schema

    def table(name):
        return ibis.table(ibis.Schema.from_pyarrow(arrow_schema(contracts()[name])), name=name)

    return table


@pytest.fixture
def fits_contract():
    """Compare an expression's columns and types with a contract."""
    from nextbest.app.catalogue import contracts
    from nextbest.engines.duckdb_store import arrow_schema

    def fits(expression, name, without=()):
        kinds = ibis.Schema.from_pyarrow(arrow_schema(contracts()[name]))
        expected = {column: kind for column, kind in kinds.items() if column not in without}
        assert {column: kind.copy(nullable=True) for column, kind in expression.schema().items()} == expected

    return fits
