"""The same decision asked for again under one Idempotency-Key: one answer, one row, one contact."""

import asyncio
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from nextbest.app.asking import asked
from nextbest.app.operating import open_operations
from nextbest.app.repeating import Once, decide_once
from nextbest.app.serving import Service
from nextbest.serving import log
from nextbest.tables.operational import DECISIONS

HOME = {"placements": [{"id": "home"}]}


def ask(client, body, key):
    return client.post("/v1/decide", json=body, headers={"idempotency-key": key})


def n_rows(service, request_id):
    with open_operations(service.folder, None) as operations, operations.reading() as connection:
        return connection.scalar(
            sa.select(sa.func.count()).select_from(DECISIONS).where(DECISIONS.c.request_id == request_id)
        )


def test_the_same_again_is_answered_word_for_word_and_written_once(service, server):
    key = uuid.uuid4().hex
    first, again = (ask(server, HOME | {"subject": {"anonymous_id": key}}, key) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    told = first.json()
    assert n_rows(service, told["request_id"]) == len(told["placements"]["home"]["offers"]) > 0


def test_something_else_under_the_same_key_is_refused(server):
    key = uuid.uuid4().hex
    assert ask(server, HOME, key).status_code == 200
    answer = ask(server, HOME | {"subject": {"customer_id": "c1"}}, key)
    assert (answer.status_code, answer.json()["code"]) == (422, "api.idempotency_other")


def test_many_at_once_get_one_answer(service, server):
    key = uuid.uuid4().hex
    with ThreadPoolExecutor(8) as many:
        told = list(many.map(lambda _: ask(server, HOME, key).json(), range(16)))
    assert all(one == told[0] for one in told)
    assert n_rows(service, told[0]["request_id"]) == len(told[0]["placements"]["home"]["offers"])


@pytest.fixture(params=["sqlite", "postgresql"])
def workers(request, make_shop, tmp_path):
    """Open two services on one database, as two workers do."""
    url = request.getfixturevalue("postgresql")() if request.param == "postgresql" else None
    folder = make_shop(tmp_path / "shop").folder
    with Service(folder, database=url) as one, Service(folder, database=url) as other:
        yield one, other


def test_two_workers_asked_at_the_same_time_give_one_answer_and_one_row(workers):
    keys = [Once.of("till", f"k{number}", "{}") for number in range(15)]

    def told(result):
        offers = [offer.decision_id for answer in result.answers for offer in answer.offers]
        return {"offers": offers, "by": uuid.uuid4().hex}

    def answers(service):
        async def ask():
            request = asked("c1", ["home"])
            return await asyncio.gather(*(decide_once(service, request, once, told) for once in keys))

        return asyncio.run(ask())

    with ThreadPoolExecutor(2) as both:
        first, second = both.map(answers, workers)
    assert [one.answer for one in first] == [one.answer for one in second]
    assert sorted(one.is_repeated for one in (*first, *second)) == [False] * 15 + [True] * 15
    with workers[0].operations.reading() as connection:
        rows = [log.of_request(connection, once.request_id) for once in keys]
    assert [[row.decision_id for row in mine] for mine in rows] == [one.answer["offers"] for one in first]


def test_something_else_asked_by_another_worker_is_refused(workers):
    def ask(service, body):
        return asyncio.run(
            decide_once(service, asked("c1", ["home"]), Once.of("till", "k", body), lambda _: {})
        )

    assert ask(workers[0], "{}").answer == {}
    assert ask(workers[1], "[]").answer is None


def test_a_contact_is_counted_once(server):
    consent = {"event": "Consent Changed", "userId": "c5"}
    granted = [
        consent | {"properties": {"purpose": purpose, "status": "granted"}}
        for purpose in ("email", "marketing", "personalisation")
    ]
    assert server.post("/v1/events", json=granted).json()["accepted"] == 3
    asked = {
        "subject": {"customer_id": "c5"}, "placements": [{"id": "email.best"}], "context": {"channel": "email"},
    }  # fmt: skip
    key = uuid.uuid4().hex
    one = [ask(server, asked, key).json()["placements"]["email.best"] for _ in range(3)]
    assert one[0]["outcome"] == "decided"
    assert one[0] == one[1] == one[2]
    other = ask(server, asked, uuid.uuid4().hex).json()["placements"]["email.best"]
    assert other["outcome"] == "decided", "the cap of two a week has room for a second one"


def test_each_asker_has_keys_of_their_own(server, browser):
    key = uuid.uuid4().hex
    mine, theirs = ask(server, HOME, key).json(), ask(browser, HOME, key).json()
    assert mine["request_id"] != theirs["request_id"]
    assert "score" not in ask(browser, HOME, key).json()["placements"]["home"]["offers"][0]


def test_the_first_answer_survives_a_restart(make_shop, serving, tmp_path):
    shop = make_shop(tmp_path / "shop")
    told = []
    for _ in range(2):
        with serving(shop) as served, served.client() as client:
            told.append(ask(client, HOME, "order-7").json())
    assert told[0] == told[1]


def test_the_kept_answer_is_no_part_of_the_trace(server):
    offer = ask(server, HOME, uuid.uuid4().hex).json()["placements"]["home"]["offers"][0]
    assert "answer" not in server.get(f"/v1/decisions/{offer['decision_id']}").json()["trace"]


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ä"])
def test_a_key_that_is_none_is_refused(server, key):
    answer = ask(server, HOME, key.encode())
    assert (answer.status_code, answer.json()["code"]) == (422, "api.idempotency_key")


def test_an_answer_that_comes_too_late_is_given_when_the_request_comes_again(server):
    key, end = uuid.uuid4().hex, time.monotonic() + 10
    told = {"outcome": "fallback"}
    while told["outcome"] == "fallback" and time.monotonic() < end:
        told = ask(server, HOME | {"budget_ms": 1}, key).json()["placements"]["home"]
    assert told["outcome"] == "decided"
