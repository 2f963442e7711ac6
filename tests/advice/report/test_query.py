"""The shop's totals."""

from decimal import Decimal

import ibis

from nextbest.advice.report import SHOP_TOTALS, shop_totals


def line(order_id, customer_id, product_id, on, money, **given):
    return {
        "line_id": f"{order_id}/{product_id}", "order_id": order_id, "customer_id": customer_id,
        "product_id": product_id, "ordered_at": on, "net_revenue": money,
    } | given  # fmt: skip


def test_postage_does_not_count_and_guests_are_no_customers(make_store):
    store = make_store(
        order_lines=[
            line("o1", "ann", "tea", "2024-01-02", 3, is_product=None),
            line("o1", "ann", "milk", "2024-01-02", 2, is_product=True),
            line("o2", None, "tea", "2024-03-01", 3, is_product=True),
            line("o3", "bob", "post", "2024-05-01", 9, is_product=False),
        ]
    )
    [row] = store.arrow(shop_totals(store.table("order_lines"))).to_pylist()
    assert {name: row[name] for name in ("n_orders", "n_customers", "n_products", "n_lines")} == {
        "n_orders": 2,
        "n_customers": 1,
        "n_products": 2,
        "n_lines": 3,
    }
    assert row["revenue_total"] == Decimal(8)
    assert (row["first_on"].isoformat(), row["last_on"].isoformat()) == ("2024-01-02", "2024-03-01")


def test_the_query_has_the_columns_of_its_contract_and_executes_nothing():
    lines = ibis.table(
        {
            "order_id": "string", "customer_id": "string", "product_id": "string", "ordered_on": "date",
            "net_revenue": "decimal(18, 4)", "is_product": "boolean",
        },
        name="order_lines",
    )  # fmt: skip
    assert shop_totals(lines).columns == SHOP_TOTALS.names
