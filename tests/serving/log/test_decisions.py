from dataclasses import replace

import pytest
import sqlalchemy as sa

from nextbest.serving.log import Decision, append, find, of_request, outcomes, record
from nextbest.serving.state import read


@pytest.fixture
def decision(noon):
    return Decision(
        decision_id="d1",
        request_id="r1",
        decided_at=noon,
        placement="cart.addon",
        outcome="decided",
        n_candidates=40,
        assignment_reason="experiment",
        assignment_probability=0.5,
        policy_id="default",
        policy_version=3,
        snapshot="20260131T000000Z",
        customer_id="ann",
        rank=1,
        offer_id="o1",
        product_ids=["tea", "牛奶"],
        price="3.5000",
        probability=0.083,
        expected_profit=1.25,
        variant="b",
        trace={"stages": {"consent": 2}},
    )


def test_a_decision_comes_back_as_it_was_taken(operations, decision):
    none = replace(
        decision, decision_id="d2", placement="receipt", outcome="none", cause="contact_policy", rank=None
    )
    with operations.writing() as connection:
        record(connection, [decision, none])
        record(connection, [])
    with operations.reading() as connection:
        assert find(connection, "d1") == decision
        assert find(connection, "d9") is None
        assert of_request(connection, "r1") == [decision, none]


def test_a_decision_without_the_probability_of_its_assignment_is_not_taken(operations, decision):
    with pytest.raises(sa.exc.IntegrityError), operations.writing() as connection:
        record(connection, [replace(decision, assignment_probability=None)])


def test_what_became_of_a_decision_is_found_by_its_id(operations, decision, event, noon):
    with operations.writing() as connection:
        record(connection, [decision])
    with operations.writing() as connection:
        append(
            connection,
            [
                event("e2", "decision_accepted", 2, decision_id="d1"),
                event("e1", "decision_shown", 1, decision_id="d1"),
                event("e3", "product_viewed", 3, decision_id="d1"),
                event("e4", "decision_shown", 3, decision_id="d9"),
            ],
        )
    with operations.reading() as connection:
        assert [found.verb for found in outcomes(connection, ["d1"])] == ["shown", "accepted"]
        offers = read(connection, "ann", None, noon).offers
    assert {(offer.decision_id, offer.offer_id) for offer in offers} == {("d1", "o1"), ("d9", None)}
