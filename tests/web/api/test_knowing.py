"""What is known of a customer, and plain lists, over HTTP."""

import uuid

import pytest

from nextbest.app import auditing
from nextbest.app.operating import open_operations


def products(answer):
    assert answer.status_code == 200, answer.text
    return [one for offer in answer.json()["offers"] for one in offer["product_ids"]]


def test_a_customer_is_told_by_run_and_by_what_came_since(server):
    seen = {"event": "Product Viewed", "userId": "ann", "properties": {"product_id": "cup"}}
    added = {"event": "Product Added", "userId": "ann", "properties": {"product_id": "pot", "price": "3.50"}}
    refused = {
        "event": "Consent Changed",
        "userId": "ann",
        "properties": {"purpose": "email", "status": "denied"},
    }
    assert server.post("/v1/events", json=[seen, added, refused]).json()["accepted"] == 3
    told = server.get("/v1/customers/ann").json()
    assert (told["customer_id"], told["snapshot"], told["facts"]) == ("ann", "r1", {"place": "Oslo"})
    assert told["segment"] == {"code": "champions", "text": "Champions"}
    assert told["profile"]["revenue_total"] == "12.5"
    assert [one["probability"] for one in told["propensities"]] == [0.5, 0.25]
    assert told["propensities"][0]["reasons"][0]["text"] == "orders in 91 days: 7 is higher than for most"
    assert told["consents"] == [{"purpose": "email", "channel": None, "status": "denied"}]
    assert told["top_categories"] == [{"category": "dairy", "n_orders": 6}]
    assert [one["reasons"][0]["text"] for one in told["offers"]] == [
        "Bought in 6 orders, about every 8 days; last 9 days ago"
    ]
    assert "pot" in {line["product_id"] for line in told["now"]["cart"]}
    assert told["now"]["viewed"][0]["product_id"] == "cup"
    assert told["now"]["session"]["n_events"] >= 3


def test_nothing_that_names_or_reaches_a_person_is_told(server):
    assert "ann@mail.example" not in server.get("/v1/customers/ann").text
    server.post(
        "/v1/track",
        json={"event": "Products Searched", "userId": "ann", "properties": {"query": "for Ann Bell"}},
    )
    assert "Ann Bell" not in server.get("/v1/customers/ann").text


def test_words_are_in_the_callers_language(server):
    told = server.get("/v1/customers/ann", headers={"accept-language": "zh-CN"}).json()
    assert told["segment"] == {"code": "champions", "text": "核心顾客"}


def test_who_came_after_the_run_is_known_by_what_they_did(server):
    name = uuid.uuid4().hex
    assert server.get(f"/v1/customers/{name}").status_code == 404
    server.post(
        "/v1/track", json={"event": "Product Viewed", "userId": name, "properties": {"product_id": "tea"}}
    )
    told = server.get(f"/v1/customers/{name}").json()
    assert (told["facts"], told["segment"], told["offers"]) == ({}, None, [])


@pytest.mark.parametrize("name", ["nobody", "%00", "' or 2=2 --", "{{8*8}}", "%ff", "咖啡"])
def test_a_customer_whom_nobody_knows_is_not_there(server, name):
    answer = server.get(f"/v1/customers/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "api.customer_unknown")


def test_who_looked_at_whom_is_noted(service, server):
    server.get("/v1/customers/ann")
    server.get("/v1/customers/nobody")
    with open_operations(service.folder) as operations:
        noted = auditing.listed(operations, of="ann").to_pylist()
        assert auditing.listed(operations, of="nobody").num_rows == 0
    assert noted[0]["action"] == "customer seen"
    assert noted[0]["by"].startswith("till (")


def test_lists_of_the_shop_need_nobody(server):
    assert products(server.get("/v1/recommendations/bestsellers")) == ["tea", "pot", "cup", "milk"]
    assert products(server.get("/v1/recommendations/bestsellers", params={"limit": 2})) == ["tea", "pot"]


def test_a_list_tells_why_and_logs_nothing(server):
    told = server.get("/v1/recommendations/bestsellers", headers={"accept-language": "zh"}).json()
    assert told["offers"][0]["reasons"][0]["text"] == "近期热销"
    assert "decision_id" not in told["offers"][0]


def test_what_goes_with_a_product_is_asked_by_the_product(server):
    assert products(server.get("/v1/recommendations/related", params={"product_id": "tea"})) == ["pot"]


def test_a_list_that_stays_empty_tells_its_cause(server):
    told = server.get("/v1/recommendations/repeat", params={"customer_id": "nobody"}).json()
    assert (told["offers"], told["cause"], told["notes"]) == ([], "no_candidates", {"unknown_customer": 1})


@pytest.mark.parametrize(
    ("route", "status", "code"),
    [
        ("moon", 404, "api.list_unknown"),
        ("related", 422, "api.list_needs"),
        ("repeat", 422, "api.list_needs"),
        ("bestsellers?limit=0", 422, "api.wrong_parameters"),
        ("bestsellers?limit=many", 422, "api.wrong_parameters"),
        ("related?product_id=", 422, "api.wrong_parameters"),
        ("repeat?customer_id=a%00b", 422, "api.wrong_parameters"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(server, route, status, code):
    answer = server.get(f"/v1/recommendations/{route}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("route", ["customers/ann", "recommendations/bestsellers"])
def test_browsers_look_nothing_up(browser, route):
    assert browser.get(f"/v1/{route}").status_code == 403
