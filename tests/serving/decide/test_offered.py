"""What visitors get and do not get: the nightly run's verdicts, bundles, names, channels, clocks, words for customers and staff."""

import datetime as dt

import pytest
from benchmarks.shops import NOON

from nextbest.base.messages import render
from nextbest.serving.decide import Ask, CartItem, Loading, Request, compile_policy, decide, load, log_rows
from nextbest.serving.policy import Policy
from nextbest.serving.state import OfferEvent, SubjectState

CALM = {"exploration": {"epsilon": 0}, "holdout": {"share": 0}}
AGO = dt.datetime(2025, 6, 1, tzinfo=dt.UTC).replace(tzinfo=None)
MORNING = dt.datetime(2026, 1, 31, 4, tzinfo=dt.UTC)
"""Noon in Shanghai, where the tiny shop is."""


def result(shop, *placements, policy=None, state=None, now=NOON, **said):
    request = Request(
        **{"request_id": "r1", "customer_id": "ann"} | said,
        placements=tuple(Ask(name) for name in placements),
    )
    return decide(
        shop, compile_policy(Policy.read(CALM | (policy or {}), "test")), [request], [state], now=now
    )[0]


def ask(shop, placement, **said):
    return result(shop, placement, **said).answers[0]


def only(*sources, **more):
    return {"placements": [{"id": "it", "sources": list(sources), "limit": 9, "max_per_category": 9, **more}]}


def products(answer):
    return [offer.product_ids[0] for offer in answer.offers]


def candidate(product, stage, probability=0.1, **more):
    return {
        "customer_id": "ann", "product_id": product, "stage": stage, "rank": None, "kind": "discover", "probability": probability,
        "expected_profit": None, "reason_code": "because", "because": "tea", "rule_id": None, "strength": None, "segment": None,
        "n_orders": None, "since_days": None, "gap_days": None,
    } | more  # fmt: skip


def offer(offer_id, product_ids, price=None, rules=None, **more):
    return {
        "offer_id": offer_id, "kind": "discount", "product_ids": product_ids, "price": price, "cost": None, "starts_at": None,
        "ends_at": None, "content": None, "rules": rules,
    } | more  # fmt: skip


@pytest.mark.parametrize("stage", ["just_bought", "rarely_again", "already_has", "has_alike", "fading"])
def test_what_the_nightly_run_ruled_out_does_not_come_back_by_a_list_of_the_shop(make_shop, stage):
    assert "milk" in products(ask(make_shop(offer_candidates=[]), "it", policy=only("bestsellers")))
    shop = make_shop(offer_candidates=[candidate("milk", stage), candidate("cake", "offered", rank=1)])
    assert "milk" not in products(ask(shop, "it", policy=only("bestsellers")))
    assert "milk" in products(ask(shop, "it", policy=only("bestsellers"), customer_id="bo"))


def test_the_cart_may_point_to_one_like_what_the_customer_has_but_not_to_what_was_just_bought(make_shop):
    cart = {"cart": (CartItem("tea"),), "policy": only("cart")}
    alike = make_shop(offer_candidates=[candidate("milk", "has_alike")])
    bought = make_shop(offer_candidates=[candidate("milk", "just_bought")])
    assert "milk" in products(ask(alike, "it", **cart))
    assert "milk" not in products(ask(bought, "it", **cart))


def test_what_is_not_among_a_customers_candidates_is_as_likely_as_they_are_lively(make_shop):
    day = dt.date(2026, 1, 20)
    lines = [
        {"customer_id": who, "product_id": product, "ordered_on": day, "quantity": 1.0}
        for product, buyers in {"cake": ("bob", "cem"), "milk": ("bob",)}.items()
        for who in buyers
    ]
    shop = make_shop(order_lines=lines, offer_candidates=[candidate("cake", "offered", 1 / 6, rank=1)])
    chance = {
        one.product_ids[0]: one.probability for one in ask(shop, "it", policy=only("bestsellers")).offers
    }
    assert chance == {"cake": pytest.approx(1 / 6, abs=1e-6), "milk": pytest.approx(1 / 12, abs=1e-6)}


@pytest.mark.parametrize("channel", ["e-mail", "text", "fax"])
def test_nothing_is_decided_on_a_channel_that_nobody_knows_unless_the_policy_names_it(make_shop, channel):
    closed = ask(make_shop(), "home", channel=channel)
    assert (closed.outcome, closed.cause) == ("none", "unknown_channel")
    assert ask(make_shop(), "home", channel=channel, policy={"own_channels": [channel]}).outcome == "decided"


