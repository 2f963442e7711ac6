import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from benchmarks.shops import NOON, policy, requests, shop, violations
from hypothesis import given, settings
from hypothesis import strategies as st

from nextbest.serving.decide import compile_policy, decide, log_rows, replay
from nextbest.serving.decide.core.ranking import _chances
from nextbest.serving.policy import Policy

SEEDS = st.integers(0, 2**32 - 1)


def _scene(seed, n=40):
    rng = np.random.default_rng(seed)
    snapshot = shop(rng, n_customers=15)
    return snapshot, policy(rng), requests(rng, snapshot, n)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(0, 2))
def test_no_answer_ever_breaks_a_guardrail(seed, used):
    snapshot, rules, asked = _scene(seed)
    results = decide(
        snapshot, compile_policy(rules), asked, now=NOON, contacts=lambda caps: dict.fromkeys(caps, used)
    )
    assert violations(snapshot, rules, results, used) == []


def test_the_check_itself_sees_what_is_broken():
    snapshot, rules, asked = _scene(4)
    results = decide(snapshot, compile_policy(rules), asked, now=NOON)
    products = snapshot.products
    emptied = dataclasses.replace(
        snapshot, products=dataclasses.replace(products, stock=np.zeros(len(products) + 1))
    )
    assert "stock" in violations(emptied, rules, results)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_one_request_alone_gets_what_it_gets_among_many(seed):
    snapshot, rules, asked = _scene(seed, n=12)
    ready = compile_policy(rules)
    alone = [decide(snapshot, ready, [one], now=NOON, seed="s")[0] for one in asked]
    assert decide(snapshot, ready, asked, now=NOON, seed="s") == alone


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_requests_and_threads_changes_nothing(seed, random):
    snapshot, rules, asked = _scene(seed, n=24)
    ready = compile_policy(rules)
    known = {one.request.request_id: one for one in decide(snapshot, ready, asked, now=NOON, seed="s")}
    random.shuffle(asked)
    with ThreadPoolExecutor(3) as pool:
        parts = pool.map(lambda at: decide(snapshot, ready, asked[at::3], now=NOON, seed="s"), range(3))
        assert all(known[one.request.request_id] == one for part in parts for one in part)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from(["rule", "age", "hours", "caps", "own_channels", "assessment"]))
def test_a_stricter_policy_lets_no_other_candidate_pass(seed, how):
    snapshot, rules, asked = _scene(seed)
    stricter = {
        "rule": {"rules": [{"name": "cheap", "stage": "applicability", "where": "price < 30"}]},
        "age": {"suitability": {"min_age": 21}},
        "hours": {"quiet_hours": {"start": "09:00", "end": "21:00"}},
        "caps": {"caps": [{"per": "customer", "limit": 0, "days": 7}]},
        "own_channels": {"own_channels": ["app"]},
        "assessment": {"suitability": {"max_assessment_days": 30}},
    }[how]
    values = rules.model_dump(mode="json")
    if how == "rule":
        stricter = {"rules": [*values["rules"], *stricter["rules"]]}
    if how == "own_channels":
        values["own_channels"] = ["app", "web", "store"]
    lax, strict = (Policy.read(values | more, "test") for more in ({}, stricter))
    for one, other in zip(_passed(snapshot, lax, asked), _passed(snapshot, strict, asked), strict=True):
        assert other <= one


