"""What people read about rules, in both languages; and what anybody may import."""

import subprocess
import sys

import pytest

from nextbest.base.messages import codes, render
from nextbest.models.rules import words
from nextbest.models.rules.core.headlines import headlines

RULE = {
    "rule_id": "r1", "level": "product", "is_ordered": False, "sign": "+", "relation": "complements", "review": None,
    "body": "Tea", "head": "Cake", "body_ids": "tea", "head_id": "cake", "is_redundant": False,
    "n_orders": 1000, "n_body": 100, "n_both": 40, "n_customers_both": 30, "n_audience": 60, "confidence": 0.4,
    "rule_lift": 4.0, "customer_lift": 1.5, "size_lift": 2.5, "q_value": 1e-9, "size_q_value": 1e-6,
    "n_periods": 4, "n_periods_held": 4, "days_between": None, "days_between_low": None, "days_between_high": None,
    "margin_at_stake": 1200.0, "margin_source": "assumed",
}  # fmt: skip
FOLLOWS = RULE | {
    "is_ordered": True, "relation": "follows", "days_between": 30.0, "days_between_low": 20.0, "days_between_high": 45.0
}  # fmt: skip
BARE = RULE | {"n_periods": None, "n_periods_held": None, "n_customers_both": None, "customer_lift": None}
UNDATED = RULE | {"n_periods": None, "n_periods_held": None}
OF_GUESTS = RULE | {"n_customers_both": None, "customer_lift": None}
SUBSTITUTES = RULE | {
    "sign": "-",
    "relation": "substitutes",
    "size_lift": 0.2,
    "rule_lift": 0.4,
    "margin_at_stake": None,
}


def test_a_complement_reads_well():
    finding = words.rule_found(RULE)
    assert render(finding.sentence) == (
        "Baskets with Tea hold Cake 2.5 times as often as baskets of their size would by chance."
    )
    assert render(finding.action) == (
        "Offer Cake beside Tea, and to the 60 who have Tea and lack Cake; their margin at stake is 1,200."
    )
    assert (finding.money, finding.margin_source, finding.ref) == (1200.0, "assumed", "r1")


@pytest.mark.parametrize(
    "rule",
    [
        RULE,
        FOLLOWS,
        SUBSTITUTES,
        BARE,
        UNDATED,
        OF_GUESTS,
        UNDATED | {"customer_lift": 4.0, "n_customers_both": 40},
        RULE | {"size_lift": None},
        BARE | {"size_lift": None},
    ],
    ids=[
        "all",
        "follows",
        "substitutes",
        "bare",
        "undated",
        "of_guests",
        "per_customer",
        "of_few",
        "of_few_bare",
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("money", [1200.0, None])
def test_every_finding_reads_in_both_languages_whatever_is_known(rule, language, money):
    finding = words.rule_found(rule | {"margin_at_stake": money})
    for part in (finding.sentence, finding.evidence, finding.action):
        text = render(part, language)
        assert "{" not in text
        assert "–" not in text


def test_what_is_not_known_is_not_said():
    undated = words.rule_found(UNDATED)
    assert (
        render(undated.evidence) == "40 of 100 baskets with Tea also hold Cake (40%), by 30 known customers."
    )
    guests = words.rule_found(OF_GUESTS)
    assert render(guests.evidence) == (
        "40 of 100 baskets with Tea also hold Cake (40%); it held in 4 of 4 quarters."
    )
    assert render(guests.action) == (
        "Offer Cake beside Tea: 60 baskets held Tea without Cake; the margin at stake is 1,200."
    )


def test_no_text_promises_a_gain():
    for text in (text for code, text in codes("en").items() if code.startswith("rules.")):
        assert "gain" not in text.replace("against", "")


def test_one_direction_of_a_pair_is_said():
    back = RULE | {"rule_id": "r2", "body_ids": "cake", "head_id": "tea", "margin_at_stake": 80.0}
    assert [rule["rule_id"] for rule in headlines([back, RULE])] == ["r1"]


@pytest.mark.parametrize(
    "change",
    [
        {"review": "rejected"},
        {"is_redundant": True},
        {"size_q_value": 0.2},
        {"size_lift": 0.9},
        {"rule_lift": 1.05},
        {"n_periods_held": 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_unsure_and_rejected_rules_are_not_said(change):
    assert headlines([RULE | change]) == []


def test_an_order_barely_above_chance_is_not_said():
    assert headlines([FOLLOWS | {"size_lift": 1.3}]) == []
    assert headlines([FOLLOWS | {"size_lift": 1.6}])


def test_at_most_twenty_are_said_most_money_first():
    many = [
        RULE
        | {"rule_id": f"r{at:02}", "body_ids": f"b{at}", "head_id": f"h{at}", "margin_at_stake": float(at)}
        for at in range(50)
    ]
    said = headlines(many)
    assert len(said) <= 20
    assert [rule["margin_at_stake"] for rule in said] == sorted(
        (r["margin_at_stake"] for r in said), reverse=True
    )


def test_a_product_is_named_in_two_sentences_at_most():
    petrol = [
        RULE | {"rule_id": f"r{at}", "head_id": f"h{at}", "margin_at_stake": 100.0 - at} for at in range(5)
    ]
    other = RULE | {"rule_id": "r9", "body_ids": "jam", "head_id": "bread", "margin_at_stake": 1.0}
    assert [rule["rule_id"] for rule in headlines([*petrol, other])] == ["r0", "r1", "r9"]
    assert len(headlines([*petrol, petrol[4] | {"level": "category", "rule_id": "r8"}])) == 3


def test_the_door_loads_nothing_heavy():
    code = (
        "import sys, nextbest.models.rules as rules; rules.rule_id('product', ['a'], 'b', '+', False);"
        "print([name for name in ('ibis', 'numba', 'pandas', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
