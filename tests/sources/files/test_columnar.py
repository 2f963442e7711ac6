from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nextbest.base.errors import DataError
from nextbest.sources.files import open_source


def test_parquet_becomes_strings(tmp_path):
    rows = pa.table(
        {
            "customer": [17850.0, None],
            "price": [2.55, 3.0],
            "on": [date(2024, 1, 31)] * 2,
            "at": [datetime(2024, 1, 31, 8, 26, tzinfo=UTC)] * 2,
            "kind": pa.array(["a", "b"]).dictionary_encode(),
            "__index_level_0__": [0, 1],
        }
    )
    pq.write_table(rows, tmp_path / "orders.parquet")
    table = open_source(str(tmp_path / "orders.parquet"))

    assert [row for batch in table.batches() for row in batch.to_pylist()] == [
        {
            "_row": 1,
            "customer": "17850",
            "price": "2.55",
            "on": "2024-01-31",
            "at": "2024-01-31 08:26:00Z",
            "kind": "a",
        },
        {
            "_row": 2,
            "customer": None,
            "price": "3",
            "on": "2024-01-31",
            "at": "2024-01-31 08:26:00Z",
            "kind": "b",
        },
    ]


def test_a_parquet_file_without_rows_or_cut_short_gets_a_sentence(tmp_path):
    path = tmp_path / "orders.parquet"
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), path)
    with pytest.raises(DataError, match="no rows"):
        open_source(str(path))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="damaged"):
        open_source(str(path))


def test_real_invoices_are_read_in_full(shared_data):
    [path] = shared_data("online_retail_2010_2011").glob("*.parquet")
    table = open_source(str(path))

    assert sum(batch.num_rows for batch in table.batches()) == 541_909
    assert table.head(1)["CustomerID"].to_pylist() == ["17850"]
