from datetime import date

from nextbest.base.capability import Moment
from nextbest.decisions.audiences.run import run
from nextbest.decisions.audiences.spec import AudienceSettings
from nextbest.models.rules import rule_id

MOMENT = Moment(as_of=date(2017, 3, 1))
LINES = [
    {"customer_id": "ann", "product_id": "p1", "ordered_at": "2017-01-01"},
    {"customer_id": "bob", "product_id": "p1", "ordered_at": "2017-01-01"},
    {"customer_id": "bob", "product_id": "p2", "ordered_at": "2017-01-01"},
]
PRODUCTS = [{"product_id": "p1", "category": "Nuts + Seeds"}, {"product_id": "p2", "category": "Beer"}]
RULE = {
    "rule_id": rule_id("category", ("Nuts + Seeds",), "Beer", "+", False),
    "body_ids": "Nuts + Seeds",
    "head_id": "Beer",
    "level": "category",
    "sign": "+",
    "is_ordered": False,
    "is_redundant": False,
    "size_lift": 2.0,
    "size_q_value": 0.01,
    "n_audience": 1,
    "origin": "mined",
    "margin_at_stake": 3.5,
}


def test_ann_has_nuts_and_lacks_beer(make_store):
    store = make_store(order_lines=LINES, products=PRODUCTS, rules=[RULE])
    assert run(store, AudienceSettings(), MOMENT) == []
    assert store.written["audiences"].to_pylist() == [
        {"rule_id": RULE["rule_id"], "customer_id": "ann", "margin_at_stake": 3.5}
    ]


def test_no_rule_worth_acting_on_gives_an_empty_table(make_store):
    store = make_store(order_lines=LINES, rules=[RULE | {"size_lift": 0.9}])
    assert run(store, AudienceSettings(), MOMENT) == []
    assert store.written["audiences"].num_rows == 0


def test_where_orders_know_no_customers_holdings_do(make_store):
    rows = [{"customer_id": "ann", "product_id": "card"}]
    held = RULE | {
        "rule_id": rule_id("product", ("card",), "loan", "+", False),
        "level": "product",
        "body_ids": "card",
        "head_id": "loan",
    }
    store = make_store(holdings=rows, rules=[held])
    run(store, AudienceSettings(), Moment(as_of=None))
    assert store.written["audiences"]["customer_id"].to_pylist() == ["ann"]


def test_a_rule_towards_what_no_shop_proposes_gets_an_audience_only_if_a_person_vouched_for_it(make_store):
    rule = RULE | {"is_never": True}
    store = make_store(order_lines=LINES, products=PRODUCTS, rules=[rule])
    run(store, AudienceSettings(), MOMENT)
    assert store.written["audiences"].num_rows == 0
    store = make_store(order_lines=LINES, products=PRODUCTS, rules=[rule | {"review": "approved"}])
    run(store, AudienceSettings(), MOMENT)
    assert store.written["audiences"].num_rows == 1
