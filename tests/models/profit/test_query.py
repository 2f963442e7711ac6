"""What the queries show: heads worth looking at, margins known on the day, windows, who left."""

from datetime import date

import ibis
import pytest

from nextbest.app.catalogue import contracts
from nextbest.models.profit import ProfitSettings, query
from nextbest.models.rules import RULES

AS_OF = date(2026, 7, 1)
IBIS = {"string": "string", "int64": "int64", "float64": "float64", "boolean": "boolean", "date": "date", "timestamp": "timestamp", "money": "decimal(18, 4)"}  # fmt: skip


def unbound(name):
    return ibis.table({column.name: IBIS[column.kind] for column in contracts()[name]}, name=name)


def rows(store, expression):
    return sorted(tuple(row.values()) for row in store.arrow(expression).to_pylist())


def test_queries_are_lazy():
    shares = query.margin_shares(unbound("product_profiles"), AS_OF)
    purchases = query.bought(unbound("order_lines"), shares, AS_OF)
    assert purchases.columns == ("customer_id", "product_id", "bought_on", "is_kept", "margin")
    assert query.opened(unbound("holdings"), AS_OF).columns == purchases.columns
    assert (
        query.earned_by_month(unbound("customer_profit"), AS_OF).columns
        == query.earned_by_day(purchases).columns
    )
    heads = query.heads_of(unbound("rules"), ProfitSettings())
    assert heads.columns == ("level", "head_id", "head", "margin_at_stake")
    assert query.held_and_left(unbound("holdings"), AS_OF, ProfitSettings()).columns == (
        "n_products_held",
        "n_customers",
        "n_left",
    )


def test_heads_are_those_of_sure_or_approved_positive_rules(make_store, rules):
    sure, other, few, written = rules[:4]
    store = make_store(
        rules=[
            sure,
            sure | {"rule_id": "r9", "margin_at_stake": 30.0},
            other | {"is_redundant": True},
            few | {"size_lift": None, "size_q_value": None, "q_value": 0.01, "rule_lift": 2.0},
            written | {"size_lift": 0.5, "size_q_value": 0.9, "origin": "written"},
        ]
    )
    assert RULES.name == "rules"
    assert rows(store, query.heads_of(store.table("rules"), ProfitSettings())) == [
        ("product", "h0", "H0", 30.0),
        ("product", "h2", "H2", 10.0),
        ("product", "h3", "H3", 10.0),
    ]


def test_margins_are_those_of_the_last_profile_known_on_the_day(make_store):
    profiles = [
        {"product_id": "tea", "as_of": day, "margin_share": share, "margin_source": "given"}
        for day, share in (("2026-04-01", 0.1), ("2026-07-01", 0.2), ("2026-08-01", 0.3))
    ]
    store = make_store(product_profiles=profiles)
    assert rows(store, query.margin_shares(store.table("product_profiles"), AS_OF)) == [("tea", 0.2, "given")]


def test_returns_take_their_margin_back_and_cancelled_lines_are_not_kept(make_store):
    lines = [
        {"customer_id": "ann", "product_id": "tea", "ordered_on": "2026-06-01", "net_revenue": 10},
        {"customer_id": "ann", "product_id": "tea", "ordered_on": "2026-06-02", "net_revenue": 8, "cancelled_on": "2026-06-03"},
        {"customer_id": "ann", "product_id": "tea", "ordered_on": "2026-06-03", "net_revenue": -8, "is_return": True},
        {"customer_id": "ann", "product_id": "tea", "ordered_on": "2026-07-01", "net_revenue": 99},
        {"customer_id": None, "product_id": "tea", "ordered_on": "2026-06-01", "net_revenue": 99},
    ]  # fmt: skip
    profiles = [{"product_id": "tea", "as_of": "2026-07-01", "margin_share": 0.5, "margin_source": "given"}]
    store = make_store(order_lines=lines, product_profiles=profiles)
    shares = query.margin_shares(store.table("product_profiles"), AS_OF)
    earned = query.earned_by_day(query.bought(store.table("order_lines"), shares, AS_OF))
    found = {row["on"].day: (float(row["profit"]), row["size"]) for row in store.arrow(earned).to_pylist()}
    assert found == {1: (5.0, 1), 2: (4.0, 0), 3: (-4.0, 0)}


@pytest.mark.parametrize(("unit", "number"), [("day", 59), ("month", 2)])
def test_periods_are_numbered_since_1970(make_store, unit, number):
    store = make_store(customer_profit=[{"customer_id": "ann", "month_on": "1970-03-01", "profit": 1}])
    table = store.table("customer_profit")
    assert rows(store, table.select(n=query.number_of(table.month_on, unit))) == [(number,)]


def test_the_month_under_way_is_not_seen(make_store):
    months = [{"customer_id": "ann", "month_on": day, "profit": 1} for day in ("2026-05-01", "2026-06-01")]
    store = make_store(customer_profit=months)
    earned = query.earned_by_month(store.table("customer_profit"), date(2026, 6, 15))
    assert [row["on"] for row in store.arrow(earned).to_pylist()] == [date(2026, 5, 1)]


def test_who_holds_nothing_any_more_has_left(make_store):
    holdings = [
        {"customer_id": "ann", "product_id": "card", "opened_on": "2025-01-01", "closed_on": "2026-06-01"},
        {"customer_id": "bob", "product_id": "card", "opened_on": "2025-01-01", "closed_on": "2026-06-01"},
        {"customer_id": "bob", "product_id": "loan", "opened_on": "2025-01-01"},
        {"customer_id": "cid", "product_id": "card", "opened_on": "2025-01-01", "closed_on": "2026-08-01"},
        {"customer_id": "dan", "product_id": "card", "opened_on": "2026-06-15"},
        {"customer_id": "eve", "product_id": "card", "opened_on": "2025-01-01", "closed_on": "2026-01-01"},
    ]
    store = make_store(holdings=holdings)
    counts = query.held_and_left(store.table("holdings"), AS_OF, ProfitSettings())
    assert rows(store, counts) == [(1, 2, 1), (2, 1, 0)]


def test_many_stand_in_one_row(make_store):
    holdings = [
        {"customer_id": "ann", "product_id": f"p{number}", "opened_on": "2025-01-01"} for number in range(7)
    ]
    store = make_store(holdings=holdings)
    counts = query.held_and_left(store.table("holdings"), AS_OF, ProfitSettings(most_held=4))
    assert rows(store, counts) == [(4, 1, 0)]


def test_who_has_had_it_since_nobody_knows_when_is_no_buyer(make_store):
    holdings = [
        {"customer_id": "ann", "product_id": "loan", "opened_on": "2025-06-01"},
        {"customer_id": "ann", "product_id": "loan", "opened_on": None},
        {"customer_id": "bob", "product_id": "loan", "opened_on": "2025-06-01"},
    ]
    store = make_store(holdings=holdings, rules=[])
    heads = ibis.memtable({"level": ["product"], "head_id": ["loan"]})
    products = ibis.memtable(
        {"product_id": ["loan"], "category": ["credit"], "department": [None]},
        schema={"product_id": "string", "category": "string", "department": "string"},
    )
    members = query.head_products(heads, products)
    first = query.first_purchases(query.opened(store.table("holdings"), AS_OF), members)
    known = {row["customer_id"]: row["is_since_known"] for row in store.arrow(first).to_pylist()}
    assert known == {"ann": False, "bob": True}