def _passed(snapshot, rules, asked):
    """Name the candidates that no guardrail stopped; places and chance come after."""
    explained = [dataclasses.replace(one, explain=True) for one in asked]
    results = decide(
        snapshot, compile_policy(rules), explained, now=NOON, contacts=lambda caps: dict.fromkeys(caps, 0)
    )
    late = {"diversity", "limit", "holdout", "decided"}
    return [{one.offer_id for one in result.answers[0].trace if one.stage in late} for result in results]


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.lists(st.booleans(), min_size=4, max_size=4))
def test_the_score_is_the_product_of_the_factors_that_are_on(seed, on):
    snapshot, rules, asked = _scene(seed)
    names = ("probability", "context", "value", "lever")
    switched = rules.arbitration.model_copy(update=dict(zip(names, on, strict=True)))
    rules = rules.model_copy(update={"arbitration": switched})
    asked = [dataclasses.replace(one, explain=True) for one in asked]
    for result in decide(snapshot, compile_policy(rules), asked, now=NOON):
        factors = {one.offer_id: one.factors for one in result.answers[0].trace}
        for offer in result.answers[0].offers:
            expected = math.prod(
                factors[offer.offer_id][name] for name, is_on in zip(names, on, strict=True) if is_on
            )
            assert offer.score == pytest.approx(expected, rel=1e-4, abs=1e-5)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_replaying_the_policy_that_decided_changes_only_what_chance_did(seed):
    snapshot, rules, asked = _scene(seed, n=60)
    rules = rules.model_copy(update={"rules": ()})
    ready = compile_policy(rules)
    asked = [dataclasses.replace(one, cart=one.cart or ()) for one in asked]
    rows = [row for result in decide(snapshot, ready, asked, now=NOON) for row in log_rows(result)]
    told = replay(snapshot, ready, rows, {})
    firsts = [row for row in rows if row.rank == 1]
    assert told.n_decisions == len(firsts)
    assert told.n_emptied == 0
    assert told.n_changed <= sum(row.assignment_reason == "explore" for row in firsts)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_chances_of_a_placement_and_of_being_held_out_add_up_to_one(seed):
    snapshot, rules, asked = _scene(seed)
    share = rules.holdout.share
    for result in decide(snapshot, compile_policy(rules), asked, now=NOON):
        for answer in result.answers:
            assert all(0 < offer.assignment.probability <= 1 - share + 1e-12 for offer in answer.offers)
            assert answer.assignment.probability == (share if answer.cause == "holdout" else 1 - share)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_every_candidate_is_accounted_for(seed):
    snapshot, rules, asked = _scene(seed)
    for result in decide(snapshot, compile_policy(rules), asked, now=NOON):
        for answer in result.answers:
            assert sum(answer.removed.values()) + len(answer.offers) == answer.n_candidates
            if result.request.explain:
                assert len(answer.trace) == answer.n_candidates
                decided = sorted(one.offer_id for one in answer.trace if one.stage == "decided")
                assert decided == sorted(offer.offer_id for offer in answer.offers)
            assert (answer.outcome == "none") == (answer.cause is not None) == (not answer.offers)


@given(st.integers(1, 12), st.floats(0, 0.5))
def test_chances_of_each_place_add_up_to_one(n, epsilon):
    for rank in range(n):
        nth = np.arange(n) if rank == 0 else np.array([rank - 1, rank])
        chances = _chances(nth, np.full(len(nth), rank), np.full(len(nth), n), epsilon)
        assert chances.sum() == pytest.approx(1)
        assert (chances >= -1e-12).all()


def test_exploration_happens_as_often_as_its_logged_probability_says():
    snapshot, _, _ = _scene(1)
    rng = np.random.default_rng(1)
    placement = {"id": "any", "sources": ["offers", "bestsellers"], "limit": 2}
    values = {"placements": [placement], "exploration": {"epsilon": 0.4}, "holdout": {"share": 0}}
    rules = Policy.read(values, "test")
    one = next(one for one in requests(rng, snapshot, 99) if one.channel == "web" and one.customer_id)
    asked = [dataclasses.replace(one, request_id=f"x{number}") for number in range(4000)]
    firsts = [
        result.answers[0].offers[0] for result in decide(snapshot, compile_policy(rules), asked, now=NOON)
    ]
    logged = {offer.offer_id: offer.assignment.probability for offer in firsts}
    assert sum(logged.values()) == pytest.approx(1, abs=1e-9)
    for offer_id, probability in logged.items():
        seen = sum(offer.offer_id == offer_id for offer in firsts) / len(firsts)
        assert seen == pytest.approx(probability, abs=0.04)
