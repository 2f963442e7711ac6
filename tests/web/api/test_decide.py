"""Decisions over HTTP: written down before they are answered, never more than the caps allow, honest when there is nothing."""

import pytest
import sqlalchemy as sa

from nextbest.app.operating import open_operations
from nextbest.tables.operational import DECISIONS

HOME = {"placements": [{"id": "home"}]}


def offered(answer, placement="home"):
    """Give the products that a placement got."""
    assert answer.status_code == 200, answer.text
    return [one for offer in answer.json()["placements"][placement]["offers"] for one in offer["product_ids"]]


def logged(service, request_id):
    """Read what the log holds of a request."""
    with open_operations(service.folder, None) as operations, operations.reading() as connection:
        rows = connection.execute(sa.select(DECISIONS).where(DECISIONS.c.request_id == request_id))
        return {row.decision_id: row for row in rows}


def test_what_is_answered_is_in_the_log(service, server):
    told = server.post("/v1/decide", json=HOME | {"subject": {"anonymous_id": "a-1"}}).json()
    offers = told["placements"]["home"]["offers"]
    rows = logged(service, told["request_id"])
    assert offers
    assert {offer["decision_id"]: offer["offer_id"] for offer in offers} == {
        key: row.offer_id for key, row in rows.items()
    }
    assert (told["snapshot"], told["policy"]) == (
        "r1",
        {"id": "default", "version": told["policy"]["version"]},
    )
    assert told["currency"] == "EUR"


def test_what_lies_in_the_cart_is_not_offered(server):
    context = {"cart": [{"product_id": "tea", "price": "3.50"}]}
    found = offered(server.post("/v1/decide", json=HOME | {"context": context}))
    assert found
    assert "tea" not in found


def test_a_cart_told_by_events_counts(server):
    added = {"event": "Product Added", "userId": "bob", "properties": {"product_id": "pot", "quantity": 1}}
    assert server.post("/v1/track", json=added).json()["accepted"] == 1
    asked = HOME | {"subject": {"customer_id": "bob"}}
    assert "pot" not in offered(server.post("/v1/decide", json=asked))


def test_a_dry_run_leaves_no_trace(service, server):
    told = server.post("/v1/decide", json=HOME | {"dry_run": True}).json()
    assert told["placements"]["home"]["offers"]
    assert logged(service, told["request_id"]) == {}


def test_explained_every_candidate_has_its_stage(server):
    home = server.post("/v1/decide", json=HOME | {"explain": True}).json()["placements"]["home"]
    assert len(home["trace"]) == home["n_candidates"]
    assert {one["stage"] for one in home["trace"]} <= {"decided", "limit", "diversity"}


def test_pages_are_not_told_what_the_shop_earns(browser):
    answer = browser.post("/v1/decide", json=HOME)
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    offer = answer.json()["placements"]["home"]["offers"][0]
    assert not offer.keys() & {"expected_profit", "incremental_profit", "margin_source", "score"}
    assert browser.post("/v1/decide", json=HOME | {"explain": True}).status_code == 403


def test_a_placement_that_nobody_knows_gets_nothing_with_its_cause(server):
    told = server.post("/v1/decide", json={"placements": [{"id": "moon"}]}).json()["placements"]["moon"]
    assert (told["outcome"], told["cause"], told["offers"]) == ("none", "unknown_placement", [])


def test_unknown_customers_and_products_are_counted_not_refused(server):
    asked = HOME | {"subject": {"customer_id": "nobody"}, "context": {"cart": [{"product_id": "moon"}]}}
    told = server.post("/v1/decide", json=asked).json()
    assert told["notes"] == {"unknown_customer": 1, "unknown_product": 1}
    assert offered(server.post("/v1/decide", json=asked))


def test_nobody_is_written_to_without_consent(server):
    asked = {"subject": {"customer_id": "c1"}, "placements": [{"id": "email.next"}]}
    told = server.post("/v1/decide", json=asked | {"context": {"channel": "email"}}).json()
    assert told["placements"]["email.next"]["outcome"] == "none"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"placements": []},
        {"placements": [{"id": ""}]},
        {"placements": [{"id": "home"}, {"id": "home"}]},
        {"placements": [{"id": "home", "limit": 0}]},
        HOME | {"subject": {"customer_id": 7}},
        HOME | {"subject": {"customer_id": "a\x00b"}},
        HOME | {"subject": {"customer_id": "x" * 121}},
        HOME | {"context": {"cart": [{"product_id": "tea", "quantity": -1}]}},
        HOME | {"context": {"cart": [{"product_id": "tea", "price": "NaN"}]}},
        HOME | {"context": {"locale": "../../etc"}},
        HOME | {"budget_ms": "soon"},
        HOME | {"explain": 1},
        {"placements": [{"id": "home", "limit": True}]},
        HOME | {"strategy": "mine"},
        [],
    ],
)
def test_what_makes_no_sense_is_refused_by_place(server, body):
    answer = server.post("/v1/decide", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "api.wrong_values"
    assert all(error.keys() == {"where", "expected"} for error in answer.json()["errors"])


def test_half_a_character_is_refused(server):
    body = b'{"placements": [{"id": "home"}], "subject": {"customer_id": "\\ud800"}}'
    answer = server.post("/v1/decide", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"placements": [{"id": "home", "limit": NaN}]}',
        b'{"placements": [{"id": "home"}], "placements": []}',
        b'{"placements": [{"id": "\xff"}]}',
        b"[" * 200_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_strict_json_is_refused(server, body):
    answer = server.post("/v1/decide", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "api.no_json")


@pytest.mark.parametrize("text", ["' or 1=1 --", "{{7*7}}", "<script>alert(1)</script>", "茶😀", "%(x)s {0}"])
def test_text_is_only_text(server, text):
    asked = {"subject": {"customer_id": text, "anonymous_id": text, "session_id": text}, **HOME}
    asked["context"] = {"cart": [{"product_id": text}], "product_id": text, "query": text, "page": text}
    assert offered(server.post("/v1/decide", json=asked))


def test_a_wrong_item_is_told_once_and_an_empty_list_as_such(server):
    def told(placements):
        return server.post("/v1/decide", json={"placements": placements}).json()["errors"]

    assert [one["where"] for one in told([{"id": "home", "limit": -1}])] == ["placements/0/limit"]
    assert [one["where"] for one in told([])] == ["placements"]
