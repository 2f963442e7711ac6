import pytest

from nextbest.base.messages import codes, render
from nextbest.decisions.offers import explain_offers
from nextbest.decisions.offers.spec import BEYOND_LIMIT, GUARDRAILS, OFFERED, PLACES, REASONS


def row(product, stage=OFFERED, rank=None, **own):
    return {
        "product_id": product,
        "product": product.title(),
        "stage": stage,
        "rank": rank,
        "kind": "discover",
        "probability": 0.1,
        "margin": 5.0,
        "expected_profit": 0.5,
        "margin_source": "given",
        "reason_code": "because",
        "because": "Tea",
    } | own


def test_a_funnel_reads_as_a_shop_owner_would_ask():
    funnel = explain_offers(
        [
            row("jam", "just_bought"),
            row("milk", rank=2, probability=None, expected_profit=None),
            row("cake", rank=1, category="bakery"),
            row("oil", "list_full"),
        ]
    )
    assert [render(sentence, currency="USD") for sentence in funnel.sentences] == [
        "1. Cake (bakery): 10% likely, expected profit $0.50 (margin $5.00, given). Because they bought Tea.",
        "2. Milk: how likely nobody knows. Because they bought Tea.",
        "Not offered, bought just now (1): Jam",
        "No place left, the list is full (1): Oil",
    ]


def test_nobody_has_an_empty_funnel():
    assert explain_offers([]).sentences == ()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_stage_and_reason_has_its_words(language):
    known = codes(language)
    assert {f"offers.explain.{stage}" for stage in (*GUARDRAILS, *PLACES)} <= set(known)
    assert {f"offers.reason.{code}" for code in REASONS} <= set(known)
    for reason in REASONS:
        for stage in (*GUARDRAILS, *PLACES):
            told = explain_offers([row("a", rank=1, reason_code=reason, strength=2.0), row("b", stage)])
            assert all(render(sentence, language) for sentence in told.sentences)
    assert BEYOND_LIMIT not in PLACES
