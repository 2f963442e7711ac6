import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from nextbest.app import looking
from nextbest.base.errors import DataError, ExpressionError

LINES = [
    {"line_id": f"l{n}", "order_id": f"o{n}", "product_id": "p", "customer_id": name, "net_revenue": n}
    for n, name in enumerate(("ann", "bob", "cat", "ann"))
]


def test_rows_are_chosen_sorted_and_cut(make_store):
    rows = looking.select(
        make_store(order_lines=LINES),
        "order_lines",
        where="net_revenue > 0",
        sort="-net_revenue",
        limit=2,
        columns=["line_id"],
    )
    assert rows["line_id"].to_pylist() == ["l3", "l2"]


def test_ties_come_in_the_order_of_the_key(make_store):
    rows = looking.select(make_store(order_lines=LINES[::-1]), "order_lines", sort="product_id")
    assert rows["line_id"].to_pylist() == ["l0", "l1", "l2", "l3"]


def test_the_key_itself_can_be_sorted_by(make_store):
    rows = looking.select(make_store(order_lines=LINES), "order_lines", sort="-line_id", limit=1)
    assert rows["line_id"].to_pylist() == ["l3"]


def test_a_condition_must_be_one(make_store):
    with pytest.raises(ExpressionError):
        looking.select(make_store(order_lines=LINES), "order_lines", where="net_revenue + 1")


def test_an_export_masks_personal_columns_and_quotes_formulas(tmp_path):
    rows = pa.table({"customer_id": ["=cmd()", "bob"], "email": ["ann@example.com", None]})
    looking.export(rows, tmp_path / "out.csv", personal=["email"])
    read = pacsv.read_csv(tmp_path / "out.csv")
    assert read["customer_id"].to_pylist() == ["'=cmd()", "bob"]
    assert read["email"].to_pylist() == [looking.MASK, ""]


def test_an_unknown_ending_is_refused_and_writes_nothing(tmp_path):
    with pytest.raises(DataError, match=r"\.csv"):
        looking.export(pa.table({"a": [1]}), tmp_path / "out.doc")
    assert list(tmp_path.iterdir()) == []
