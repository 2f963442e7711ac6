"""The service as a process: killed, asked by many at once, followed by new runs; nothing is lost and no cap is exceeded."""

import asyncio
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import sqlalchemy as sa

from nextbest.app import policies
from nextbest.app.asking import asked
from nextbest.app.operating import open_operations
from nextbest.app.serving import Service, now
from nextbest.serving.policy import Policy
from nextbest.tables.operational import DECISIONS, EVENTS

HOME = {"placements": [{"id": "home"}]}


def column(shop, which):
    """Read one column of the log."""
    with open_operations(shop.folder, None) as operations, operations.reading() as connection:
        return list(connection.scalars(sa.select(which)))


def test_what_was_acknowledged_survives_a_kill(make_shop, serving, tmp_path):
    shop = make_shop(tmp_path / "shop")
    events, decisions = [], []
    with serving(shop) as served:

        def send(number):
            message = uuid.uuid4().hex
            body = {"messageId": message, "event": "Cart Viewed", "userId": f"u{number}"}
            try:
                with served.client() as client:
                    if client.post("/v1/track", json=body).status_code == 202:
                        events.append(message)
                    answer = client.post("/v1/decide", json=HOME)
                    decisions.append(answer.json()["request_id"])
            except (httpx.TransportError, ValueError):
                return
            if len(decisions) == 20:
                served.process.kill()

        with ThreadPoolExecutor(8) as many:
            list(many.map(send, range(60)))
    assert len(decisions) >= 20
    kept = column(shop, EVENTS.c.event_id)
    assert set(events) <= set(kept)
    assert len(kept) == len(set(kept))
    assert set(decisions) <= set(column(shop, DECISIONS.c.request_id))


def test_two_workers_together_keep_to_a_cap_and_take_up_a_new_run(make_shop, serving, publish, tmp_path):
    shop = make_shop(tmp_path / "shop")
    with serving(shop, "--workers", "2") as served:
        consent = {"event": "Consent Changed", "userId": "c8"}
        granted = [
            consent | {"properties": {"purpose": purpose, "status": "granted"}}
            for purpose in ("email", "marketing", "personalisation")
        ]
        with served.client() as client:
            assert client.post("/v1/events", json=granted).json()["accepted"] == 3
        asked_ = {"subject": {"customer_id": "c8"}, "placements": [{"id": "email.best"}]}
        asked_["context"] = {"channel": "email"}

        def ask(_):
            with served.client() as client:
                return client.post("/v1/decide", json=asked_).json()["placements"]["email.best"]

        with ThreadPoolExecutor(8) as many:
            told = list(many.map(ask, range(40)))
        assert sum(len(one["offers"]) for one in told) == 2, {one["cause"] for one in told}

        last, failed, end = None, 0, time.monotonic() + 20
        publish(shop.folder, "r2")
        while time.monotonic() < end and last != "r2":
            answer = httpx.post(
                f"{served.url}/v1/decide", json=HOME, headers={"authorization": f"Bearer {shop.server_key}"}
            )
            failed += answer.status_code != 200
            last = answer.json()["snapshot"]
        assert (last, failed) == ("r2", 0)


@pytest.fixture
def opened(make_shop, tmp_path):
    with Service(make_shop(tmp_path / "shop").folder) as service:
        yield service


def test_an_answer_that_would_come_too_late_is_the_fallback(opened):
    async def ask():
        return await opened.decide(asked("c1", ["home"]), budget_ms=0.001)

    result = asyncio.run(ask())
    assert [(one.outcome, one.cause, one.offers) for one in result.answers] == [("fallback", "budget", ())]


def test_many_at_once_are_answered_as_one_by_one(opened):
    requests = [asked(f"c{number % 9}", ["home"], channel="web") for number in range(30)]

    async def ask():
        return await asyncio.gather(*map(opened.decide, requests))

    results = asyncio.run(ask())
    assert [one.request.request_id for one in results] == [one.request_id for one in requests]
    alone = [opened.consider(one) for one in requests]
    assert [one.answers for one in results] == [one.answers for one in alone]


def test_a_policy_that_is_published_is_taken_up(opened):
    assert not opened.follow()
    with opened.operations.writing() as connection:
        policies.publish(connection, Policy(), at=now(), by="ann")
    assert opened.follow()
    assert opened.loaded.compiled.policy.version == 2
