from datetime import date

import ibis
import pytest

from nextbest.models.recommend import query

DAY = date(2026, 8, 1)


@pytest.fixture
def unbound():
    from nextbest.app.catalogue import contracts
    from nextbest.engines.duckdb_store import arrow_schema

    def table(name):
        return ibis.table(ibis.Schema.from_pyarrow(arrow_schema(contracts()[name])), name=name)

    return table


@pytest.mark.parametrize("level", ["product", "category"])
def test_queries_do_not_execute(unbound, level):
    products = unbound("products")
    for lines in (
        query.bought(unbound("order_lines"), DAY, is_dated=True),
        query.held(unbound("holdings"), None, is_dated=False),
    ):
        items = query.at_level(lines, products, level)
        codes, orders = query.items_of(items), query.orders_of(items)
        assert query.lines_of(items, orders, codes).columns == ("order", "item")
        assert query.facts_of(codes, products, level).columns == (
            "code",
            "item",
            "department",
            "family",
            "name",
        )
    assert query.segments_of(unbound("customers"), "place").columns == ("customer_id", "segment")


def test_orders_are_numbered_by_customer_and_time_with_guests_first(make_store):
    store = make_store(
        order_lines=[
            {
                "order_id": "o1",
                "customer_id": "bob",
                "product_id": "tea",
                "ordered_at": "2026-07-02T09:00:00",
            },
            {
                "order_id": "o2",
                "customer_id": "ann",
                "product_id": "tea",
                "ordered_at": "2026-07-03T09:00:00",
            },
            {
                "order_id": "o3",
                "customer_id": "ann",
                "product_id": "tea",
                "ordered_at": "2026-07-01T09:00:00",
            },
            {"order_id": "o4", "customer_id": None, "product_id": "tea", "ordered_at": "2026-07-09T09:00:00"},
        ]
    )
    lines = query.at_level(query.bought(store.table("order_lines"), DAY, is_dated=True), None, "product")
    rows = store.arrow(query.orders_of(lines)).sort_by("code").to_pylist()
    assert [(row["order"], row["customer_code"]) for row in rows] == [
        ("o4", -1),
        ("o3", 0),
        ("o2", 0),
        ("o1", 1),
    ]


def test_without_order_ids_a_customers_day_is_an_order(make_store):
    line = {"customer_id": "ann", "ordered_at": "2026-07-02T09:00:00"}
    store = make_store(order_lines=[line | {"product_id": "tea"}, line | {"product_id": "cake"}])
    lines = query.at_level(query.bought(store.table("order_lines"), DAY, is_dated=True), None, "product")
    assert store.arrow(query.orders_of(lines)).num_rows == 1
