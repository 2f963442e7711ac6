"""The recipe on an in-memory store: what is planted is found, what people said stays, what is missing is named."""

import json
from datetime import date, timedelta

import numpy as np
import pyarrow.parquet as pq
import pytest

from nextbest.base.capability import Moment
from nextbest.base.errors import DataError, SettingsError
from nextbest.base.messages import render
from nextbest.models.rules import CARD, RULES, RulesSettings, rule_id

MOMENT = Moment(date(2025, 1, 1))


def lines_of(*baskets, customer=None, day="2024-03-01"):
    """Write each basket as a string of one-letter products."""
    return [
        {
            "order_id": f"o{at}",
            "product_id": product,
            "customer_id": customer,
            "ordered_at": f"{day}T09:00:00",
        }
        for at, basket in enumerate(baskets)
        for product in basket
    ]


def run(store, **settings):
    """Run the recipe and key its rules by body, head and sign."""
    findings = CARD.load()(store, RulesSettings(**settings), MOMENT)
    rules = {
        (row["body_ids"], row["head_id"], row["sign"], row["is_ordered"]): row
        for row in store.written["rules"].to_pylist()
    }
    return rules, findings


def bare(*baskets):
    """Baskets without customers and days: all that the smallest file gives."""
    return [
        {"order_id": f"o{at}", "product_id": product}
        for at, basket in enumerate(baskets)
        for product in basket
    ]


def test_a_file_of_baskets_and_products_is_enough(make_store):
    rules, _ = run(make_store(order_lines=bare("ab", "ab", "a", "bc")), min_count=2)
    assert set(rules) == {("a", "b", "+", False), ("b", "a", "+", False)}
    rule = rules["a", "b", "+", False]
    assert (rule["n_orders"], rule["n_body"], rule["n_head"], rule["n_both"]) == (4, 3, 3, 2)
    assert rule["support"] == 0.5
    assert rule["confidence"] == pytest.approx(2 / 3)
    assert rule["rule_lift"] == pytest.approx(8 / 9)
    assert rule["conviction"] == pytest.approx(0.75)
    assert rule["is_redundant"]
    for name in (
        "n_customers_both",
        "customer_lift",
        "n_periods",
        "margin_at_stake",
        "margin_source",
        "review",
    ):
        assert rule[name] is None
    assert rule["n_audience"] == 1


def test_the_table_is_as_the_contract_says(make_store):
    store = make_store(order_lines=bare("ab", "ab"))
    run(store, min_count=1)
    assert store.written["rules"].column_names == list(RULES.names)


def test_holdings_make_the_customer_the_basket(make_store):
    held = [("ann", "visa"), ("ann", "loan"), ("bob", "visa"), ("cat", "fund")]
    store = make_store(
        holdings=[{"customer_id": who, "product_id": what} for who, what in held],
        customers=[{"customer_id": who} for who in ("ann", "bob", "cat", "dan")],
    )
    rules, _ = run(store, min_count=1)
    rule = rules["visa", "loan", "+", False]
    assert (rule["n_orders"], rule["n_body"], rule["n_both"]) == (4, 2, 1)
    assert rule["n_customers_both"] == 1
    assert rule["customer_lift"] == rule["rule_lift"] == 2


def test_visa_gold_and_mortgage_of_a_million_customers(make_store):
    import pyarrow as pa

    n = 1_000_000
    ids = np.arange(n).astype(str)
    gold, mortgage = np.arange(29_825), np.arange(29_825 - 8_500, 29_825 - 8_500 + 26_636)
    held = pa.table(
        {
            "customer_id": np.concatenate([ids, ids[gold], ids[mortgage]]),
            "product_id": ["account"] * n + ["gold"] * len(gold) + ["mortgage"] * len(mortgage),
        }
    )
    rules, findings = run(make_store(holdings=held), min_count=100)
    rule = rules["gold", "mortgage", "+", False]
    assert (rule["n_orders"], rule["n_body"], rule["n_head"], rule["n_both"]) == (n, 29_825, 26_636, 8_500)
    assert rule["support"] == pytest.approx(0.0085)
    assert rule["confidence"] == pytest.approx(0.285, abs=5e-4)
    assert rule["rule_lift"] == pytest.approx(10.7, abs=0.05)
    assert rule["size_lift"] is None
    assert render(findings[0].sentence) in (
        "mortgage comes with gold 10.7 times as often as by chance.",
        "gold comes with mortgage 10.7 times as often as by chance.",
    )


