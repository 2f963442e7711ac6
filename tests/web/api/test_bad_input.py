"""What nobody should send, each with its answer: refused or ignored with a reason, the rest kept, nothing evaluated."""

import copy
import json
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from nextbest.app import keys
from nextbest.app.operating import open_operations
from nextbest.app.serving import now

HOME = {"placements": [{"id": "home"}]}
NASTY = ["'; drop table decisions; --", "{{7*7}}${7*7}<%=7*7%>", "<script>alert(1)</script>", "%s%n{0}{x}", "\u202e茶😀", "../../etc/passwd"]  # fmt: skip
DECIDE = {
    "subject": {"customer_id": "a", "anonymous_id": "b", "session_id": "c"},
    "placements": [{"id": "home"}],
    "context": {
        "channel": "web", "cart": [{"product_id": "tea", "price": "3.50"}], "product_id": "pot", "page": "/", "query": "tea",
        "results": ["cup"], "locale": "en",
    },
}  # fmt: skip
EVENT = {
    "type": "track", "event": "Product Viewed", "messageId": "m", "userId": "a", "anonymousId": "b", "timestamp": "2026-01-01T00:00:00Z",
    "properties": {"product_id": "tea", "query": "tea", "page": "/", "session_id": "s", "offer_id": "o", "decision_id": "d"},
}  # fmt: skip
POLICY = {
    "rules": [{"name": "r", "stage": "eligibility", "where": "age > 1", "when": "place = 'x'", "placements": ["home"]}],
    "placements": [{"id": "home", "sources": ["bestsellers"], "channels": ["web"]}],
    "lists": {"treats": ["tea"]},
    "mandatory": [{"offer_id": "o", "text": {"en": "t"}, "placements": ["home"], "where": "age > 1"}],
}  # fmt: skip


def leaves(value, path=()):
    """Find the path of every text."""
    if isinstance(value, str):
        return [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, one in items for found in leaves(one, (*path, key))]


def replaced(value, path, text):
    """Put a text in the place of another."""
    whole = copy.deepcopy(value)
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = text
    return whole


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize(
    ("route", "body", "fine"),
    [("decide", DECIDE, {200, 422}), ("events", EVENT, {202}), ("policies/check", POLICY, {200, 422})],
)
def test_text_is_only_text_wherever_it_stands(server, route, body, fine, text):
    for path in leaves(body):
        answer = server.post(f"/v1/{route}", json=replaced(body, path, text))
        assert answer.status_code in fine, (path, answer.text)
        assert "49" not in answer.json().get("detail", "")


def test_tomorrow_is_early_enough_and_the_rest_is_kept(server):
    at = datetime.now(UTC)
    events = [
        EVENT | {"messageId": uuid.uuid4().hex, "timestamp": (at + timedelta(hours=hours)).isoformat()}
        for hours in (1, 25)
    ]
    told = server.post("/v1/events", json=events).json()
    assert (told["accepted"], [one["code"] for one in told["rejected"]]) == (1, ["events.future"])


def test_events_out_of_order_give_the_state_of_those_in_order(server):
    """The cart is as if taken out after it was put in, whichever came first and however often."""
    name, at = uuid.uuid4().hex, datetime.now(UTC)
    added, removed = (
        {
            "event": event,
            "userId": name,
            "messageId": uuid.uuid4().hex,
            "timestamp": (at - timedelta(minutes=ago)).isoformat(),
            "properties": {"product_id": product, "quantity": 1},
        }
        for event, product, ago in (("Product Added", "tea", 5), ("Product Removed", "tea", 4))
    )
    other = added | {"messageId": uuid.uuid4().hex, "properties": {"product_id": "pot", "quantity": 1}}
    for batch in ([removed], [other, added], [added, removed, other]):
        assert server.post("/v1/events", json=batch).status_code == 202
    cart = server.get(f"/v1/customers/{name}").json()["now"]["cart"]
    assert [line["product_id"] for line in cart] == ["pot"]


def test_an_event_nested_without_end_costs_no_other(server):
    deep = EVENT | {"properties": json.loads('{"a":' * 40 + "1" + "}" * 40)}
    told = server.post("/v1/events", json=[deep, EVENT | {"messageId": uuid.uuid4().hex}]).json()
    assert (told["accepted"], told["rejected"][0]["code"]) == (1, "events.too_deep")


@pytest.mark.parametrize("route", ["decide", "events", "policies/publish"])
def test_a_body_without_a_length_is_cut_off_all_the_same(server, route):
    pieces = (b" " * 100_000 for _ in range(100))
    answer = server.post(f"/v1/{route}", content=pieces, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "api.too_large")


def test_a_key_that_has_expired_opens_nothing(service):
    with open_operations(service.folder) as operations:
        late = keys.create(
            operations, "late", "server", by="ann", at=now(), expires_at=now() - timedelta(seconds=1)
        )
    with service.client(late) as client:
        answer = client.post("/v1/decide", json=HOME)
    assert (answer.status_code, answer.json()["code"]) == (401, "api.bad_key")


def test_a_key_that_was_revoked_is_worthless_within_seconds(service):
    with open_operations(service.folder) as operations:
        text = keys.create(operations, "lost", "server", by="ann", at=now())
        with service.client(text) as client:
            assert client.post("/v1/decide", json=HOME).status_code == 200
            keys.revoke(operations, text.split("_")[1], by="ann", at=now())
            end = time.monotonic() + 5
            while client.post("/v1/decide", json=HOME).status_code == 200:
                assert time.monotonic() < end
                time.sleep(0.2)
            assert client.post("/v1/decide", json=HOME).status_code == 401


@pytest.mark.parametrize(
    "where", ["age >", "age > 'x'", "agee > 1", "__import__('os')", "(" * 5000, "age > 1; drop", ""]
)
def test_a_condition_that_cannot_be_read_is_named_and_nothing_is_published(server, where):
    policy = {"rules": [{"name": "grown up", "stage": "eligibility", "where": where}]}
    told = server.post("/v1/policies/check", json=policy).json()["problems"]
    assert [one["code"] for one in told] == ["decide.policy.expression"]
    assert told[0]["detail"].startswith("rules.grown up.where: ")
    before = len(server.get("/v1/policies").json()["versions"])
    assert server.post("/v1/policies/publish", json=policy).status_code == 422
    assert len(server.get("/v1/policies").json()["versions"]) == before


@pytest.mark.parametrize(
    ("method", "route"),
    [
        ("GET", "metrics"),
        ("GET", "v1/policies"),
        ("GET", "v1/decisions/d_1"),
        ("GET", "v1/customers/ann/export"),
        ("DELETE", "v1/customers/ann"),
        ("POST", "v1/policies/check"),
        ("POST", "v1/policies/publish"),
        ("POST", "v1/policies/rollback"),
        ("POST", "v1/policies/replay"),
        ("POST", "v1/decide/batch"),
        ("POST", "v1/score/intent"),
    ],
)
def test_a_browsers_key_opens_no_route_of_servers(browser, method, route):
    answer = browser.request(method, f"/{route}")
    assert (answer.status_code, answer.json()["code"]) == (403, "api.not_for_browsers")
