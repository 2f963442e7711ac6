"""The intent of the running visit within a decision."""

import dataclasses
import json
import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from benchmarks.shops import NOON

from nextbest.base.errors import WorkspaceError
from nextbest.serving.decide import (
    COLUMNS,
    Ask,
    CartItem,
    Loading,
    Request,
    compile_policy,
    decide,
    intent,
    load,
)
from nextbest.serving.events import Event
from nextbest.serving.policy import Policy, check, read
from nextbest.serving.state.core.entries import take_in
from nextbest.serving.state.core.seeing import see

PAGE = (Path(__file__).parents[3] / "docs" / "decide.md").read_text(encoding="utf-8")
COUPON = {
    "offer_id": "coupon",
    "product_ids": "mug",
    "price": 20.0,
    "starts_at": None,
    "ends_at": None,
    "rules": None,
}
DEAL = {"placements": [{"id": "deal", "sources": ["limited_time"]}]}
CALM = {"exploration": {"epsilon": 0}, "holdout": {"share": 0}}
NOW = NOON.replace(tzinfo=None)


class Told:
    """A model that tells what it was told to, and remembers what it was asked."""

    as_of = "2026-01-31"
    usual = 0.2

    def __init__(self, probability):
        self.told = probability
        self.asked = []

    def probability(self, visits):
        self.asked += visits
        return np.full(len(visits), self.told)

    def baseline(self, visit):
        return 0.4 if visit.cart else 0.1

    def reasons(self, visit):  # noqa: ARG002
        return []


def visiting(*names, minutes_ago=1):
    document = {}
    for number, name in enumerate(names):
        at = NOW - timedelta(minutes=minutes_ago)
        said = {"purpose": "profiling", "status": "denied"} if name == "consent_changed" else {}
        event = Event(
            f"e{number}", name, name, at, at, anonymous_id="a", product_id="tea", properties=json.dumps(said)
        )
        document = take_in(document, event)
    return see(document, NOW)


def answered(shop, model, state, policy=None, **said):
    request = Request(request_id="r1", placements=(Ask("deal"),), **{"anonymous_id": "a"} | said)
    compiled = compile_policy(Policy.read(CALM | DEAL | (policy or {}), "test"))
    return decide(dataclasses.replace(shop, intent=model), compiled, [request], [state], now=NOON)[0]


@pytest.mark.parametrize(
    ("probability", "has_coupon"), [(0.01, False), (0.06, True), (0.2, True), (0.33, False), (0.9, False)]
)
def test_the_rule_on_the_page_gives_coupons_to_who_hesitates(make_shop, probability, has_coupon):
    rule = re.search(r"```toml\n(.*?)```", PAGE[PAGE.index("## The intent of a visit") :], re.DOTALL)[1]
    policy = read(rule)
    assert check(policy, COLUMNS) == []
    rules = {"rules": [one.model_dump() for one in policy.rules]}
    result = answered(make_shop(offers=[COUPON]), Told(probability), visiting("product_viewed"), rules)
    assert bool(result.answers[0].offers) == has_coupon
    assert result.request.intent == probability


def test_where_no_intent_is_known_there_is_no_coupon(make_shop):
    rules = {"rules": [{"name": "hesitating", "stage": "applicability", "where": "intent < 0.33"}]}
    shop = make_shop(offers=[COUPON])
    assert answered(shop, None, visiting("product_viewed"), rules).answers[0].cause == "applicability"
    assert (
        answered(shop, Told(0.1), visiting("product_viewed", minutes_ago=40), rules).answers[0].cause
        == "applicability"
    )


def test_what_the_request_says_of_the_intent_holds(make_shop):
    model = Told(0.9)
    assert (
        answered(make_shop(offers=[COUPON]), model, visiting("product_viewed"), intent=0.2).request.intent
        == 0.2
    )
    assert model.asked == []


def test_nobody_is_scored_who_refused_or_has_just_ordered(make_shop):
    shop = make_shop(offers=[COUPON])
    for state in (
        visiting("product_viewed", "order_completed"),
        visiting("product_viewed", "consent_changed"),
        None,
    ):
        assert answered(shop, Told(0.5), state).request.intent is None
    assert answered(shop, Told(0.5), visiting("product_viewed"), customer_id="cem").request.intent is None


def test_the_cart_of_the_request_is_the_cart_of_the_visit(make_shop):
    model = Told(0.5)
    answered(make_shop(), model, visiting("product_added"), cart=(CartItem("mug", 2.0),))
    assert dict(model.asked[0].cart) == {"mug": (2.0, None)}


@pytest.mark.parametrize(
    ("told", "said", "factor"), [(0.2, None, 1.0), (0.9, None, 2.0), (None, None, 1.0), (None, 0.9, 1.4)]
)
def test_the_intent_of_the_usual_visit_changes_no_ranking(make_shop, told, said, factor):
    shop = dataclasses.replace(make_shop(), intent=None if told is None else Told(told))
    compiled = compile_policy(Policy.read(CALM, "test"))
    request = Request(request_id="r1", placements=(Ask("cart.addon"),), anonymous_id="a", cart=(CartItem("tea"),), intent=said, explain=True)  # fmt: skip
    found = decide(shop, compiled, [request], [visiting("product_added")], now=NOON)[0].answers[0]
    (milk,) = [one for one in found.trace if one.product_id == "milk"]
    assert milk.factors["context"] == pytest.approx(2.5 * factor)


def test_many_are_scored_as_each_alone(make_shop):
    model, shop = Told(0.25), make_shop()
    compiled = compile_policy(Policy.read(CALM | DEAL, "test"))
    requests = [
        Request(request_id=f"r{n}", placements=(Ask("deal"),), anonymous_id=f"a{n}") for n in range(3)
    ]
    states = [visiting("product_viewed"), None, visiting("product_added")]
    found = decide(dataclasses.replace(shop, intent=model), compiled, requests, states, now=NOON)
    assert [one.request.intent for one in found] == [0.25, None, 0.25]


@pytest.mark.parametrize("content", [b"", b"{}", b'{"format": 1}', b"\xff"])
def test_a_model_that_cannot_be_read_is_a_run_that_cannot_be_read(content):
    with pytest.raises(WorkspaceError, match=r"visit\.json"):
        load({}, Loading(intent=content))


def test_why_can_be_told(make_shop):
    compiled = compile_policy(Policy.read(CALM | DEAL, "test"))
    request = Request(request_id="r1", placements=(), anonymous_id="a")
    shop = dataclasses.replace(make_shop(), intent=Told(0.5))
    found = intent(shop, compiled, request, visiting("product_added"), now=NOON)
    assert (found.probability, found.cause, found.n_events, found.baseline) == (0.5, None, 1, 0.4)
    assert intent(shop, compiled, request, None, now=NOON).cause == "no_visit"
    assert intent(make_shop(), compiled, request, None, now=NOON) is None
