"""The intent of a running visit over HTTP, and what decisions make of it."""

import httpx
import pytest


def post(server, device, *events):
    batch = [
        {"type": "track", "event": name, "messageId": f"{device}-{number}", "anonymousId": device, "properties": {"product_id": product}}
        for number, (name, product) in enumerate(events)
    ]  # fmt: skip
    assert server.post("/v1/events", json={"batch": batch}).json()["rejected"] == []


def score(server, device, **context):
    return server.post(
        "/v1/score/intent", json={"subject": {"anonymous_id": device}, "context": context}
    ).json()


def test_each_event_moves_the_intent(server):
    post(server, "s-1", ("Product Viewed", "tea"))
    before = score(server, "s-1")
    post(server, "s-1", ("Product Viewed", "tea"), ("Product Added", "tea"))
    after = score(server, "s-1")
    assert (before["n_events"], after["n_events"]) == (1, 2)
    assert (before["baseline"], after["baseline"]) == (0.1, 0.4)
    assert before["probability"] < after["probability"]
    assert after["model_as_of"] == "2026-01-02"
    assert "cart_lines" in {reason["code"] for reason in after["reasons"]}


def test_the_request_knows_the_cart_better(server):
    post(server, "s-2", ("Product Viewed", "tea"))
    with_cart = score(server, "s-2", cart=[{"product_id": "tea"}])
    assert with_cart["probability"] > score(server, "s-2")["probability"]


def test_reasons_are_in_the_language_of_the_request(server):
    post(server, "s-3", ("Product Added", "tea"))
    reasons = score(server, "s-3", locale="zh-CN")["reasons"]
    assert any("购物车" in reason["text"] for reason in reasons)


def test_nobody_without_a_visit_and_nobody_after_the_order_is_scored(server):
    nobody = score(server, "s-4")
    assert (nobody["probability"], nobody["cause"], nobody["n_events"]) == (None, "no_visit", 0)
    post(server, "s-4", ("Product Added", "tea"), ("Order Completed", "tea"))
    assert score(server, "s-4")["cause"] == "no_visit"


def test_who_refused_to_be_profiled_is_not_scored(server):
    post(server, "s-5", ("Product Added", "tea"))
    said = {"purpose": "profiling", "status": "denied"}
    refusal = {"type": "track", "event": "Consent Changed", "anonymousId": "s-5", "properties": said}
    server.post("/v1/events", json=refusal)
    assert score(server, "s-5")["cause"] == "consent"


@pytest.mark.parametrize("body", [{}, {"subject": {}, "more": 1}, {"subject": {"anonymous_id": 7}}])
def test_a_wrong_body_is_refused(server, body):
    assert server.post("/v1/score/intent", json=body).status_code == 422


def test_a_browser_is_not_told(browser):
    answer = browser.post("/v1/score/intent", json={"subject": {"anonymous_id": "s-1"}})
    assert (answer.status_code, answer.json()["code"]) == (403, "api.not_for_browsers")


def test_a_decision_is_logged_with_the_intent_of_its_visit(server):
    post(server, "s-6", ("Product Added", "tea"))
    asked = {"subject": {"anonymous_id": "s-6"}, "placements": [{"id": "home", "limit": 1}]}
    found = server.post("/v1/decide", json=asked).json()["placements"]["home"]
    decision_id = found["offers"][0]["decision_id"] if found["offers"] else found["decision_id"]
    trace = server.get(f"/v1/decisions/{decision_id}").json()["trace"]
    assert trace["context"]["intent"] == score(server, "s-6")["probability"]


def test_coupons_go_to_who_hesitates(server):
    rule = {"name": "hesitating", "stage": "applicability", "where": "intent >= 0.2 and intent < 0.5"}
    found = server.post("/v1/policies/check", json={"rules": [rule]}).json()
    assert found["problems"] == []


def test_without_a_model_there_is_a_plain_404(make_shop, serving, tmp_path):
    with serving(make_shop(tmp_path / "none")) as served, served.client() as client:
        answer = client.post("/v1/score/intent", json={"subject": {"anonymous_id": "a"}})
    assert isinstance(answer, httpx.Response)
    assert (answer.status_code, answer.json()["code"]) == (404, "api.no_intent_model")