def test_what_was_rejected_on_one_page_rests_on_all(make_shop):
    event = OfferEvent("rejected", "d1", "discover:cake", NOON.replace(tzinfo=None) - dt.timedelta(days=3))
    state = SubjectState((), (), (), (event,), (), None, {})
    cart = {"cart": (CartItem("tea"),), "policy": only("cart")}
    assert "cake" in products(ask(make_shop(), "it", **cart))
    assert "cake" not in products(ask(make_shop(), "it", state=state, **cart))


def test_a_bundle_goes_out_only_if_all_of_it_may(make_shop):
    offers = [offer("fine", "cake;milk"), offer("risky", "cake; fund"), offer("gone", "cake;old")]
    shop = make_shop(offers=offers)
    risky = {"customer_id": "cem", "policy": only("limited_time", max_per_name=9)}
    trace = {one.offer_id: one.stage for one in ask(shop, "it", explain=True, **risky).trace}
    assert trace == {"fine": "decided", "risky": "risk", "gone": "stock"}
    rule = [{"name": "no milk", "stage": "eligibility", "where": "product_id != 'milk'"}]
    policy = only("limited_time", max_per_name=9) | {"rules": rule}
    trace = {
        one.offer_id: (one.stage, one.rule) for one in ask(shop, "it", explain=True, policy=policy).trace
    }
    assert trace["fine"] == ("eligibility", "no milk")


def test_an_offer_at_its_own_price_earns_less_and_conditions_see_that_price(make_shop):
    shop = make_shop(offers=[offer("tea5", "tea", 5.5, cost=0.25)])
    first = ask(shop, "it", policy=only("limited_time"), explain=True)
    assert first.trace[0].factors["value"] == pytest.approx(2.0 - (7.0 - 5.5) - 0.25)
    dear = [{"name": "dear", "stage": "suitability", "where": "price > 6"}]
    assert ask(shop, "it", policy=only("limited_time") | {"rules": dear}).cause == "suitability"


def test_the_log_names_what_set_a_price_of_its_own(make_shop):
    shop = make_shop(offers=[offer("tea5", "tea", 5.5)])
    row = log_rows(result(shop, "it", policy=only("limited_time")))[0]
    assert (row.offer_id, row.price, row.trace["price_rule"]) == ("tea5", "5.50", "offers/tea5")


def test_add_ons_need_something_in_the_cart(make_shop):
    policy = only("gift_wrap", "deep_discount") | {"lists": {"gift_wrap": ["mug"], "deep_discount": ["milk"]}}
    assert ask(make_shop(), "it", policy=policy, cart=()).cause == "no_candidates"
    assert {*products(ask(make_shop(), "it", policy=policy, cart=(CartItem("tea"),)))} == {"mug", "milk"}


def test_an_offers_condition_brings_its_columns(make_shop):
    shop = make_shop(offers=[offer("york", "tea", rules="place = 'york'")])
    assert [one.offer_id for one in ask(shop, "it", policy=only("limited_time")).offers] == ["york"]
    assert ask(shop, "it", policy=only("limited_time"), customer_id="dan").cause == "eligibility"


def test_of_products_of_one_name_one_is_shown_unless_the_placement_wants_more(make_shop):
    named = [
        {"product_id": one, "name": "Milk", "list_price": 1.0, "is_active": True} for one in ("m1", "m2")
    ]
    shop = make_shop(products=named)
    policy = {"lists": {"milks": ["m1", "m2"]}}
    assert len(ask(shop, "it", policy=only("list:milks") | policy).offers) == 1
    assert len(ask(shop, "it", policy=only("list:milks", max_per_name=2) | policy).offers) == 2


def test_quiet_hours_go_by_the_clock_of_customers_whose_time_zone_is_known(make_shop):
    york = {"customer_id": "ann", "time_zone": "America/New_York"}
    moon = {"customer_id": "ann", "time_zone": "the moon"}
    mail = {"channel": "email", "now": MORNING}
    assert ask(make_shop(customers=[york]), "email.next", **mail).cause == "quiet_hours"
    assert ask(make_shop(customers=[moon]), "email.next", **mail).outcome == "decided"
    late = {"channel": "email", "now": MORNING + dt.timedelta(hours=11)}
    assert ask(make_shop(customers=[york]), "email.next", **late).outcome == "decided"


