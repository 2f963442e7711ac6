import math
from datetime import date, timedelta

import ibis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextbest.base.capability import Moment
from nextbest.profiles.behaviour.query import (
    behaviour,
    changes,
    known_customers,
    numbered_products,
    purchases,
)
from nextbest.profiles.behaviour.run import run
from nextbest.profiles.behaviour.spec import WINDOW_DAYS, BehaviourSettings

DAY = date(2017, 12, 31)
PRODUCTS = [
    {"product_id": "tea", "category": "Drinks"},
    {"product_id": "milk", "category": "Drinks"},
    {"product_id": "bag", "category": None},
]


def line(ago, product="tea", order=None, **cells):
    day = DAY - timedelta(days=ago)
    return {
        "order_id": order or f"o{ago}",
        "customer_id": "ann",
        "product_id": product,
        "ordered_on": day,
        "net_revenue": 4,
        "discount": 1,
        "is_return": False,
        "cancelled_on": None,
        **cells,
    }


def drawn(make_store, lines, days=(DAY,), products=PRODUCTS):
    store = make_store(order_lines=lines, products=products, threads=1)
    run(store, BehaviourSettings(as_of=days), Moment(as_of=max(days)))
    return store.written["behaviour"].to_pylist()


def test_the_queries_run_nothing_and_fit_the_contract(unbound, fits_contract):
    lines, products = unbound("order_lines"), unbound("products")
    numbered = (
        known_customers(lines).mutate(customer=ibis.literal(0, "int64")),
        numbered_products(lines, products),
    )
    assert purchases(lines, *numbered, DAY).schema() == ibis.schema({"purchase": "int64"})
    counts = {f"n_{what}_{n}d": "int64" for what in ("products", "categories") for n in WINDOW_DAYS}
    items = ibis.table({"as_of": "date", "customer_id": "string", **counts}, name="items")
    fits_contract(behaviour(lines, items, [DAY]), "behaviour")
    assert changes(unbound("behaviour"), DAY).columns == (
        "n_customers",
        "customer_share",
        "revenue_364d",
        "revenue_91d",
    )


def test_windows_end_the_day_before_and_begin_with_their_first_day(make_store):
    (ann,) = drawn(make_store, [line(0), line(7), line(8), line(30), line(364), line(365)])
    assert [ann[f"n_orders_{n}d"] for n in WINDOW_DAYS] == [1, 3, 3, 3, 4]
    assert [ann[f"revenue_{n}d"] for n in WINDOW_DAYS] == [4, 12, 12, 12, 16]
    assert (ann["days_since_first_order"], ann["days_since_last_order"]) == (365, 7)


def test_orders_products_and_categories_are_each_counted_once(make_store):
    lines = [line(5, "tea", "o1"), line(5, "milk", "o1"), line(6, "tea", "o2"), line(20, "bag", "o3")]
    (ann,) = drawn(make_store, lines)
    assert (ann["n_lines_7d"], ann["n_orders_7d"], ann["n_products_7d"], ann["n_categories_7d"]) == (
        3,
        2,
        2,
        1,
    )
    assert (ann["n_lines_30d"], ann["n_orders_30d"], ann["n_products_30d"], ann["n_categories_30d"]) == (
        4,
        3,
        3,
        1,
    )


def test_returns_lower_revenue_on_their_own_day_and_leave_the_discount_share(make_store):
    lines = [line(40), line(5), line(3, is_return=True, net_revenue=-4, order="o40")]
    (ann,) = drawn(make_store, lines)
    assert (ann["revenue_7d"], ann["revenue_91d"]) == (0, 4)
    assert ann["discount_share_7d"] == pytest.approx(1 / 5)
    assert ann["days_since_last_order"] == 5


def test_rhythm_is_the_mean_and_spread_of_the_gaps(make_store):
    (ann,) = drawn(make_store, [line(50), line(40), line(20), line(20, order="o20b")])
    assert ann["mean_gap_days"] == 15
    assert ann["sd_gap_days"] == pytest.approx(math.sqrt(50))


@pytest.mark.parametrize(("lines", "mean"), [([line(5)], None), ([line(5), line(9)], 4)])
def test_a_rhythm_needs_two_order_days_and_its_spread_three(make_store, lines, mean):
    (ann,) = drawn(make_store, lines)
    assert (ann["mean_gap_days"], ann["sd_gap_days"]) == (mean, None)


