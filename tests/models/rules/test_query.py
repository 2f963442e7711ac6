"""Which lines count, what a basket is, and the codes the engine gives."""

from datetime import date

import ibis
import pyarrow as pa
import pytest

from nextbest.models.rules import query


@pytest.fixture
def lines(make_store):
    """Six lines: two orders of ann, one of a guest, a return, postage, and what came after the day."""
    day, rest = "2024-03-01", {"customer_id": "ann", "ordered_at": "2024-03-01T10:00:00"}
    store = make_store(
        order_lines=[
            {"order_id": "o2", "product_id": "tea", **rest},
            {"order_id": "o2", "product_id": "tea", **rest},
            {"order_id": "o1", "product_id": "cake", **rest},
            {"order_id": "o0", "product_id": "milk", "ordered_at": "2024-02-01T10:00:00"},
            {"order_id": "o3", "product_id": "tea", "is_return": True, **rest},
            {"order_id": "o4", "product_id": "postage", "is_product": False, **rest},
            {"order_id": "o5", "product_id": "jam", "cancelled_on": date(2024, 3, 2), **rest},
            {"product_id": "jam", "customer_id": "bob", "ordered_at": "2024-04-01T10:00:00"},
        ],
        products=[
            {"product_id": "tea", "name": "Green tea", "category": "Drinks", "department": "Food"},
            {"product_id": "milk", "name": None, "category": "Drinks", "department": "Food"},
            {"product_id": "cake", "name": "Cake", "category": None, "department": "Food"},
        ],
    )
    assert day
    return store


def read(store, expression):
    rows = store.arrow(expression).to_pylist()
    return sorted(rows, key=repr)


def test_only_sold_and_kept_products_before_the_day_count(lines):
    seen = read(
        lines, query.bought(lines.table("order_lines"), date(2024, 4, 1)).select("basket", "product_id")
    )
    assert [(row["basket"], row["product_id"]) for row in seen] == [
        ("o0", "milk"),
        ("o1", "cake"),
        ("o2", "tea"),
        ("o2", "tea"),
    ]


def test_where_there_is_no_order_the_customers_day_is_the_basket(lines):
    seen = read(lines, query.bought(lines.table("order_lines"), None))
    assert {row["basket"] for row in seen} == {"o0", "o1", "o2", "bob|2024-04-01"}


def test_baskets_are_numbered_by_customer_with_guests_last(lines):
    bought = query.bought(lines.table("order_lines"), None)
    rows = sorted(lines.arrow(query.baskets_of(bought)).to_pylist(), key=lambda row: row["code"])
    assert [(row["basket"], row["customer_code"]) for row in rows] == [
        ("o1", 0),
        ("o2", 0),
        ("bob|2024-04-01", 1),
        ("o0", -1),
    ]


IDS = pa.table({"item": ["cake", "jam", "milk", "tea"], "code": pa.array(range(4), pa.int32())})


def test_lines_are_numbers_of_basket_and_product(lines):
    bought = query.bought(lines.table("order_lines"), None)
    keys = lines.arrow(query.keys_of(bought, query.baskets_of(bought), lines.memtable(IDS)))[
        "key"
    ].to_pylist()
    assert sorted(divmod(key, 2**32) for key in keys) == [(0, 0), (1, 3), (1, 3), (2, 1), (3, 2)]


def test_products_without_a_category_are_in_no_group(lines):
    groups = query.groups_of(lines.memtable(IDS), lines.table("products"), "category")
    assert read(lines, groups) == [{"code": 2, "item": "Drinks"}, {"code": 3, "item": "Drinks"}]


def test_products_without_a_name_go_by_their_id(lines):
    named = read(lines, query.names_of(lines.memtable(IDS), lines.table("products"), "product"))
    assert {row["item"]: (row["name"], row["family"]) for row in named} == {
        "cake": ("Cake", None),
        "jam": ("jam", None),
        "milk": ("milk", "Drinks"),
        "tea": ("Green tea", "Drinks"),
    }


def test_a_categorys_margin_is_its_products_mean_by_orders_with_the_least_certain_source(make_store):
    day = {"as_of": date(2024, 1, 1), "category": "Drinks"}
    old = {"as_of": date(2023, 1, 1), "category": "Drinks"}
    store = make_store(
        product_profiles=[
            {"product_id": "tea", "n_orders": 3, "margin_per_order": 2.0, "margin_source": "given", **day},
            {"product_id": "milk", "n_orders": 1, "margin_per_order": 6.0, "margin_source": "assumed", **day},
            {"product_id": "milk", "n_orders": 9, "margin_per_order": 99.0, "margin_source": "given", **old},
        ]
    )
    rows = store.arrow(query.margins_of(store.table("product_profiles"), "category")).to_pylist()
    assert rows == [{"item": "Drinks", "margin": 3.0, "margin_source": "assumed"}]


def test_queries_execute_nothing():
    unbound = ibis.table(
        {
            "product_id": "string", "order_id": "string", "customer_id": "string", "ordered_on": "date",
            "is_product": "boolean", "is_return": "boolean", "cancelled_on": "date",
        },
        name="order_lines",
    )  # fmt: skip
    bought = query.bought(unbound, date(2024, 1, 1))
    codes = ibis.table({"item": "string", "code": "int32"}, name="codes")
    keys = query.keys_of(bought, query.baskets_of(bought), codes)
    assert dict(keys.schema()) == {"key": ibis.dtype("int64")}
