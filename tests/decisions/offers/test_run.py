import json
from datetime import date

import pytest

from nextbest.base.capability import Moment
from nextbest.base.messages import codes, render
from nextbest.decisions.offers.run import run
from nextbest.decisions.offers.spec import KINDS, REASON_VALUES, OfferSettings
from nextbest.models.rules import rule_id

SETTINGS = OfferSettings()


def offers_of(store, customer):
    rows = store.written["next_best_offers"].to_pylist()
    return {row["product_id"]: row for row in rows if row["customer_id"] == customer}


def stages(store, customer):
    rows = store.written["offer_candidates"].to_pylist()
    return {row["product_id"]: row["stage"] for row in rows if row["customer_id"] == customer}


def test_ann_is_offered_what_is_worth_most_first(make_store, shop, moment):
    store = make_store(**shop)
    run(store, SETTINGS, moment)
    mine = offers_of(store, "ann")
    assert [(row["rank"], name, row["kind"]) for name, row in mine.items()] == [
        (1, "cake", "discover"),
        (2, "tea", "replenish"),
        (3, "milk", "cross_sell"),
        (4, "jam", "discover"),
        (5, "fine tea", "up_sell"),
    ]
    assert mine["cake"]["expected_profit"] == pytest.approx(0.6)
    assert all(row["incremental_profit"] is None for row in mine.values())
    assert all(row["offer_id"] == f"{row['kind']}:{name}" for name, row in mine.items())


def test_a_rule_gives_the_reason_and_recommend_the_probability(make_store, shop, moment):
    store = make_store(**shop)
    run(store, SETTINGS, moment)
    milk = offers_of(store, "ann")["milk"]
    assert (milk["probability"], milk["model_id"]) == (0.3, "recommend")
    assert milk["rule_id"] == shop["rules"][0]["rule_id"]
    assert milk["reason"] == "Goes with Tea, which they bought: together 2.5 times as often as chance"
    assert set(json.loads(milk["placeholders"])) == set(REASON_VALUES)


@pytest.mark.parametrize("confidence", [0.01, 0.99, None])
def test_a_rules_confidence_changes_nothing(make_store, shop, moment, confidence):
    """Of two rules the one with less lift is given every confidence: neither order nor places change."""
    other = shop["rules"][0] | {
        "rule_id": rule_id("product", ("tea",), "jam", "+", False),
        "head": "Jam",
        "head_id": "jam",
        "size_lift": 1.5,
    }
    audiences = [*shop["audiences"], {"rule_id": other["rule_id"], "customer_id": "ann"}]
    lists = [row for row in shop["recommendations"] if row["product_id"] not in {"milk", "jam"}]
    lines = [*shop["order_lines"], bought("cat", "milk", "2026-06-20")]
    lines += [bought(name, "jam", "2026-06-20") for name in ("dan", "eve", "fay")]
    both = shop | {"audiences": audiences, "recommendations": lists, "order_lines": lines}
    store = make_store(**both | {"rules": [shop["rules"][0], other]})
    run(store, SETTINGS, moment)
    assert {"milk", "jam"} <= set(offers_of(store, "ann"))
    changed = make_store(**both | {"rules": [shop["rules"][0], other | {"confidence": confidence}]})
    run(changed, SETTINGS, moment)
    assert store.written["next_best_offers"].equals(changed.written["next_best_offers"])


def test_bob_is_not_offered_milk_that_he_has_just_bought(make_store, shop, moment):
    store = make_store(**shop)
    run(store, SETTINGS, moment)
    assert stages(store, "bob")["milk"] == "just_bought"
    assert "milk" not in offers_of(store, "bob")


def test_milk_that_is_used_up_again_is_offered(make_store, shop, moment):
    rows = [
        row | {"gap_days": 7.0} if row["gap_days"] == 55.0 else row
        for row in map(full, shop["recommendations"])
    ]
    store = make_store(**shop | {"recommendations": rows})
    run(store, SETTINGS, moment)
    assert offers_of(store, "bob")["milk"]["kind"] == "replenish"


def full(row):
    return {"gap_days": None} | row


def test_without_a_history_nothing_is_because_they_bought(make_store, shop, moment):
    rest = [row for row in shop["order_lines"] if row["customer_id"] != "ann"]
    store = make_store(**shop | {"order_lines": rest})
    run(store, SETTINGS, moment)
    mine = offers_of(store, "ann")
    assert mine
    assert all(row["kind"] != "cross_sell" and row["reason_code"] != "because" for row in mine.values())
    assert all(json.loads(row["placeholders"])["because"] is None for row in mine.values())


