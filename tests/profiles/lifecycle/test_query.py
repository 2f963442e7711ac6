from datetime import date

from nextbest.profiles.lifecycle.query import customer_gaps, stage_totals
from nextbest.profiles.query import order_days

DAY = date(2017, 3, 1)
LINES = [
    {"order_id": "o1", "customer_id": "ann", "product_id": "tea", "ordered_at": "2017-02-01"},
    {"order_id": "o1", "customer_id": "ann", "product_id": "milk", "ordered_at": "2017-02-01"},
    {"order_id": "o2", "customer_id": "ann", "product_id": "tea", "ordered_at": "2017-02-01"},
    {"order_id": "o3", "customer_id": "ann", "product_id": "tea", "ordered_at": "2017-02-05"},
    {"order_id": "o4", "customer_id": "ann", "product_id": "tea", "ordered_at": "2017-02-19"},
    {"order_id": "o5", "customer_id": "ann", "product_id": "tea", "ordered_at": "2017-03-01"},
    {"order_id": "o6", "customer_id": "bob", "product_id": "tea", "ordered_at": "2017-02-27"},
]


def test_the_queries_run_nothing(unbound):
    assert customer_gaps(unbound("order_lines"), [DAY]).columns == (
        "customer_id",
        "as_of",
        "n_orders",
        "n_gaps",
        "gap_days_squared",
        "first_gap_days",
        "days_since_first_order",
        "days_since_last_order",
        "days_first_to_last",
    )
    assert "customer_share" in stage_totals(unbound("lifecycle"), DAY).columns


def test_two_orders_of_one_day_make_one_order_day(make_store):
    store = make_store(order_lines=LINES)
    rows = store.arrow(order_days(store.table("order_lines"), [DAY])).to_pylist()
    found = sorted(
        (row["customer_id"], row["ordered_on"].day, row["n_orders"], row["gap_days"]) for row in rows
    )
    assert found == [("ann", 1, 2, None), ("ann", 5, 1, 4), ("ann", 19, 1, 14), ("bob", 27, 1, None)]


def test_gaps_are_summed_up_by_customer(make_store):
    store = make_store(order_lines=LINES)
    ann, bob = store.arrow(customer_gaps(store.table("order_lines"), [DAY])).to_pylist()
    assert ann == {
        "customer_id": "ann",
        "as_of": DAY,
        "n_orders": 4,
        "n_gaps": 2,
        "gap_days_squared": 4**2 + 14**2,
        "first_gap_days": 4,
        "days_since_first_order": 28,
        "days_since_last_order": 10,
        "days_first_to_last": 18,
    }
    assert (bob["n_gaps"], bob["gap_days_squared"], bob["first_gap_days"]) == (0, 0, None)
