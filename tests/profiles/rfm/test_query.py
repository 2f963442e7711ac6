from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextbest.profiles.rfm.query import customer_totals, segment_totals

DAY = date(2017, 3, 1)


def test_the_query_runs_nothing_and_fits_the_contract(unbound, fits_contract):
    totals = customer_totals(unbound("order_lines"), [DAY])
    fits_contract(totals, "rfm", without=("r_score", "f_score", "m_score", "segment"))
    assert segment_totals(unbound("rfm"), DAY).columns == (
        "segment",
        "n_customers",
        "customer_share",
        "revenue_total",
        "revenue_share",
    )


def test_five_lines_are_summed_up_by_customer(make_store):
    store = make_store(
        order_lines=[
            {"order_id": "o1", "customer_id": "ann", "product_id": "tea", "ordered_at": "2017-02-01", "net_revenue": 3},
            {"order_id": "o1", "customer_id": "ann", "product_id": "milk", "ordered_at": "2017-02-01", "net_revenue": 2},
            {"order_id": "o2", "customer_id": "ann", "product_id": "tea", "ordered_at": "2017-02-19", "net_revenue": 4},
            {"order_id": "o3", "customer_id": "ann", "product_id": "tea", "ordered_at": "2017-02-20", "net_revenue": -4, "is_return": True},
            {"order_id": "o4", "customer_id": None, "product_id": "tea", "ordered_at": "2017-02-20", "net_revenue": 9},
        ]
    )  # fmt: skip
    assert store.arrow(customer_totals(store.table("order_lines"), [DAY])).to_pylist() == [
        {"customer_id": "ann", "as_of": DAY, "days_since_last_order": 10, "n_orders": 2, "revenue_total": Decimal("5.0000")}
    ]  # fmt: skip


LINE = st.builds(
    lambda customer, order, day, euro, is_return, cancelled: {
        "customer_id": customer,
        "order_id": f"{customer}-{order}",
        "product_id": "tea",
        "ordered_on": date(2017, 2, day),
        "net_revenue": euro,
        "is_return": is_return,
        "cancelled_on": cancelled and date(2017, 2, max(day, cancelled)),
    },
    st.sampled_from(["ann", "bob"]),
    st.integers(1, 3),
    st.integers(1, 28),
    st.integers(-9, 9),
    st.booleans(),
    st.none() | st.integers(1, 28),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINE, min_size=1, max_size=8), st.integers(2, 28))
def test_what_happens_on_or_after_the_day_changes_nothing(make_store, lines, day):
    as_of = date(2017, 2, day)
    past = [
        row | {"cancelled_on": row["cancelled_on"] if (row["cancelled_on"] or as_of) < as_of else None}
        for row in lines
        if row["ordered_on"] < as_of
    ]

    def rows(known):
        store = make_store(order_lines=known, threads=1)
        found = store.arrow(customer_totals(store.table("order_lines"), [as_of]))
        return sorted(found.to_pylist(), key=str)

    assert rows(lines) == (rows(past) if past else [])
