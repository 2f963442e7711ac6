from datetime import date

from inline_snapshot import snapshot

from nextbest.base.capability import Moment
from nextbest.base.messages import render
from nextbest.decisions.audiences.run import run
from nextbest.decisions.audiences.spec import AudienceSettings, Reach
from nextbest.decisions.audiences.words import findings
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
    (finding,) = run(store, AudienceSettings(), MOMENT)
    assert store.written["audiences"].to_pylist() == [
        {"rule_id": RULE["rule_id"], "customer_id": "ann", "margin_at_stake": 3.5}
    ]
    assert finding.values == {"n_rules": 1, "n_customers": 1, "customer_share": 0.5}


def test_no_rule_worth_acting_on_gives_an_empty_table_and_no_finding(make_store):
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


def test_the_sentences_read_well_in_both_languages():
    (finding,) = findings(Reach(n_rules=12, n_customers=3400, customer_share=0.34))
    texts = (finding.sentence, finding.evidence, finding.action)
    assert [render(text, language) for language in ("en", "zh") for text in texts] == snapshot(
        [
            "3,400 customers have the one and lack the other of something that goes together.",
            "34% of the known customers, over 12 rules; each rule's customers are listed in the table audiences.",
            "Start with the rule that has most at stake, offer the missing product to its audience, and keep some customers back at random to see what the offer adds.",
            "有 3,400 位顾客买了其中一样，却还没有与之搭配的另一样。",
            "占已知顾客的 34%，涉及 12 条规则；每条规则的顾客名单见 audiences 表。",
            "从涉及毛利最多的规则开始，向名单中的顾客推荐所缺的商品，并随机保留一部分顾客不推荐，以检验推荐带来了多少。",
        ]
    )
