"""What every test may use: an in-memory store made of typed rows, and the real data sets where they are present."""

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from benchmarks import postgres
from hypothesis import settings

# The first call of a library compiles or imports; a busy machine is slow. Time is measured in benchmarks only.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

ROOT = Path(__file__).parent.parent


@pytest.fixture
def make_store():
    """Build a real in-memory DuckDB store from rows typed in the test.

    ``ordered_on`` follows from ``ordered_at`` where it is not given; values are cast as the contract says.
    """
    from nextbest.app.catalogue import contracts
    from nextbest.engines.duckdb_store import DuckDBStore, arrow_schema

    def make(*, previous=None, threads=None, **tables):
        known = contracts()
        return DuckDBStore(
            known,
            {name: typed(rows, arrow_schema(known[name])) for name, rows in tables.items()},
            previous={
                name: typed(rows, arrow_schema(known[name])) for name, rows in (previous or {}).items()
            },
            threads=threads,
        )

    return make


def typed(rows, schema):
    """Turn dicts into an Arrow table: the columns that occur, with the contract's types."""
    if isinstance(rows, pa.Table):
        return rows
    named = list(dict.fromkeys(name for row in rows for name in row))
    if "ordered_at" in named and "ordered_on" not in named:
        named.append("ordered_on")
    arrays = {name: array([value(row, name) for row in rows], field_type(schema, name)) for name in named}
    return pa.table(arrays) if arrays else schema.empty_table()


def array(cells, kind):
    """Build a column; money may be typed as a number or text."""
    if kind is not None and pa.types.is_decimal(kind):
        cells = [None if cell is None else Decimal(str(cell)) for cell in cells]
    return pa.array(cells, kind)


def value(row, name):
    """Read one cell; days and instants may be typed as ISO text."""
    if name == "ordered_on" and name not in row:
        name = "ordered_at"
    cell = row.get(name)
    if isinstance(cell, str) and name.endswith(("_at", "_on", "as_of")):
        return datetime.fromisoformat(cell).replace(tzinfo=UTC if name.endswith("_at") else None)
    if name.endswith("_id") and cell is not None:
        return str(cell)
    return cell


def field_type(schema, name):
    """Give the contract's type; ``None`` for attributes."""
    index = schema.get_field_index(name)
    return schema.field(index).type if index >= 0 else None


@pytest.fixture
def shared_data():
    """Find a folder of real data, or skip."""
    folder = Path(os.environ.get("NEXTBEST_DATA", ROOT.parent / "shared" / "data"))

    def find(name):
        if not (folder / name).is_dir():
            pytest.skip(f"the data set {name} is not here: set NEXTBEST_DATA to the folder that holds it")
        return folder / name

    return find


@pytest.fixture(scope="session")
def postgresql():
    """Start a PostgreSQL of our own and give a function that makes an empty schema and tells its URL; or skip."""
    program = postgres.find()
    if program is None:
        pytest.skip("there is no PostgreSQL here: install Debian's package postgresql")
    with postgres.postgresql(program) as new_schema:
        yield new_schema


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """Name an empty operational database, as ``Operations.open`` takes it: once SQLite, once PostgreSQL."""
    if request.param == "sqlite":
        return {"store": tmp_path / "shop" / "store"}
    return {"store": tmp_path / "shop" / "store", "url": request.getfixturevalue("postgresql")()}


@pytest.fixture
def operations(database):
    """Open an empty operational database, once SQLite, once PostgreSQL."""
    from nextbest.engines.operations import Operations

    with Operations.open(**database) as opened:
        yield opened
