import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nextbest.base.contract import Column, Table
from nextbest.base.errors import MissingTableError
from nextbest.engines.duckdb_store import DuckDBStore

LINE = {
    "order_id": "o1",
    "customer_id": "ann",
    "product_id": "milk",
    "ordered_at": "2026-01-02",
    "net_revenue": 1.5,
}


def test_a_table_shows_every_column_of_its_contract(make_store):
    store = make_store(order_lines=[LINE])
    rows = store.arrow(store.table("order_lines"))
    assert rows["coupon_id"].to_pylist() == [None]
    assert str(rows.schema.field("net_revenue").type) == "decimal128(18, 4)"


def test_attributes_stay_beside_the_contract(make_store):
    store = make_store(order_lines=[LINE | {"weather": "rain"}])
    assert store.arrow(store.table("order_lines"))["weather"].to_pylist() == ["rain"]


def test_a_column_that_is_all_null_was_not_given(make_store):
    store = make_store(order_lines=[LINE | {"coupon_id": None}])
    assert store.has("order_lines", "customer_id", "ordered_on")
    assert not store.has("order_lines", "coupon_id")
    assert not store.has("order_lines", "no_such_column")
    assert not store.has("holdings")


def test_a_missing_table_is_named_with_those_there(make_store):
    with pytest.raises(MissingTableError, match=r"no table holdings here.*order_lines"):
        make_store(order_lines=[LINE]).table("holdings")


def test_written_rows_are_cast_ordered_by_key_and_readable(make_store):
    store = make_store()
    rows = pa.table(
        {"customer_id": ["bob", "ann"], "month_on": ["2026-02-01", "2026-01-01"], "profit": [2, 1]}
    )
    store.write("customer_profit", rows)
    assert store.written["customer_profit"]["customer_id"].to_pylist() == ["ann", "bob"]
    assert store.arrow(store.table("customer_profit")).num_rows == 2


def test_a_restricted_table_shows_only_matching_rows(make_store):
    store = make_store(order_lines=[LINE, LINE | {"order_id": "o2", "store_id": "s1"}])
    store.restrict("order_lines", lambda lines: lines.store_id == "s1")
    assert store.arrow(store.table("order_lines"))["order_id"].to_pylist() == ["o2"]


def test_ibis_duckdb_and_sqlglot_fit_together(tmp_path):
    """Ibis 12 breaks with DuckDB 2.0 (list, insert) and with sqlglot 30 (create, drop): the pins in pyproject."""
    connection = ibis.duckdb.connect()
    rows = pa.table({"a": [1, 2]})
    connection.create_table("t", rows)
    connection.create_table("t", rows, overwrite=True)
    connection.insert("t", rows)
    assert "t" in connection.list_tables()
    assert connection.table("t").count().execute() == 4
    connection.to_parquet(connection.table("t"), tmp_path / "t.parquet")
    assert connection.read_parquet(tmp_path / "t.parquet").to_pyarrow().num_rows == 4
    connection.drop_table("t")
    assert "t" not in connection.list_tables()


def test_parts_with_different_attributes_are_read_together(tmp_path):
    contract = Table("t", "rows", ("a",), (Column("a", "string", "key"),))
    for number, columns in enumerate(({"a": ["1"], "x": ["p"]}, {"a": ["2"], "y": ["q"]})):
        pq.write_table(pa.table(columns), tmp_path / f"{number}.parquet")
    store = DuckDBStore({"t": contract}, {"t": sorted(tmp_path.glob("*.parquet"))})
    assert store.arrow(store.table("t").order_by("a")).to_pylist() == [
        {"a": "1", "x": "p", "y": None},
        {"a": "2", "x": None, "y": "q"},
    ]


def test_whole_numbers_stay_whole_on_disk(make_store, tmp_path):
    """DuckDB sums int64 to HUGEINT, which Parquet would store as double."""
    lines = make_store(order_lines=[LINE | {"ordered_seq": 3}, LINE | {"order_id": "o2", "ordered_seq": 4}])
    contract = Table("sums", "one row", ("n",), (Column("n", "int64", "sum"), Column("m", "money", "sum")))
    store = DuckDBStore({"sums": contract}, folder=tmp_path)
    rows = store.memtable(lines.arrow(lines.table("order_lines")))
    store.write("sums", rows.aggregate(n=rows.ordered_seq.sum(), m=rows.net_revenue.sum()))
    schema = pq.read_schema(tmp_path / "sums.parquet")
    assert (str(schema.field("n").type), str(schema.field("m").type)) == ("int64", "decimal128(18, 4)")
