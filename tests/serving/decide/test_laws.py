import dataclasses

import numpy as np
import pytest
from benchmarks.shops import NOON, policy, requests, shop, violations
from hypothesis import given, settings
from hypothesis import strategies as st

from nextbest.serving.decide import compile_policy, decide
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
