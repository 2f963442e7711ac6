import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from benchmarks.shops import NOON

from nextbest.base.messages import render
from nextbest.serving.decide import (
    Ask,
    CartItem,
    Request,
    compile_policy,
    decide,
    fallback,
    log_rows,
    replay,
    withhold,
    words,
)
from nextbest.serving.decide.spec import CAUSES
from nextbest.serving.log import Reached
from nextbest.serving.policy import Policy
from nextbest.serving.state import OfferEvent, SubjectState

CALM = {"exploration": {"epsilon": 0}, "holdout": {"share": 0}}
EMPTY = SubjectState((), (), (), (), (), None, {})


def ask(shop, placement="home", policy=None, state=None, now=NOON, contacts=None, **said):
    said = {"request_id": "r1", "customer_id": "ann"} | said
    request = Request(placements=(Ask(placement),), **said)
    compiled = compile_policy(Policy.read(CALM | (policy or {}), "test"))
    return decide(shop, compiled, [request], [state], now=now, contacts=contacts)[0].answers[0]


def products(answer):
    return [offer.product_ids[0] for offer in answer.offers]


def test_a_customer_gets_what_the_nightly_run_found_with_its_reason_and_worth(make_shop):
    answer = ask(make_shop(), "adviser.next")
    assert (answer.outcome, products(answer)) == ("decided", ["cake", "fund", "mug"])
    first = answer.offers[0]
    assert (first.offer_id, first.price, first.probability, first.expected_profit) == (
        "discover:cake",
        "4.00",
        0.3,
        0.6,
    )
    assert (first.margin_source, first.incremental_profit) == ("given", None)
    assert first.reasons[0].code == "because"
    assert (first.assignment.reason, first.assignment.probability) == ("policy", 1.0)


def test_an_approved_rule_and_what_goes_with_the_cart_are_offered_in_the_language_of_the_request(make_shop):
    answer = ask(make_shop(), "cart.addon", cart=(CartItem("tea"),), locale="zh-CN", customer_id=None)
    assert products(answer) == ["cake", "milk"]
    assert answer.offers[0].reasons[0].ref == "rules/r1"
    assert answer.offers[0].reasons[0].text.startswith("与“Tea”相配")
    assert answer.offers[0].accept_label == "加入购物车"


def test_a_better_version_of_what_is_viewed_is_offered(make_shop):
    assert products(ask(make_shop(), "product.upgrade", product_id="tea")) == ["mug"]


def test_28_more_for_free_shipping_is_filled_by_what_costs_about_that(make_shop):
    threshold = {"thresholds": [{"name": {"en": "free shipping", "zh": "包邮"}, "amount": 35}]}
    answer = ask(make_shop(), "cart.threshold", threshold, cart=(CartItem("tea"),))
    assert products(answer) == ["mug"]
    assert answer.offers[0].reasons[0].text == "CN¥28.00 more for free shipping"


def test_search_results_are_ranked_anew_and_stay_although_they_were_bought(make_shop):
    assert set(products(ask(make_shop(), "search.results", results=("tea", "cake", "nothing")))) == {
        "tea",
        "cake",
    }


def test_an_anonymous_visitor_gets_bestsellers_and_nothing_personal(make_shop):
    answer = ask(make_shop(), customer_id=None, anonymous_id="a7")
    assert products(answer)[0] in {"milk", "tea", "cake", "mug"}
    assert all(offer.reasons[0].code in {"bestsellers", "new_arrivals"} for offer in answer.offers)


def test_who_refused_personalisation_gets_lists_for_everybody_not_nothing(make_shop):
    answer = ask(make_shop(), customer_id="cem")
    assert answer.outcome == "decided"
    assert {offer.reasons[0].code for offer in answer.offers} == {"bestsellers"}


def test_under_14s_get_nothing(make_shop):
    assert ask(make_shop(), customer_id="bob").cause == "under_age"


def test_a_risk_assessment_that_is_too_old_counts_as_none(make_shop):
    assert "fund" in products(ask(make_shop(), "adviser.next"))
    assert "fund" not in products(
        ask(make_shop(consents=[_said("ann", "email")]), "adviser.next", customer_id="cem")
    )


def _said(customer, purpose, status="granted", channel=None):
    return {
        "customer_id": customer, "purpose": purpose, "channel": channel, "status": status, "changed_at": NOON.replace(tzinfo=None) - timedelta(365)
    }  # fmt: skip


def test_the_last_word_on_consent_holds_and_unknown_is_no_contact(make_shop):
    shop = make_shop()
    noon = datetime(2026, 1, 31, 4, tzinfo=UTC)
    assert ask(shop, "email.next", channel="email", now=noon).outcome == "decided"
    unknown = ask(shop, "email.next", channel="email", now=noon, customer_id="cem")
    assert unknown.outcome == "none"
    revoked = dataclasses.replace(EMPTY, consents={("marketing", None): "revoked"})
    assert ask(shop, "email.next", channel="email", now=noon, state=revoked).cause == "consent"