def test_the_trend_of_a_steady_customer_is_one(make_store):
    (ann,) = drawn(make_store, [line(91 * k + 1) for k in range(4)] + [line(364)])
    assert ann["trend"] == pytest.approx(4 * 3 / 16)
    (ann,) = drawn(make_store, [line(1), line(92), line(182)])
    assert ann["trend"] == pytest.approx(4 * 1 / 8)


def test_a_customer_of_less_than_two_quarters_has_no_trend(make_store):
    (ann,) = drawn(make_store, [line(1), line(181)])
    assert ann["trend"] is None


def test_without_money_counts_remain(make_store):
    (ann,) = drawn(make_store, [line(3, net_revenue=None, discount=None)])
    assert (ann["n_orders_7d"], ann["revenue_7d"], ann["discount_share_7d"], ann["trend"]) == (
        1,
        None,
        None,
        None,
    )


def test_without_a_product_list_no_categories_are_counted(make_store):
    (ann,) = drawn(make_store, [line(3)], products=PRODUCTS[2:])
    assert (ann["n_products_7d"], ann["n_categories_7d"]) == (1, 0)


def test_guests_and_customers_who_kept_nothing_have_no_profile(make_store):
    assert drawn(make_store, [line(3, customer_id=None), line(3, is_return=True)]) == []


LINE = st.builds(
    line,
    st.integers(1, 400),
    st.sampled_from(["tea", "milk", "bag"]),
    st.sampled_from(["o1", "o2", "o3"]),
    customer_id=st.sampled_from(["ann", "bob"]),
    net_revenue=st.integers(-5, 20),
    is_return=st.booleans(),
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINE, min_size=1, max_size=8), st.lists(LINE, max_size=4), st.randoms())
def test_neither_the_order_of_rows_nor_the_future_matters(make_store, lines, future, random):
    later = [row | {"ordered_on": row["ordered_on"] + timedelta(days=400)} for row in future]
    cancelled = [row | {"cancelled_on": DAY} for row in lines]
    mixed = random.sample(cancelled + later, len(cancelled + later))
    assert drawn(make_store, mixed) == drawn(make_store, lines)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINE, min_size=1, max_size=10))
def test_counts_agree_with_counting_by_hand(make_store, lines):
    category = {row["product_id"]: row["category"] for row in PRODUCTS}
    kept = [row for row in lines if not row["is_return"]]
    for row in drawn(make_store, lines):
        for n in WINDOW_DAYS:
            own = [
                other
                for other in kept
                if other["customer_id"] == row["customer_id"]
                and DAY - other["ordered_on"] <= timedelta(days=n)
            ]
            assert row[f"n_orders_{n}d"] == len({other["order_id"] for other in own})
            assert row[f"n_products_{n}d"] == len({other["product_id"] for other in own})
            named = {category[other["product_id"]] for other in own} - {None}
            assert row[f"n_categories_{n}d"] == len(named)


def test_an_orders_year_says_what_an_order_brings_and_what_is_bought_again(make_store):
    lines = [line(5), line(5, "milk", net_revenue=8), line(40), line(140), line(500, "bag")]
    (ann,) = drawn(make_store, lines)
    assert (ann["n_order_days_364d"], ann["longest_gap_days"]) == (3, 360)
    assert ann["mean_order_revenue_364d"] == pytest.approx(20 / 3)
    assert ann["recent_revenue_share"] == pytest.approx(12 / 20)
    assert ann["repeat_line_share_364d"] == pytest.approx(2 / 4)


def test_who_bought_nothing_in_a_year_has_no_shares_of_it(make_store):
    (ann,) = drawn(make_store, [line(500)])
    shares = ("mean_order_revenue_364d", "recent_revenue_share", "repeat_line_share_364d", "longest_gap_days")
    assert [ann[name] for name in shares] == [None] * 4
    assert (ann["n_products_364d"], ann["n_order_days_364d"]) == (0, 0)


def test_customers_are_counted_alike_in_portions_of_any_size(make_store, monkeypatch):
    lines = [
        line(ago, what, customer_id=who)
        for who, what, ago in [("ann", "tea", 3), ("bob", "tea", 9), ("cid", "milk", 9), ("cid", "bag", 5)]
    ]
    whole = drawn(make_store, lines)
    monkeypatch.setattr("nextbest.profiles.behaviour.run._PORTION", 1)
    assert drawn(make_store, lines) == whole


def test_two_days_give_what_each_gives_alone(make_store):
    lines = [line(3), line(50, "milk"), line(200)]
    early = DAY - timedelta(days=40)
    both = drawn(make_store, lines, (early, DAY))
    assert both == drawn(make_store, lines, (early,)) + drawn(make_store, lines, (DAY,))
