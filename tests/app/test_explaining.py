"""One customer in words: the whole funnel where offers were run, the rules alone where not."""

from datetime import date

import pytest

from nextbest.app.explaining import explain
from nextbest.base.capability import Moment
from nextbest.base.errors import DataError
from nextbest.base.messages import render
from nextbest.decisions.audiences import AudienceSettings
from nextbest.models.rules import rule_id

MOMENT = Moment(date(2026, 7, 1))
LINES = [{"order_id": "o1", "customer_id": "ann", "product_id": "tea", "ordered_at": "2026-06-01"}]


def candidate(product, stage="offered", **own):
    return {
        "customer_id": "ann",
        "product_id": product,
        "product": product.title(),
        "stage": stage,
        "kind": "discover",
        "reason_code": "because",
        "because": "Tea",
        "probability": 0.1,
        "margin": 2.0,
        "margin_source": "given",
        "expected_profit": 0.2,
    } | own


CANDIDATES = [candidate("cake", rank=1), *(candidate(f"jam {n}", "just_bought") for n in range(5))]
RULE = {
    "rule_id": rule_id("product", ("tea",), "milk", "+", False),
    "body": "Tea",
    "head": "Milk",
    "body_ids": "tea",
    "head_id": "milk",
    "level": "product",
    "sign": "+",
    "is_ordered": False,
    "is_redundant": False,
    "size_lift": 2.5,
    "size_q_value": 0.01,
    "confidence": 0.9,
    "origin": "mined",
}
RULES = {"rules": [RULE], "audiences": [{"rule_id": RULE["rule_id"], "customer_id": "ann"}]}


def told(store, customer="ann", language="en"):
    answer = explain(store, customer, AudienceSettings(), MOMENT, horizon_days=28)
    return answer, [render(sentence, language, currency="USD") for sentence in answer.sentences()]


def test_the_funnel_says_what_is_offered_why_and_what_came_close(make_store):
    answer, sentences = told(make_store(order_lines=LINES, offer_candidates=CANDIDATES, **RULES))
    assert sentences[1:] == [
        "1 offer, most expected profit first. Probability: bought within 28 days, offered or not; what offering adds is untested.",
        "1. Cake: 10% likely, expected profit $0.20 (margin $2.00, given). Because they bought Tea.",
        "Not offered, bought just now (5): Jam 0, Jam 1, Jam 2, …",
        "Rules: 1 start from what they have; 0 of these lead to what they have already, 1 to something they lack. 0 more do not concern them.",
    ]
    assert [row["reason"] for row in answer.ruled_out] == ["just_bought"] * 5
    assert "told" not in answer.as_dict()


def test_where_offers_were_not_run_the_rules_speak(make_store):
    answer, sentences = told(make_store(order_lines=LINES, **RULES))
    assert answer.horizon_days is None
    assert sentences[1].startswith("Offer Milk: has Tea")


def test_who_may_be_offered_nothing_is_told_so(make_store):
    store = make_store(order_lines=LINES, offer_candidates=CANDIDATES[1:])
    assert told(store)[1][1] == "Nothing to offer."


@pytest.mark.parametrize("customer", ["bob", ""])
def test_nobody_knows_bob(make_store, customer):
    with pytest.raises(DataError, match="ustomer"):
        told(make_store(order_lines=LINES, offer_candidates=CANDIDATES, **RULES), customer)


@pytest.mark.parametrize("tables", [{"offer_candidates": CANDIDATES}, RULES])
def test_it_reads_in_chinese_too(make_store, tables):
    assert all(told(make_store(order_lines=LINES, **tables), language="zh")[1])
