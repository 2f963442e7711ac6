"""What every test may use: an in-memory store made of typed rows, and the real data sets where they are present."""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
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
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    found = shutil.which("postgres") or (binaries and str(binaries[-1]))
    if not found:
        pytest.skip("there is no PostgreSQL here: install Debian's package postgresql")
    folder = Path(tempfile.mkdtemp(prefix="nextbest-pg-"))
    # PostgreSQL refuses to run as the administrator.
    owner = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if owner:
        shutil.chown(folder, "postgres", "postgres")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder} | owner
    tool = Path(found).resolve().parent
    initdb = [tool / "initdb", "-D", folder / "data", "-U", "shop", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run([*initdb, "--locale=C"], check=True, **quiet)
    serve = [
        tool / "postgres",
        "-D",
        folder / "data",
        "-k",
        folder,
        "-c",
        "listen_addresses=",
        "-c",
        "fsync=off",
    ]
    server = subprocess.Popen(serve, **quiet)
    admin = f"postgresql+psycopg://shop@/postgres?host={folder}"
    numbers = itertools.count()

    def new_schema():
        name = f"shop{next(numbers)}"
        engine = sa.create_engine(admin, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"create schema {name}")
        return f"postgresql://shop@/postgres?host={folder}&options=-csearch_path%3D{name}"

    while subprocess.run([tool / "pg_isready", "-q", "-h", folder], check=False, cwd=folder).returncode:
        assert server.poll() is None
        time.sleep(0.1)
    yield new_schema
    server.send_signal(signal.SIGQUIT)
    server.wait()
    shutil.rmtree(folder)


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