def test_a_pair_that_three_households_make_is_not_a_rule(make_store):
    lines = [
        {"order_id": f"o{at}", "product_id": product, "customer_id": f"c{at % 3}", "ordered_at": "2024-03-01"}
        for at in range(30)
        for product in "ab"
    ]
    rules, findings = run(make_store(order_lines=lines), min_count=5)
    assert rules == {}
    assert render(findings[0].sentence) == (
        "At product level 1 pair is in 5 baskets together, but each was made by fewer than 5 known customers."
    )
    assert len(run(make_store(order_lines=lines), min_count=5, min_customers=3)[0]) == 2


def test_reviews_and_written_rules_stay_with_their_rules(make_store):
    key = rule_id("product", ["a"], "b", "+", False)
    wish = rule_id("product", ["a", "c"], "b", "+", False)
    store = make_store(
        order_lines=bare("ab", "ab", "abc", "c"),
        reviews=[{"rule_id": key, "state": "approved", "note": "yes"}],
        written_rules=[
            {
                "rule_id": wish,
                "level": "product",
                "body_ids": json.dumps(["a", "c"]),
                "head_id": "b",
                "sign": "+",
                "is_ordered": False,
            },
            {
                "rule_id": "x",
                "level": "product",
                "body_ids": '["a"]',
                "head_id": "unsold",
                "sign": "+",
                "is_ordered": False,
            },
        ],
    )
    rules, _ = run(store, min_count=2)
    assert (rules["a", "b", "+", False]["review"], rules["a", "b", "+", False]["review_note"]) == (
        "approved",
        "yes",
    )
    written = rules["a + c", "b", "+", False]
    assert (written["rule_id"], written["origin"], written["n_both"]) == (wish, "written", 1)
    limits = {row["limit"]: row["n_left_out"] for row in store.written["rule_limits"].to_pylist()}
    assert limits["written_rules_not_measured"] == 1


def test_rules_are_measured_as_they_were_written_whatever_is_mined(make_store):
    lines = lines_of("ab", "a", customer="ann") + lines_of("c", customer="ann", day="2024-03-11")
    lines = [line | {"order_id": f"{line['order_id']} {line['ordered_at']}"} for line in lines]
    wishes = [("-", False, "b"), ("+", True, "c"), ("+", False, "c")]
    store = make_store(
        order_lines=lines,
        written_rules=[
            {
                "rule_id": f"w{at}",
                "level": "product",
                "body_ids": '["a"]',
                "head_id": head,
                "sign": sign,
                "is_ordered": ordered,
            }
            for at, (sign, ordered, head) in enumerate(wishes)
        ],
    )
    rules, _ = run(store)
    assert {(head, sign, ordered): rule["n_both"] for (_, head, sign, ordered), rule in rules.items()} == {
        ("b", "-", False): 1,
        ("c", "+", True): 1,
        ("c", "+", False): 0,
    }
    assert {rule["origin"] for rule in rules.values()} == {"written"}


def test_money_at_stake_is_audience_by_confidence_beyond_chance_by_margin(make_store):
    rng = np.random.default_rng(0)
    lines, profiles = shop(rng)
    rules, findings = run(make_store(order_lines=lines, product_profiles=profiles), min_count=5)
    rule = rules["p00", "p01", "+", False]
    lift = min(rule["size_lift"], rule["rule_lift"])
    stake = rule["n_audience"] * rule["confidence"] * (1 - 1 / lift) * 2.0
    assert rule["margin_at_stake"] == pytest.approx(stake)
    assert rule["margin_source"] == "given"
    assert {finding.values["body"] for finding in findings[:1]} <= {"p00", "p01"}
    assert findings[0].code == "rules.goes_with"
    assert findings[0].ref in {rule["rule_id"] for rule in rules.values()}


def test_quarters_add_up_to_the_whole(make_store):
    lines, _ = shop(np.random.default_rng(1))
    store = make_store(order_lines=lines)
    rules, _ = run(store, min_count=5, sign="both")
    whole = {}
    for row in store.written["rule_periods"].to_pylist():
        whole.setdefault(row["rule_id"], []).append(row)
    for rule in rules.values():
        rows = whole[rule["rule_id"]]
        for name in ("n_orders", "n_body", "n_head", "n_both"):
            assert sum(row[name] for row in rows) == rule[name]