def test_a_rejected_rule_is_not_offered_and_counted(make_store, shop, moment):
    rejected = [{"rule_id": shop["rules"][0]["rule_id"], "state": "rejected"}]
    store = make_store(**shop | {"reviews": rejected})
    run(store, SETTINGS, moment)
    assert stages(store, "ann")["milk"] == "rejected_rule"
    assert {"reason": "rejected_rule", "n_candidates": 1, "n_customers": 1} in store.written[
        "offer_exclusions"
    ].to_pylist()


@pytest.mark.parametrize(
    ("product", "reason"),
    [
        ({"is_active": False}, "inactive"),
        ({"risk_level": 4}, "risk_too_high"),
        ({"name": "Tea"}, "has_alike"),
    ],
)
def test_guardrails_hold_for_cake(make_store, shop, moment, product, reason):
    products = [row | product if row["product_id"] == "cake" else row for row in shop["products"]]
    store = make_store(**shop | {"products": products})
    run(store, SETTINGS, moment)
    assert stages(store, "ann")["cake"] == reason
    assert "cake" not in offers_of(store, "ann")


def test_a_customer_who_may_take_the_risk_gets_it(make_store, shop, moment):
    products = [row | {"risk_level": 4} if row["product_id"] == "cake" else row for row in shop["products"]]
    customers = [{"customer_id": "ann", "risk_level": 5}, {"customer_id": "bob", "risk_level": 3}]
    store = make_store(**shop | {"products": products, "customers": customers})
    run(store, SETTINGS, moment)
    assert "cake" in offers_of(store, "ann")
    assert "cake" not in offers_of(store, "bob")


def test_margins_under_the_floor_are_left_out(make_store, shop, moment):
    store = make_store(**shop)
    run(store, OfferSettings(margin_floor=0.75), moment)
    assert stages(store, "ann")["milk"] == "under_margin_floor"


def test_losing_heads_are_left_out_only_if_the_owner_says_so(make_store, shop, moment):
    lost = [{"level": "product", "head_id": "milk", "is_losing": True}]
    store = make_store(**shop | {"head_profit": lost})
    run(store, SETTINGS, moment)
    assert "milk" in offers_of(store, "ann")
    run(store, OfferSettings(leave_out_losing=True), moment)
    assert stages(store, "ann")["milk"] == "losing_rule"


def test_without_margins_probability_ranks_and_a_finding_says_so(make_store, shop, moment):
    del shop["product_profiles"]
    store = make_store(**shop)
    found = run(store, SETTINGS, moment)
    assert list(offers_of(store, "ann"))[:3] == ["tea", "milk", "cake"]
    assert "offers.no_margin" in {finding.code for finding in found}


def test_without_days_offers_are_made_without_probability(make_store, shop):
    undated = [{k: v for k, v in row.items() if k != "ordered_at"} for row in shop["order_lines"]]
    lists = [row | {"probability": None, "since_days": None} for row in shop["recommendations"]]
    store = make_store(**shop | {"order_lines": undated, "recommendations": lists})
    found = run(store, SETTINGS, Moment(None))
    assert "milk" in offers_of(store, "ann")
    assert "offers.no_probability" in {finding.code for finding in found}
    assert all(row["probability"] is None for row in offers_of(store, "ann").values())


def test_holdings_alone_give_a_better_version_to_who_uses_too_much(make_store, shop, moment):
    tables = {name: shop[name] for name in ("products", "ladders")}
    holdings = [
        {
            "customer_id": "ann",
            "product_id": "tea",
            "opened_on": "2026-01-01",
            "usage": 12.0,
            "allowance": 10.0,
        },
        {
            "customer_id": "bob",
            "product_id": "tea",
            "opened_on": "2026-01-01",
            "usage": 3.0,
            "allowance": 10.0,
        },
    ]
    holdings = [row | {"opened_on": date(2026, 1, 1)} for row in holdings]
    lists = [
        {"customer_id": name, "list": "discover", "rank": 1, "product_id": "jam", "level": "product"}
        | {"reason_code": "popular", "reason": ""}
        for name in ("ann", "bob")
    ]
    store = make_store(**tables, holdings=holdings, recommendations=lists)
    run(store, SETTINGS, moment)
    assert offers_of(store, "ann")["fine tea"]["reason"] == "Uses 120% of what Tea includes"
    assert offers_of(store, "bob")["fine tea"]["reason_code"] == "given"


