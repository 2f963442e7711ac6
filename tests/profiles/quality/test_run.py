"""The quality report on a shop of four lines."""

from datetime import date

from inline_snapshot import snapshot

from nextbest.base.capability import Moment
from nextbest.base.messages import render
from nextbest.profiles.quality.run import run
from nextbest.profiles.quality.spec import CARD, LOOKED_AT, QualitySettings
from nextbest.tables import CANONICAL

LINES = [
    {"line_id": "1", "customer_id": "ann", "product_id": "tea", "ordered_at": "2024-01-01 10:00:00", "net_revenue": 2, "discount": -1},
    {"line_id": "2", "customer_id": "ann", "product_id": "mug", "ordered_at": "2024-01-03 10:00:00", "net_revenue": 3, "discount": 0},
    {"line_id": "3", "customer_id": None, "product_id": "tea", "ordered_at": "2024-01-02 10:00:00", "net_revenue": 2, "discount": 0},
    {"line_id": "3", "customer_id": None, "product_id": "tea", "ordered_at": "2024-01-02 10:00:00", "net_revenue": 2, "discount": 0},
]  # fmt: skip


def quality(store, **settings):
    found = run(store, QualitySettings(**settings), Moment(date(2024, 2, 1)))
    rows = store.written["data_quality"].to_pylist()
    return {(row["table"], row["column"]): row for row in rows}, found


def test_each_column_is_counted_once(make_store):
    rows, found = quality(make_store(order_lines=LINES))
    assert rows["order_lines", "customer_id"] == {
        "table": "order_lines",
        "column": "customer_id",
        "n_rows": 4,
        "n_missing": 2,
        "n_distinct": 1,
        "low": None,
        "high": None,
        "note": "constant",
    }
    assert (rows["order_lines", "ordered_on"]["low"], rows["order_lines", "ordered_on"]["high"]) == (
        "2024-01-01",
        "2024-01-03",
    )
    assert rows["order_lines", "line_id"]["note"] == "duplicates"
    assert rows["order_lines", "discount"]["note"] == "negative"
    assert rows["order_lines", "store_id"]["note"] == "empty"
    assert len(rows) == len(CANONICAL["order_lines"].columns)
    assert render(found[0].sentence) == snapshot("50% of the lines name no customer.")


def test_large_tables_are_estimated_and_say_so(make_store):
    rows, _ = quality(make_store(order_lines=LINES), exact_rows=2)
    assert rows["order_lines", "product_id"]["note"] == "estimated"


def test_any_one_table_is_enough():
    assert CARD.requires == (" | ".join(LOOKED_AT),)
