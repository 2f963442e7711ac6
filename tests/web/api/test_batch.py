"""Many decisions at once over HTTP."""

import json


def lines(answer):
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def asked(customer_id):
    return json.dumps({"subject": {"customer_id": customer_id}, "placements": [{"id": "home"}]})


def test_each_line_is_answered_in_its_place_and_a_wrong_one_costs_no_other(server):
    body = "\n".join([asked("c1"), "{", "", asked(7), *(asked(f"c{number % 9}") for number in range(700))])
    told = lines(
        server.post("/v1/decide/batch", content=body, headers={"content-type": "application/x-ndjson"})
    )
    assert len(told) == 703
    assert [one.get("status") for one in told[:4]] == [None, 400, 422, None]
    assert all("home" in one["placements"] for one in told[3:])
    assert len({one["request_id"] for one in told[3:]}) == 700


def test_a_batch_may_be_sent_piece_by_piece(server):
    pieces = (bytes([byte]) for byte in (asked("c1") + "\n" + asked("c2")).encode())
    assert len(lines(server.post("/v1/decide/batch", content=pieces))) == 2


def test_nothing_asked_is_nothing_answered(server):
    assert lines(server.post("/v1/decide/batch", content=b"")) == []


def test_browsers_ask_one_at_a_time(browser):
    assert browser.post("/v1/decide/batch", content=asked("c1").encode()).status_code == 403


def test_trials_of_a_batch_are_not_written_down(server):
    trial = json.dumps({**json.loads(asked("c1")), "dry_run": True})
    tried, real = lines(server.post("/v1/decide/batch", content=f"{trial}\n{asked('c1')}".encode()))
    ids = [one["placements"]["home"]["offers"][0]["decision_id"] for one in (tried, real)]
    assert [server.get(f"/v1/decisions/{one}").status_code for one in ids] == [404, 200]