def test_who_refused_personalisation_is_not_ranked_by_age_but_protected_by_it(make_shop):
    no = {
        "customer_id": "ann",
        "purpose": "personalisation",
        "channel": None,
        "status": "denied",
        "changed_at": AGO,
    }
    lever = {"levers": [{"name": "grown up", "where": "age > 20 and product_id = 'mug'", "factor": 100}]}
    policy = only("bestsellers") | {"arbitration": lever | {"probability": False}}
    agreed, refused = make_shop(), make_shop(consents=[no])
    assert products(ask(agreed, "it", policy=policy))[0] == "mug"
    assert products(ask(refused, "it", policy=policy))[0] != "mug"
    rule = {"rules": [{"name": "young", "stage": "suitability", "where": "age < 20"}]}
    assert ask(refused, "it", policy=only("bestsellers") | rule).cause == "suitability"


def test_placements_of_one_request_do_not_repeat_each_other(make_shop):
    first, second = result(make_shop(), "adviser.next", "home").answers
    assert products(first) == ["cake", "fund", "mug"]
    assert not {*products(first)} & {*products(second)}
    assert {*products(ask(make_shop(), "home"))} & {*products(first)}


def test_what_only_fills_comes_last(make_shop):
    policy = {"placements": [{"id": "it", "sources": ["viewed"], "fill": ["bestsellers"], "limit": 3}]}
    lever = {"levers": [{"name": "all else", "where": "product_id != 'milk'", "factor": 100}]}
    answer = ask(make_shop(), "it", product_id="tea", policy=policy | {"arbitration": lever})
    assert products(answer)[0] == "milk"
    assert [one.reasons[0].code for one in answer.offers][1:] == ["because", "because"]


def test_customers_read_why_and_staff_the_evidence_and_what_to_say(make_shop):
    rhythm = candidate("milk", "offered", rank=1, kind="replenish", reason_code="rhythm", n_orders=9, since_days=8.0, gap_days=7.0)  # fmt: skip
    shop = make_shop(offer_candidates=[rhythm])
    page, desk = ask(shop, "home").offers[0], ask(shop, "adviser.next").offers[0]
    assert (page.reasons[0].text, page.say) == ("You buy it about every 7 days", None)
    assert desk.reasons[0].text == "Bought in 9 orders, about every 7 days; last 8 days ago"
    assert desk.say == "You buy it about every 7 days. Would you like Milk again?"
    assert (
        ask(shop, "adviser.next", locale="zh").offers[0].say == "您大约每 7 天买一次。需要再来一份“Milk”吗？"
    )


def test_where_nothing_fills_the_gap_alone_what_comes_closest_is_offered(make_shop):
    threshold = {"thresholds": [{"name": {"en": "free shipping", "zh": "包邮"}, "amount": 99}]}
    answer = ask(make_shop(), "cart.threshold", policy=threshold, cart=(CartItem("tea"),))
    assert answer.outcome == "decided"
    assert {one.reasons[0].text for one in answer.offers} == {"CN¥92.00 more for free shipping"}
    told = render(ask(make_shop(), "cart.threshold", policy=threshold).detail)
    assert told.startswith("There is no threshold above the value of the cart")


def test_what_earns_less_than_the_floor_is_not_proposed_but_what_the_shop_offers_is(make_shop, tmp_path):
    make_shop(offers=[offer("cheap", "tea", 0.5)])
    paths = {path.stem: path for path in (tmp_path / "0").glob("*.parquet")}
    shop = load(paths, Loading(margin_floor=2.5))
    assert ask(shop, "it", policy=only("bestsellers")).cause == "stock"
    assert ask(shop, "it", policy=only("limited_time")).outcome == "decided"


def test_words_that_are_never_proposed_begin_where_a_word_begins(make_shop, tmp_path):
    named = {"f": "Fuel can", "r": "Refuelling kit", "n": None, "c": "卷烟盒"}
    make_shop(products=[{"product_id": one, "name": name, "list_price": 1.0} for one, name in named.items()])
    paths = {path.stem: path for path in (tmp_path / "0").glob("products.parquet")}
    shop = load(paths, Loading(never=("FUEL", "卷烟")))
    assert {one for one in named if shop.products.is_sold[shop.products.index[one]]} == {"r"}


def test_a_request_to_be_left_alone_ends_when_its_tag_ends(make_shop):
    tag = {"customer_id": "ann", "tag": "do_not_disturb"}
    for until, cause in ((None, "consent"), (dt.date(2026, 3, 1), "consent"), (dt.date(2026, 1, 1), None)):
        shop = make_shop(tags=[tag | {"until_on": until}])
        assert ask(shop, "email.next", channel="email", now=MORNING).cause == cause
