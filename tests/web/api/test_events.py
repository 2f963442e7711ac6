"""Events over HTTP: kept or refused one by one, on the disk when they are acknowledged."""

import uuid

import pytest

from nextbest.serving.events import CALLS


def viewed(**said):
    return {"type": "track", "event": "Product Viewed", "messageId": uuid.uuid4().hex, "userId": "ann"} | said


@pytest.mark.parametrize("route", ["events", "batch"])
def test_a_batch_is_kept_and_its_retry_changes_nothing(server, route):
    batch = {"batch": [viewed(), viewed()]}
    first, again = (server.post(f"/v1/{route}", json=batch) for _ in range(2))
    assert (first.status_code, first.json()["accepted"], first.json()["duplicates"]) == (202, 2, 0)
    assert (again.json()["accepted"], again.json()["duplicates"]) == (0, 2)


@pytest.mark.parametrize("call", CALLS)
def test_segments_routes_know_their_call(server, call):
    body = {"userId": "ann", "anonymousId": "a-1", "messageId": uuid.uuid4().hex, "event": "Cart Viewed"}
    body |= {"previousId": "a-1", "groupId": "g", "name": "home"}
    assert server.post(f"/v1/{call}", json=body).json()["accepted"] == 1


def test_what_is_wrong_is_named_and_the_rest_is_kept(server):
    ancient = viewed(timestamp="1970-01-01T00:00:00Z")
    told = server.post("/v1/events", json=[viewed(), 7, ancient, viewed(userId=["x"])]).json()
    assert told["accepted"] == 1
    assert [(one["index"], one["code"]) for one in told["rejected"]] == [
        (1, "events.no_object"),
        (2, "events.ancient"),
        (3, "events.wrong_type"),
    ]


@pytest.mark.parametrize("text", ["'; drop table events; --", "{{7*7}}", "<script>", "测试😀", "%s%n"])
def test_text_is_only_text(server, text):
    answer = server.post("/v1/events", json=viewed(userId=text, properties={"query": text}))
    assert answer.json()["accepted"] == 1


@pytest.mark.parametrize("body", [b"", b"{", b"7", b"\xff", b"[" * 100_000])
def test_a_body_that_holds_no_events_is_refused_whole(server, body):
    answer = server.post("/v1/events", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["code"].startswith("events.body_")
