"""A person's rows in any table: told by the names of its columns."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.engines import persons
from nextbest.serving.log import Person

ANN = Person(("ann", "annie"), ("a-1",))
TABLES = {
    "customers": ([{"customer_id": "ann", "email": "x"}, {"customer_id": "bob", "email": "y"}], 1),
    "events": (
        [
            {"customer_id": None, "anonymous_id": "a-1"},
            {"customer_id": "annie", "anonymous_id": None},
            {"customer_id": "bob", "anonymous_id": "a-1"},
            {"customer_id": None, "anonymous_id": "a-2"},
        ],
        2,
    ),
    "exposures": (
        [
            {"customer_id": None, "unit_id": "a-1", "unit_type": "visitor"},
            {"customer_id": None, "unit_id": "ann", "unit_type": "customer"},
            {"customer_id": None, "unit_id": "ann", "unit_type": "household"},
            {"customer_id": None, "unit_id": "a-1", "unit_type": None},
        ],
        2,
    ),
    "findings": (
        [
            {"placeholders": json.dumps({"customer_id": "ann", "n": 3})},
            {"placeholders": json.dumps({"product": "ann"})},
            {"placeholders": "no json"},
        ],
        1,
    ),
    "next_best_offers": (
        [
            {"customer_id": "bob", "placeholders": json.dumps({"customer": "ann"})},
            {"customer_id": "ann", "placeholders": None},
        ],
        1,
    ),
    "rules": ([{"rule_id": "ann", "body": "a-1"}], 0),
}


def write(folder, rows):
    pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")
    return folder / "rows.parquet"


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_a_persons_by_the_names_of_their_columns(tmp_path, table):
    rows, n_mine = TABLES[table]
    path, target = write(tmp_path, rows), tmp_path / "left.parquet"
    mine = persons.rows_of(path, ANN)
    assert len(mine) == n_mine
    assert persons.without(path, target, ANN) == n_mine
    left = pq.read_table(target).to_pylist() if target.exists() else rows
    assert sorted([*mine, *left], key=str) == sorted(rows, key=str), "no row is lost, none is there twice"
    assert target.exists() is bool(n_mine), "what tells nothing of the person is not written again"


def test_what_repeats_a_row_of_a_file_becomes_empty_and_stays_counted(tmp_path):
    said = [
        {"row": 1, "content": json.dumps({"Customer": " ann ", "price": "x"})},
        {"row": 2, "content": json.dumps({"Customer": "bob"})},
    ]
    target = tmp_path / "left.parquet"
    assert persons.without(write(tmp_path, said), target, ANN) == 1
    assert pq.read_table(target)["content"].to_pylist() == [None, '{"Customer": "bob"}']
    assert persons.quotes(json.dumps({"id": "17850.0"}), Person(("17850",)))


@given(st.lists(st.sampled_from(["ann", "annie", "bob", "Ann", None]), max_size=9))
def test_with_a_person_taken_out_everybody_else_is_as_before(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("rows")
    rows = [{"customer_id": name, "number": number} for number, name in enumerate(names)]
    pq.write_table(
        pa.Table.from_pylist(rows, pa.schema([("customer_id", pa.string()), ("number", pa.int64())])),
        folder / "rows.parquet",
    )
    target = folder / "left.parquet"
    n_gone = persons.without(folder / "rows.parquet", target, ANN)
    left = pq.read_table(target).to_pylist() if n_gone else rows
    assert left == [row for row in rows if row["customer_id"] not in {"ann", "annie"}]