def test_a_category_looked_at_again_and_again_is_offered(make_store, shop, moment):
    views = [
        {
            "event_id": f"e{number}",
            "customer_id": "ann",
            "type": "Product Viewed",
            "occurred_at": f"2026-06-2{number}T10:00:00",
            "product_id": "jam",
        }
        for number in range(3)
    ]
    store = make_store(**shop | {"events": views})
    run(store, SETTINGS, moment)
    assert offers_of(store, "ann")["jam"]["reason"] == "Looked at spreads 3 times without buying"


def test_row_order_and_threads_change_nothing(make_store, shop, moment):
    one = make_store(**shop, threads=1)
    run(one, SETTINGS, moment)
    other = make_store(**{name: rows[::-1] for name, rows in shop.items()}, threads=2)
    run(other, SETTINGS, moment)
    for name, rows in one.written.items():
        assert rows.equals(other.written[name]), name


def test_what_is_cut_before_the_guardrails_is_counted(make_store, shop, moment):
    store = make_store(**shop)
    run(store, OfferSettings(max_candidates=1), moment)
    counted = {row["reason"]: row for row in store.written["offer_exclusions"].to_pylist()}
    assert counted["beyond_limit"]["n_customers"] == 2


def test_customers_who_may_be_offered_nothing_are_counted(make_store, shop, moment):
    store = make_store(**shop)
    found = run(store, OfferSettings(margin_floor=100), moment)
    assert store.written["next_best_offers"].num_rows == 0
    assert {finding.code: finding.values["n_none"] for finding in found}["offers.nobody"] == 2


def test_every_finding_and_reason_has_its_words(make_store, shop, moment):
    store = make_store(**shop)
    found = run(store, SETTINGS, moment)
    assert set(KINDS.values()) <= {finding.code.removeprefix("offers.") for finding in found}
    for finding in found:
        for language in ("en", "zh"):
            assert {finding.code, f"{finding.code}.evidence", f"{finding.code}.action"} <= set(
                codes(language)
            )
            assert render(finding.evidence, language)
            assert "–" not in render(finding.sentence, language)


def test_batches_of_customers_give_what_all_together_give(make_store, shop, moment, monkeypatch):
    together, apart = make_store(**shop), make_store(**shop)
    run(together, SETTINGS, moment)
    monkeypatch.setattr("nextbest.decisions.offers.run.reading._CUSTOMERS_AT_ONCE", 1)
    run(apart, SETTINGS, moment)
    for name, rows in together.written.items():
        assert rows.equals(apart.written[name]), name


def test_what_happens_on_or_after_as_of_changes_nothing(make_store, shop, moment):
    later = [bought("ann", "cake", "2026-07-01"), bought("bob", "jam", "2026-07-09")]
    store, knowing = make_store(**shop), make_store(**shop | {"order_lines": shop["order_lines"] + later})
    run(store, SETTINGS, moment)
    run(knowing, SETTINGS, moment)
    for name, rows in store.written.items():
        assert rows.equals(knowing.written[name]), name


def bought(customer, product, day):
    return {
        "order_id": f"{customer}-{day}",
        "customer_id": customer,
        "product_id": product,
        "ordered_at": day,
    }


def test_probabilities_of_what_no_list_holds_are_learnt_from_the_last_month(make_store, shop, moment):
    """Of 300 customers 200 had the hat before June; 60 of the other hundred bought it in June."""
    names = [f"c{number:03}" for number in range(300)]
    lines = [bought(name, "tea", "2026-05-01") for name in names]
    lines += [bought(name, "hat", "2026-05-20") for name in names[:200]]
    lines += [bought(name, "tea", "2026-06-10") for name in names[200:]]
    lines += [bought(name, "hat", "2026-06-20") for name in names[200:260]]
    lines += [bought(name, "tea", "2026-05-25") for name in names]
    tables = shop | {"order_lines": lines, "rules": [], "audiences": [], "ladders": []}
    store = make_store(
        **tables | {"products": [{"product_id": name, "name": name} for name in ("tea", "hat")]}
    )
    run(store, SETTINGS, moment)
    hats = [row for row in store.written["next_best_offers"].to_pylist() if row["product_id"] == "hat"]
    assert {row["customer_id"] for row in hats} == set(names[260:])
    assert {row["model_id"] for row in hats} == {"offers.simple"}
    assert all(0 <= row["probability"] <= 1 for row in hats)


def test_three_orders_of_one_day_are_no_rhythm(make_store, shop, moment):
    lists = [row | {"gap_days": 0.0} if row["list"] == "repeat" else row for row in shop["recommendations"]]
    store = make_store(**shop | {"recommendations": lists})
    run(store, SETTINGS, moment)
    assert offers_of(store, "ann")["tea"]["reason"] == "Bought in 2 orders so far, last 61 days ago"
