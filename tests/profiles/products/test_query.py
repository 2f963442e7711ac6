from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextbest.profiles.products.query import margin_totals, product_profiles
from nextbest.profiles.products.spec import ProductProfileSettings

DAY = date(2017, 3, 1)
LINES = [
    {"order_id": "o1", "customer_id": "ann", "product_id": "tea", "ordered_at": "2017-02-01", "quantity": 1, "net_revenue": 4},
    {"order_id": "o2", "customer_id": "ann", "product_id": "tea", "ordered_at": "2017-02-09", "quantity": 2, "net_revenue": 8},
    {"order_id": "o3", "customer_id": "bob", "product_id": "tea", "ordered_at": "2017-02-10", "quantity": 1, "net_revenue": 4},
    {"order_id": "o4", "customer_id": None, "product_id": "tea", "ordered_at": "2017-02-11", "quantity": 1, "net_revenue": 4},
    {"order_id": "o5", "customer_id": "ann", "product_id": "tea", "ordered_at": "2017-02-12", "quantity": -1, "net_revenue": -4, "is_return": True},
    {"order_id": "o6", "customer_id": "bob", "product_id": "milk", "ordered_at": "2017-02-12", "quantity": 3, "net_revenue": 3},
]  # fmt: skip
PRODUCTS = [
    {"product_id": "tea", "name": "Green tea", "category": "Drinks", "department": "Food", "unit_cost": 3},
    {"product_id": "milk", "name": "Milk", "category": "Drinks", "department": "Food"},
]


def profiles(make_store, lines, products=PRODUCTS, *, days=(DAY,), **shares):
    store = make_store(order_lines=lines, products=products)
    query = product_profiles(
        store.table("order_lines"), store.table("products"), days, ProductProfileSettings(**shares)
    )
    return {row["product_id"]: row for row in store.arrow(query).to_pylist()}


def test_the_query_runs_nothing_and_fits_the_contract(unbound, fits_contract):
    query = product_profiles(
        unbound("order_lines"), unbound("products"), [DAY], ProductProfileSettings(category_margin_share={"a": 0.5})
    )  # fmt: skip
    fits_contract(query, "product_profiles")
    assert "revenue_share" in margin_totals(unbound("product_profiles"), DAY).columns


def test_six_lines_make_two_profiles(make_store):
    found = profiles(make_store, LINES)
    assert found["tea"] == {
        "product_id": "tea",
        "as_of": DAY,
        "name": "Green tea",
        "category": "Drinks",
        "department": "Food",
        "n_orders": 4,
        "n_customers": 2,
        "units": 4.0,
        "revenue_total": Decimal("16.0000"),
        "mean_price": 4.0,
        "price_band": 2,
        "repeat_rate": 0.5,
        "penetration": 1.0,
        "margin_share": 0.25,
        "margin_per_order": 1.25,
        "margin_source": "given",
    }
    assert (found["milk"]["price_band"], found["milk"]["penetration"]) == (1, 0.5)


def test_a_cost_on_the_line_comes_before_the_cost_of_the_product(make_store):
    lines = [row | {"unit_cost": 1} for row in LINES]
    assert profiles(make_store, lines)["tea"]["margin_share"] == 0.75


def test_where_no_cost_is_known_the_category_then_the_shop_stands_in(make_store):
    bare = [row | {"unit_cost": None} for row in PRODUCTS]
    bare[1]["category"] = "Dairy"
    found = profiles(make_store, LINES, bare, category_margin_share={"Dairy": 0.4}, assumed_margin_share=0.1)
    assert (found["milk"]["margin_share"], found["milk"]["margin_source"]) == (0.4, "category_default")
    assert (found["tea"]["margin_share"], found["tea"]["margin_source"]) == (0.1, "assumed")


def test_prices_fall_into_thirds_and_equal_prices_share_one(make_store):
    prices = {"a": 1, "b": 2, "c": 2, "d": 3, "e": 4, "f": 5}
    lines = [
        {"order_id": f"o{name}", "product_id": name, "ordered_at": "2017-02-01", "quantity": 1, "net_revenue": price}
        for name, price in prices.items()
    ]  # fmt: skip
    catalogue = [{"product_id": name, "category": "Drinks"} for name in prices]
    found = profiles(make_store, lines, catalogue)
    assert {name: row["price_band"] for name, row in found.items()} == {
        "a": 1,
        "b": 1,
        "c": 1,
        "d": 2,
        "e": 3,
        "f": 3,
    }


def test_alone_in_its_category_a_product_has_no_price_band(make_store):
    assert profiles(make_store, LINES, [PRODUCTS[0]])["tea"]["price_band"] is None


def test_products_that_only_came_back_are_not_sold(make_store):
    assert profiles(make_store, LINES[4:5]) == {}


def test_a_cancelled_line_and_its_return_leave_no_order_and_no_money(make_store):
    lines = [*LINES[:3], LINES[2] | {"order_id": "o9", "cancelled_on": date(2017, 2, 20)},
             LINES[4] | {"order_id": "o9"}]  # fmt: skip
    found = profiles(make_store, lines)["tea"]
    assert (found["n_orders"], found["revenue_total"]) == (3, 16)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(LINES), st.integers(1, 28))
def test_neither_the_order_of_rows_nor_the_future_matters(make_store, lines, day):
    as_of = date(2017, 2, day)
    past = [row for row in LINES if row["ordered_at"] < as_of.isoformat()]
    expected = profiles(make_store, past, days=(as_of,)) if past else {}
    assert profiles(make_store, lines, days=(as_of,)) == expected


def test_two_days_are_compared_each_within_itself(make_store):
    early = date(2017, 2, 5)
    store = make_store(order_lines=LINES, products=PRODUCTS)
    query = product_profiles(
        store.table("order_lines"), store.table("products"), [early, DAY], ProductProfileSettings()
    )
    found = {(row["product_id"], row["as_of"]): row for row in store.arrow(query).to_pylist()}
    assert found["tea", early] == profiles(make_store, LINES, days=(early,))["tea"]
    assert found["tea", DAY] == pytest.approx(profiles(make_store, LINES)["tea"])