def test_nobody_is_contacted_in_quiet_hours_of_the_shop(make_shop):
    night = datetime(2026, 1, 31, 14, tzinfo=UTC)
    assert ask(make_shop(), "email.next", channel="email", now=night).cause == "quiet_hours"
    assert ask(make_shop(), "home", now=night).outcome == "decided"


def test_a_cap_that_is_reached_leaves_nothing_and_says_so(make_shop):
    noon = datetime(2026, 1, 31, 4, tzinfo=UTC)
    answer = ask(
        make_shop(), "email.next", channel="email", now=noon, contacts=lambda caps: dict.fromkeys(caps, 2)
    )
    assert answer.cause == "contact_policy"
    assert render(answer.detail) == "The customer has been contacted as often as the policy allows."


def test_caps_of_a_message_are_counted_once_and_those_of_offers_each(make_shop):
    noon = datetime(2026, 1, 31, 4, tzinfo=UTC)
    answer = ask(make_shop(), "email.next", channel="email", now=noon)
    assert [len(offer.caps) for offer in answer.offers] == [2, 1, 1]


def test_what_finds_no_room_when_it_is_reserved_is_taken_back(make_shop):
    noon = datetime(2026, 1, 31, 4, tzinfo=UTC)
    request = Request(request_id="r1", customer_id="ann", channel="email", placements=(Ask("email.next"),))
    result = decide(make_shop(), compile_policy(Policy.read(CALM, "test")), [request], now=noon)[0]
    first = result.answers[0].offers[0]
    of_message, of_offer = first.caps
    one_less = withhold(result, {first.decision_id: Reached(of_offer, 1)})
    assert len(one_less.answers[0].offers) == len(result.answers[0].offers) - 1
    none = withhold(result, {first.decision_id: Reached(of_message, 2)})
    assert (none.answers[0].outcome, none.answers[0].cause) == ("none", "contact_policy")


def test_what_was_rejected_rests(make_shop):
    at = NOON.replace(tzinfo=None) - timedelta(days=3)
    state = dataclasses.replace(EMPTY, offers=(OfferEvent("rejected", "d1", "discover:cake", at),))
    assert products(ask(make_shop(), "adviser.next", state=state)) == ["fund", "mug"]


def test_a_rule_keeps_back_what_is_not_known_to_meet_it_and_is_named_in_the_trace(make_shop):
    rule = {
        "rules": [
            {
                "name": "assessed",
                "stage": "suitability",
                "when": "product_category = 'funds'",
                "where": "place = 'leeds'",
            }
        ]
    }
    answer = ask(make_shop(columns=("place",)), "adviser.next", rule, explain=True)
    assert products(answer) == ["cake", "mug"]
    assert {one.rule for one in answer.trace if one.stage == "suitability"} == {"assessed"}


def test_a_lever_moves_what_the_business_wants_pushed(make_shop):
    lever = {"arbitration": {"levers": [{"name": "mugs", "where": "product_id = 'mug'", "factor": 100}]}}
    assert products(ask(make_shop(), "adviser.next", lever))[0] == "mug"


def test_a_mandatory_message_comes_first_and_no_cap_holdout_or_chance_keeps_it_back(make_shop):
    message = {"offer_id": "recall", "text": {"en": "Recall", "zh": "召回"}, "placements": ["home"]}
    answer = ask(
        make_shop(),
        policy={"mandatory": [message], "holdout": {"share": 0.5, "seed": "b"}},
        customer_id="ann",
    )
    assert answer.offers[0].offer_id == "recall"
    assert answer.offers[0].assignment.reason == "mandatory"


def test_who_is_held_out_gets_nothing_and_the_log_says_with_which_chance(make_shop):
    seeds = (str(number) for number in range(50))
    answers = [
        ask(make_shop_once, policy={"holdout": {"share": 0.5, "seed": seed}})
        for make_shop_once in [make_shop()]
        for seed in seeds
    ]
    held = [answer for answer in answers if answer.cause == "holdout"]
    assert 10 < len(held) < 40
    assert {answer.assignment.probability for answer in held} == {0.5}


def test_an_offer_with_a_price_of_its_own_names_what_set_it(make_shop):
    now = NOON.replace(tzinfo=None)
    offers = [
        {"offer_id": "tea5", "kind": "discount", "product_ids": "tea", "price": 5.5, "starts_at": now, "ends_at": now + timedelta(1), "content": "Tea for 5.50", "rules": "place = 'york'"},
        {"offer_id": "over", "kind": "discount", "product_ids": "tea", "price": 1.0, "starts_at": now - timedelta(2), "ends_at": now, "content": "Gone", "rules": None},
    ]  # fmt: skip
    shop = make_shop(columns=("place",), offers=offers)
    policy = {"placements": [{"id": "deal", "sources": ["limited_time"]}]}
    deal = ask(shop, "deal", policy).offers[0]
    assert (deal.offer_id, deal.price, deal.price_rule) == ("tea5", "5.50", "offers/tea5")
    assert ask(shop, "deal", policy, customer_id=None).cause == "eligibility"


