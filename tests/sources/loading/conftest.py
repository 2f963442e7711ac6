"""Load a file typed in the test."""

from types import SimpleNamespace

import ibis
import pytest

from nextbest.sources.cleaning import CleaningSettings
from nextbest.sources.files import open_source
from nextbest.sources.loading import Desk, LoadingSettings, load
from nextbest.sources.mapping import guess


@pytest.fixture
def engine():
    connection = ibis.duckdb.connect(threads=1)
    connection.raw_sql("SET TimeZone = 'UTC'")
    return connection


@pytest.fixture
def load_text(engine, tmp_path):
    """Write the text as a file, guess its layout, load it; give the account and every table as dicts sorted by all columns."""
    counter = iter(range(1000))

    def run(
        text,
        *,
        given=None,
        table=None,
        cleaning=None,
        orders=None,
        rates=None,
        currency=None,
        time_zone="UTC",
        name="shop.csv",
    ):
        folder = tmp_path / str(next(counter))
        folder.mkdir()
        path = folder / name
        path.write_text(
            "\n".join(line.strip() for line in text.strip().splitlines()) + "\n", encoding="utf-8"
        )
        raw = open_source(str(path))
        layout = guess(raw.columns, raw.sample(1000), given=given, table=table).layout
        beside = {
            part: engine.read_parquet(str(loaded.loaded.tables[part])) if loaded else None
            for part, loaded in (("orders", orders), ("rates", rates))
        }
        loaded = load(
            raw,
            layout,
            LoadingSettings(time_zone=time_zone, currency=currency),
            cleaning or CleaningSettings(),
            Desk(engine, folder / "out", "web", **beside),
        )
        tables = {part: engine.read_parquet(str(path)) for part, path in loaded.tables.items()}
        return SimpleNamespace(
            loaded=loaded,
            layout=layout,
            expressions=tables,
            quarantine=rows_of(engine, engine.read_parquet(str(loaded.quarantine))),
            reasons={(reason.rule, reason.effect): reason.n_rows for reason in loaded.reasons},
            **{part: rows_of(engine, table) for part, table in tables.items()},
        )

    return run


def rows_of(engine, table):
    rows = engine.to_pyarrow(table).to_pylist()
    return sorted(rows, key=lambda row: [str(cell) for cell in row.values()])
