from datetime import date

import ibis
import pyarrow as pa
import pytest

from nextbest.decisions.audiences.query import audiences, bought, chosen_rules, has_items, held
from nextbest.decisions.audiences.spec import AudienceSettings

DAY = date(2017, 3, 1)


@pytest.fixture
def unbound():
    from nextbest.app.catalogue import contracts
    from nextbest.engines.duckdb_store import arrow_schema

    def table(name):
        return ibis.table(ibis.Schema.from_pyarrow(arrow_schema(contracts()[name])), name=name)

    return table


def rule(rule_id, **cells):
    return {
        "rule_id": rule_id,
        "body_ids": "tea",
        "head_id": "milk",
        "level": "product",
        "sign": "+",
        "is_ordered": False,
        "is_redundant": False,
        "size_lift": 2.0,
        "size_q_value": 0.01,
        "n_audience": 4,
        "origin": "mined",
        "margin_at_stake": 8.0,
        **cells,
    }


def chosen(make_store, rules, **settings):
    store = make_store(rules=rules)
    rows = store.arrow(chosen_rules(store.table("rules"), AudienceSettings(**settings))).to_pylist()
    return {row["rule_id"]: row["margin_at_stake"] for row in rows}


def test_the_queries_run_nothing_and_fit_the_contract(unbound):
    rules = chosen_rules(unbound("rules"), AudienceSettings())
    bodies = rules.select("rule_id", "level", item_id="body_ids", n_items=ibis.literal(1))
    heads = rules.select("rule_id", "level", "margin_at_stake", item_id="head_id")
    for haves in (bought(unbound("order_lines"), DAY), held(unbound("holdings"), DAY)):
        has = has_items(haves, unbound("products"), heads, ["category", "product"])
        found = audiences(bodies, heads, has)
        assert found.schema() == unbound("audiences").schema()


def test_one_customers_stake_is_the_rules_stake_shared_out(make_store):
    assert chosen(make_store, [rule("r1")]) == {"r1": 2.0}


@pytest.mark.parametrize(
    "cells",
    [
        {"sign": "-"},
        {"review": "rejected"},
        {"review": "rejected", "origin": "written"},
        {"size_q_value": 0.05},
        {"size_lift": 1.0},
        {"is_redundant": True},
        {"size_q_value": None},
    ],
)
def test_rules_that_are_not_sure_or_rejected_get_no_audience(make_store, cells):
    assert chosen(make_store, [rule("r1", **{"review": None} | cells)]) == {}


def test_approved_and_written_rules_always_get_one(make_store):
    rules = [
        rule("r1", review="approved", size_q_value=None, size_lift=0.5, is_redundant=True),
        rule("r2", origin="written", size_q_value=0.9),
        rule("r3"),
        rule("r4", margin_at_stake=9.0),
    ]
    assert set(chosen(make_store, rules, max_rules=1)) == {"r1", "r2", "r4"}


def test_without_margins_audience_times_lift_decides_and_ties_go_to_the_smaller_id(make_store):
    bare = [rule(name, margin_at_stake=None, n_audience=n) for name, n in (("r3", 5), ("r2", 5), ("r1", 4))]
    assert list(chosen(make_store, bare, max_rules=1)) == ["r2"]


LINES = [
    {"customer_id": "ann", "product_id": "tea", "ordered_at": "2017-01-01"},
    {"customer_id": "bob", "product_id": "tea", "ordered_at": "2017-01-01"},
    {"customer_id": "bob", "product_id": "milk", "ordered_at": "2017-02-01"},
    {"customer_id": "cid", "product_id": "milk", "ordered_at": "2017-02-01"},
    {"customer_id": None, "product_id": "tea", "ordered_at": "2017-02-01"},
]


def found(make_store, lines, bodies, head, *, as_of=DAY, level="product", products=()):
    catalogue = list(products) or [{"product_id": "tea", "category": "Drinks"}, {"product_id": "milk"}]
    store = make_store(order_lines=lines, products=catalogue)
    body = pa.table({"rule_id": ["r1"] * len(bodies), "level": [level] * len(bodies), "item_id": bodies})
    body = body.append_column("n_items", pa.array([len(bodies)] * len(bodies)))
    heads = pa.table({"rule_id": ["r1"], "level": [level], "item_id": [head], "margin_at_stake": [2.0]})
    items = store.memtable(
        pa.concat_tables([body.select(["level", "item_id"]), heads.select(["level", "item_id"])])
    )
    has = has_items(bought(store.table("order_lines"), as_of), store.table("products"), items, [level])
    rows = store.arrow(audiences(store.memtable(body), store.memtable(heads), has)).to_pylist()
    return sorted(row["customer_id"] for row in rows)


def test_who_has_the_body_and_lacks_the_head_is_in(make_store):
    assert found(make_store, LINES, ["tea"], "milk") == ["ann"]


def test_the_head_bought_later_is_not_known_yet(make_store):
    assert found(make_store, LINES, ["tea"], "milk", as_of=date(2017, 2, 1)) == ["ann", "bob"]


def test_without_dates_everything_counts(make_store):
    undated = [{name: cell for name, cell in row.items() if name != "ordered_at"} for row in LINES]
    assert found(make_store, undated, ["tea"], "milk", as_of=None) == ["ann"]


def test_half_a_body_is_not_enough(make_store):
    assert found(make_store, LINES, ["tea", "milk"], "jam") == ["bob"]


def test_buying_the_body_twice_counts_once(make_store):
    assert found(make_store, LINES + LINES[:1], ["tea", "jam"], "milk") == []


def test_categories_are_had_through_their_products(make_store):
    products = [{"product_id": "tea", "category": "Drinks"}, {"product_id": "milk", "category": "Dairy"}]
    assert found(make_store, LINES, ["Dairy"], "Drinks", level="category", products=products) == ["cid"]


@pytest.mark.parametrize(
    "cells", [{"is_return": True}, {"cancelled_on": date(2017, 2, 5)}, {"is_product": False}]
)
def test_what_went_back_is_not_had(make_store, cells):
    lines = [row | {"is_return": None, "cancelled_on": None, "is_product": None} for row in LINES]
    lines[2] |= cells
    assert found(make_store, lines, ["tea"], "milk") == ["ann", "bob"]


def test_holdings_opened_before_the_day_are_had_even_when_closed(make_store):
    rows = [
        {
            "customer_id": "ann",
            "product_id": "card",
            "opened_on": date(2016, 1, 1),
            "closed_on": date(2016, 2, 1),
        },
        {"customer_id": "bob", "product_id": "card", "opened_on": date(2018, 1, 1)},
        {"customer_id": "cid", "product_id": "card"},
    ]
    store = make_store(holdings=rows)
    had = store.arrow(held(store.table("holdings"), DAY)).to_pylist()
    assert sorted(row["customer_id"] for row in had) == ["ann", "cid"]
