"""Logged decisions and policies over HTTP."""

import pytest


def test_a_logged_decision_tells_what_became_of_it(server):
    asked = {"subject": {"anonymous_id": "a-9"}, "placements": [{"id": "home", "limit": 1}]}
    offer = server.post("/v1/decide", json=asked).json()["placements"]["home"]["offers"][0]
    clicked = {"event": "Decision Clicked", "anonymousId": "a-9", "decision_id": offer["decision_id"]}
    assert server.post("/v1/track", json=clicked).json()["accepted"] == 1
    told = server.get(f"/v1/decisions/{offer['decision_id']}").json()
    assert (told["offer_id"], told["outcome"]) == (offer["offer_id"], "decided")
    assert [one["verb"] for one in told["followed"]] == ["clicked"]
    assert told["assignment_probability"] == offer["assignment"]["probability"]


@pytest.mark.parametrize("name", ["d_0", "%00", "' or 1=1 --"])
def test_a_decision_that_nobody_made_is_not_there(server, name):
    answer = server.get(f"/v1/decisions/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "api.decision_unknown")


def test_a_policy_is_published_and_rolled_back_and_both_are_remembered(server):
    before = server.get("/v1/policies").json()["policy"]
    changed = {"rest_days": 3, "placements": before["placements"]}
    version = server.post("/v1/policies/publish", json=changed).json()["version"]
    assert version == before["version"] + 1
    assert server.get("/v1/policies").json()["policy"]["rest_days"] == 3
    server.post("/v1/policies/rollback", json={"version": before["version"], "note": "too much"})
    after = server.get("/v1/policies").json()
    assert after["policy"] == before | {"version": version + 1}
    last = after["versions"][0]
    assert (last["restores"], last["note"]) == (before["version"], "too much")
    assert last["published_by"].startswith("till (")


@pytest.mark.parametrize(
    ("route", "body", "status"),
    [
        ("publish", {"rules": [{"name": "r", "stage": "eligibility", "where": "no such"}]}, 422),
        ("publish", {"rules": [{"name": "r", "stage": "moon", "where": "n_orders > 1"}]}, 422),
        ("publish", {"caps": 7}, 422),
        ("publish", [], 422),
        ("rollback", {"version": 999}, 404),
        ("rollback", {"version": -1}, 422),
        ("rollback", {"version": True}, 422),
    ],
)
def test_a_policy_that_is_wrong_is_not_published(server, route, body, status):
    before = len(server.get("/v1/policies").json()["versions"])
    answer = server.post(f"/v1/policies/{route}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(server.get("/v1/policies").json()["versions"]) == before


def test_browsers_change_no_policy(browser):
    assert browser.post("/v1/policies/publish", json={}).status_code == 403


def test_a_replay_tells_who_would_get_something_else(server):
    asked = {"placements": [{"id": "home", "limit": 1}]}
    first = [
        server.post("/v1/decide", json=asked).json()["placements"]["home"]["offers"][0] for _ in range(5)
    ]
    assert {"discover:tea"} < {one["offer_id"] for one in first} | {"other"}
    policy = server.get("/v1/policies").json()["policy"]
    no_tea = {"name": "no tea", "stage": "eligibility", "where": "product_id <> 'tea'"}
    told = server.post("/v1/policies/replay", json={"policy": policy | {"rules": [no_tea]}, "most": 3}).json()
    assert (told["n_decisions"], told["is_cut"]) == (3, True)
    assert told["n_changed"] == sum(told["changed_by_placement"].values()) == len(told["changed"]) > 0
    assert all(one["before"] != one["after"] != "discover:tea" for one in told["changed"])
    assert (told["estimate"], told["refusal"]["code"]) == (None, "decide.policy.too_few")
    same = server.post("/v1/policies/replay", json={"policy": policy, "days": 1, "reward": "clicked"}).json()
    assert same["n_decisions"] >= 5


def test_a_replay_reads_what_a_new_condition_names(server):
    rule = {"name": "near", "stage": "eligibility", "where": "place = 'Oslo'"}
    asked = {"subject": {"customer_id": "c1"}, "placements": [{"id": "home", "limit": 1}]}
    server.post("/v1/decide", json=asked)
    told = server.post("/v1/policies/replay", json={"policy": {"rules": [rule]}, "most": 1}).json()
    assert (told["n_decisions"], told["n_emptied"]) == (1, 0)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"policy": {}, "most": 0}, 422),
        ({"policy": {}, "days": 1e9}, 422),
        ({"policy": {"caps": 7}}, 422),
        ({"policy": {"rules": [{"name": "r", "stage": "eligibility", "where": "no such"}]}}, 422),
    ],
)
def test_a_replay_that_makes_no_sense_is_refused(server, body, status):
    assert server.post("/v1/policies/replay", json=body).status_code == status