def test_unknown_placement_customer_and_product_are_answered_and_counted(make_shop):
    request = Request(
        request_id="r",
        customer_id="zoe'; --",
        cart=(CartItem("nothing"),),
        product_id="gone",
        placements=(Ask("nope"), Ask("home")),
    )
    result = decide(make_shop(), compile_policy(Policy.read(CALM, "test")), [request], now=NOON)[0]
    assert [answer.cause for answer in result.answers] == ["unknown_placement", None]
    assert result.notes == {"unknown_customer": 1, "unknown_product": 2}


@pytest.mark.parametrize("placement", ["home", "cart.addon", "receipt.next", "adviser.next"])
def test_the_order_of_rows_on_disk_changes_nothing(make_shop, placement):
    cart = (CartItem("tea"),)
    assert ask(make_shop(), placement, cart=cart) == ask(make_shop(turned=True), placement, cart=cart)


def test_the_log_has_a_row_per_offer_and_one_for_what_stayed_empty(make_shop):
    request = Request(
        request_id="r1",
        customer_id="ann",
        cart=(CartItem("tea", 2),),
        placements=(Ask("adviser.next"), Ask("nope")),
    )
    result = decide(make_shop(), compile_policy(Policy.read(CALM, "test")), [request], now=NOON)[0]
    rows = log_rows(result)
    assert [(row.placement, row.rank, row.outcome) for row in rows] == [
        ("adviser.next", 1, "decided"), ("adviser.next", 2, "decided"), ("adviser.next", 3, "decided"), ("nope", None, "none"),
    ]  # fmt: skip
    assert rows[0].trace["context"] == {"cart": [["tea", 2]]}
    assert all(row.assignment_probability > 0 for row in rows)


@pytest.mark.parametrize("cause", ["budget", "snapshot_missing"])
def test_a_fallback_says_why_and_is_logged(cause):
    request = Request(request_id="r1", placements=(Ask("home"),))
    rows = log_rows(fallback(request, cause, Policy(), now=NOON))
    assert [(row.outcome, row.cause, row.assignment_reason) for row in rows] == [
        ("fallback", cause, "fallback")
    ]


@pytest.mark.parametrize("cause", sorted({*CAUSES} - {"no_candidates"}))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_cause_can_be_said(cause, language):
    assert render(words.cause(cause, 3, 9), language)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("sources", [("peers",), ("threshold",), ("cart", "search")])
def test_that_nothing_was_proposed_is_said_by_what_was_asked(sources, language):
    told = render(words.nothing_proposed(sources, is_personal=False), language)
    assert told != render(words.nothing_proposed(("up_sell",), is_personal=True), language)


def test_the_same_policy_replayed_changes_nothing_but_what_chance_chose(make_shop):
    """Placements of one request are asked together again: what an earlier one shows, a later one does not."""
    shop, policy = make_shop(), compile_policy(Policy.read(CALM, "test"))
    placements = (Ask("home", 1), Ask("adviser.next", 2), Ask("receipt.next"))
    requests = [Request(request_id=f"r{n}", customer_id="ann", placements=placements) for n in range(20)]
    results = decide(shop, policy, requests, now=NOON)
    told = replay(shop, policy, [row for result in results for row in log_rows(result)], {})
    assert told.n_decisions == sum(bool(answer.offers) for result in results for answer in result.answers)
    assert (told.n_changed, told.n_emptied) == (0, 0)


def test_replay_tells_who_would_get_something_else_and_what_that_brings(make_shop):
    shop = make_shop()
    policy = Policy.read({"exploration": {"epsilon": 0.5}, "holdout": {"share": 0}}, "test")
    asked = [
        Request(request_id=f"r{n}", customer_id="ann", placements=(Ask("adviser.next"),)) for n in range(1500)
    ]
    rows = [
        row for result in decide(shop, compile_policy(policy), asked, now=NOON) for row in log_rows(result)
    ]
    rewards = {row.decision_id: 1.0 for row in rows if row.offer_id == "discover:mug"}
    lever = {"levers": [{"name": "mugs", "where": "product_id = 'mug'", "factor": 100}]}
    told = replay(
        shop,
        compile_policy(
            policy.model_copy(update={"arbitration": Policy.read({"arbitration": lever}, "t").arbitration})
        ),
        rows,
        rewards,
    )
    assert told.n_decisions == 1500
    assert told.estimate.ci_low < 0.5 < told.estimate.ci_high
    assert told.estimate.mean == pytest.approx(2 / 3, abs=0.1)
    few = replay(shop, compile_policy(policy), rows[:60], rewards)
    assert few.estimate is None
    assert "effective decisions" in render(few.refusal)