def test_the_same_rules_whatever_the_order_of_lines_and_the_threads(make_store):
    lines, profiles = shop(np.random.default_rng(2))
    products = [{"product_id": f"p{at:02}", "category": f"c{at % 4}"} for at in range(20)]
    settings = {
        "level": "product,category",
        "ordered": "both",
        "sign": "both",
        "min_count": 5,
        "max_length": 3,
    }
    written = []
    for threads, order in ((1, lines), (3, lines[::-1])):
        store = make_store(order_lines=order, products=products, product_profiles=profiles, threads=threads)
        run(store, **settings)
        written.append(store.written)
    for name in ("rules", "rule_periods", "rule_limits"):
        assert written[0][name].equals(written[1][name])


def test_nothing_on_or_after_the_day_is_seen(make_store):
    lines = lines_of("ab", "ab", "ab") + [
        {"order_id": "late", "product_id": product, "ordered_at": "2025-01-01T09:00:00"} for product in "ab"
    ]
    rules, _ = run(make_store(order_lines=lines), min_count=1)
    assert rules["a", "b", "+", False]["n_both"] == 3


def test_a_giant_basket_is_left_out_and_said(make_store):
    store = make_store(order_lines=bare("ab", "ab", "abcdefgh"))
    rules, findings = run(store, min_count=1, max_basket=5)
    assert set(rules) == {("a", "b", "+", False), ("b", "a", "+", False)}
    assert [finding.code for finding in findings] == ["rules.large_baskets_left_out"]


@pytest.mark.parametrize(
    ("level", "department", "relation"),
    [
        ("category", "drinks", "substitutes"),
        ("category", None, "different_customers"),
        ("department", "drinks", "different_customers"),
    ],
)
def test_categories_are_substitutes_only_within_a_department(make_store, level, department, relation):
    lines = [
        line | {"order_id": f"{who} {line['order_id']}", "customer_id": who}
        for who in ("ann", "bob", "cat", "dan", "eve")
        for line in lines_of("t", "c", "t", "c")
    ]
    products = [
        {"product_id": "t", "category": "tea", "department": department},
        {"product_id": "c", "category": "coffee", "department": f"other {department}" if level == "department" else department},
    ]  # fmt: skip
    rules, _ = run(make_store(order_lines=lines, products=products), level=level, sign="-", min_count=5)
    assert {rule["relation"] for rule in rules.values()} == {relation}
    assert rules


def test_order_both_finds_what_comes_later(make_store):
    lines = [
        {"order_id": f"{who}{at}", "customer_id": f"c{who}", "product_id": product,
         "ordered_at": f"{date(2024, 1, 1) + timedelta(who + 20 * at)}T09:00:00"}
        for who in range(8)
        for at, product in enumerate("ab")
    ]  # fmt: skip
    rules, _ = run(make_store(order_lines=lines), min_count=5, ordered="both")
    assert set(rules) == {("a", "b", "+", True)}
    rule = rules["a", "b", "+", True]
    assert (rule["relation"], rule["days_between"], rule["n_both"], rule["n_orders"]) == ("follows", 20, 8, 8)


@pytest.mark.parametrize(
    ("baskets", "settings", "code"),
    [
        (("a", "a"), {}, "rules.too_few_products"),
        (("ab",), {}, "rules.no_pairs"),
        (("ab",), {"level": "category"}, "rules.nothing_at_level"),
        (("ab",), {"ordered": "true"}, "rules.order_unknown"),
    ],
)
def test_what_cannot_be_found_is_said_in_words(make_store, baskets, settings, code):
    rules, findings = run(make_store(order_lines=bare(*baskets)), **settings)
    assert rules == {}
    assert [finding.code for finding in findings] == [code]
    for language in ("en", "zh"):
        assert all(
            render(part, language)
            for part in (findings[0].sentence, findings[0].evidence, findings[0].action)
        )


def test_too_many_rules_are_one_sentence_with_a_way_out(make_store):
    store = make_store(order_lines=bare("abcdef"))
    with pytest.raises(DataError, match=r"more than 10 rules .* Set rules.min_count to 2 or more"):
        run(store, min_count=1, max_rules=10)


def test_a_chosen_floor_rises_until_the_rules_fit(make_store):
    store = make_store(order_lines=bare(*["abcdef"] * 5, *["ab"] * 20))
    rules, findings = run(store, max_rules=10)
    assert len(rules) == 2
    assert "rules.floor_raised" in [finding.code for finding in findings]


def test_two_floors_at_once_are_refused(make_store):
    with pytest.raises(SettingsError, match="expected one of the two"):
        run(make_store(order_lines=bare("ab")), min_count=1, min_support=0.1)


def test_groceries_hold_410_sure_rules(make_store, shared_data):
    """Hahsler, Hornik, Reutterer (2006): support 0.001, confidence 0.8, every length."""
    store = make_store(order_lines=groceries(shared_data))
    rules, _ = run(store, min_support=0.001, min_confidence=0.8, max_length=10)
    assert len(rules) == 410
    assert sorted({len(body.split(" + ")) + 1 for body, *_ in rules}) == [3, 4, 5, 6]


@pytest.mark.slow
def test_groceries_are_as_mlxtend_says(make_store, shared_data):
    """Its confidence, a quotient of quotients, puts 4 baskets of 5 a hair below 0.8; hence the threshold."""
    frequent_patterns = pytest.importorskip("mlxtend.frequent_patterns")
    pd = pytest.importorskip("pandas")
    lines = groceries(shared_data)
    rules, _ = run(make_store(order_lines=lines), min_support=0.001, min_confidence=0.8, max_length=10)
    table = pd.crosstab(lines["order_id"].to_pandas(), lines["product_id"].to_pandas()).astype(bool)
    sets = frequent_patterns.fpgrowth(table, min_support=0.001, use_colnames=True)
    theirs = frequent_patterns.association_rules(sets, metric="confidence", min_threshold=0.8 - 1e-9)
    theirs = theirs[theirs.consequents.str.len() == 1]
    assert len(theirs) == len(rules)
    for row in theirs.itertuples():
        rule = rules[" + ".join(sorted(row.antecedents)), next(iter(row.consequents)), "+", False]
        ours = [rule[name] for name in ("support", "confidence", "rule_lift", "leverage")]
        np.testing.assert_allclose(ours, [row.support, row.confidence, row.lift, row.leverage], rtol=1e-12)
        assert (rule["conviction"] or np.inf) == pytest.approx(row.conviction)


def groceries(shared_data):
    import pyarrow as pa

    rows = pq.read_table(shared_data("groceries_arules") / "baskets.parquet")
    return pa.table(
        {"order_id": rows["basket"].cast(pa.string()), "product_id": rows["item"].cast(pa.string())}
    )


def shop(rng):
    """Invent 600 orders of 60 customers; p01 goes with p00."""
    lines = []
    for order in range(600):
        day = date(2024, 1, 1) + timedelta(int(rng.integers(0, 360)))
        bought = set(rng.choice(20, int(rng.integers(1, 6)), replace=False).tolist()) - {1}
        if 0 in bought and rng.random() < 0.7:
            bought.add(1)
        lines += [
            {"order_id": f"o{order}", "customer_id": f"c{order % 60}", "product_id": f"p{product:02}",
             "ordered_at": f"{day}T09:00:00"}
            for product in sorted(bought)
        ]  # fmt: skip
    profiles = [
        {"product_id": f"p{at:02}", "as_of": date(2025, 1, 1), "n_orders": 10, "margin_per_order": 2.0,
         "margin_source": "given", "category": f"c{at % 4}"}
        for at in range(20)
    ]  # fmt: skip
    return lines, profiles


def test_rules_towards_what_no_shop_proposes_are_kept_and_make_no_finding(make_store):
    baskets = ["ab"] * 60 + ["c"] * 60 + ["d"] * 60
    products = [
        {"product_id": "a", "name": "bread"},
        {"product_id": "b", "category": "Cigarettes", "name": "box"},
    ]
    rules, findings = run(make_store(order_lines=bare(*baskets), products=products), min_count=5)
    assert (rules["a", "b", "+", False]["is_never"], rules["b", "a", "+", False]["is_never"]) == (True, False)
    assert "box" not in [finding.values.get("head") for finding in findings]
    rules, _ = run(make_store(order_lines=bare(*baskets), products=products), min_count=5, never=("bread",))
    assert (rules["a", "b", "+", False]["is_never"], rules["b", "a", "+", False]["is_never"]) == (False, True)
