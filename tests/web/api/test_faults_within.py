"""Faults that are set up within one process: a clock that is set back, a disk that is behind, a body that never comes."""

import asyncio
import dataclasses
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from benchmarks.served_shop import CAP, limit_of, make, policy, publish
from starlette.requests import ClientDisconnect, Request

from nextbest.app import policies, serving
from nextbest.app.asking import asked
from nextbest.app.serving import Service
from nextbest.base.errors import WorkspaceError
from nextbest.serving.log import FullError, Writer, WriterSettings
from nextbest.serving.policy import Policy
from nextbest.web.api import batch, reading, server
from nextbest.web.api.problems import RefusedError

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture
def opened(tmp_path):
    with Service(make(tmp_path / "shop").folder) as service:
        yield service


def decide(service, *requests, budget_ms=None):
    async def ask():
        return await asyncio.gather(*(service.decide(one, budget_ms=budget_ms) for one in requests))

    return [result.answers[0] for result in asyncio.run(ask())]


def email():
    return asked("c1", ["email.best"], channel="email")


def test_a_clock_that_is_set_back_allows_no_contact_too_many(opened, monkeypatch):
    clock = NOON
    monkeypatch.setattr(serving, "now", lambda: clock)

    def n_messages():
        return sum(bool(answer.offers) for _ in range(3) for answer in decide(opened, email()))

    told = [n_messages()]
    for days in (-1, -30, 0, 6, 8):
        clock = NOON + timedelta(days)
        told.append(n_messages())
    # A week after the contacts there is room again, whatever the clock said in between.
    assert told == [CAP, 0, 0, 0, 0, CAP]


def test_a_customers_device_is_no_way_around_a_cap_or_a_list(opened):
    told = b"""[{"event": "Cart Viewed", "messageId": "m1", "anonymousId": "a-1", "userId": "c1"},
        {"event": "Consent Changed", "messageId": "m2", "anonymousId": "a-2",
         "properties": {"purpose": "push", "status": "granted"}},
        {"event": "Consent Changed", "messageId": "m3", "userId": "c1", "properties": {"purpose": "push", "status": "granted"}}]"""
    assert asyncio.run(opened.take(told))[0].n_accepted == 3
    with opened.operations.writing() as connection:
        rules = policy(1)
        rules["placements"][1]["channels"] = ["push"]
        policies.publish(connection, Policy.read(rules, "policy"), at=NOON, by="ann")
    opened.follow()

    def n_offers(customer_id, anonymous_id):
        request = asked(customer_id, ["email.best"], channel="push")
        answer = decide(opened, dataclasses.replace(request, anonymous_id=anonymous_id))[0]
        return len(answer.offers)

    assert [n_offers("c1", None), n_offers(None, "a-1"), n_offers(None, "a-1"), n_offers("c1", None)] == [
        1,
        1,
        0,
        0,
    ]
    assert [n_offers(None, "a-2") for _ in range(3)] == [1] * CAP + [0]


def test_what_is_wrong_with_erased_files_holds_up_no_policy(opened, monkeypatch):
    def broken(*_, **__):
        raise OSError(28, "no room")

    monkeypatch.setattr(serving.forgetting, "is_waiting", broken)
    with opened.operations.writing() as connection:
        policies.publish(connection, Policy.read(policy(2), "policy"), at=NOON, by="ann")
    with pytest.raises(OSError, match="no room"):
        opened.follow()
    assert opened.loaded.compiled.policy.version == 2


def test_events_are_kept_once_and_carts_stay_when_the_clock_is_set_back(opened, monkeypatch):
    clock = NOON
    monkeypatch.setattr(serving, "now", lambda: clock)
    body = (
        b'{"event": "Product Added", "messageId": "m%d", "userId": "c1", "properties": {"product_id": "p%d"}}'
    )

    def send(number):
        return asyncio.run(opened.take(body % (number, number)))[0]

    assert send(1).n_accepted == 1
    clock = NOON - timedelta(days=2)
    assert (send(1).n_duplicates, send(2).n_accepted) == (1, 1)
    clock = NOON + timedelta(minutes=1)
    with opened.operations.reading() as connection:
        cart = serving.state.read(connection, "c1", None, clock).cart
    assert {line.product_id for line in cart} == {"p1", "p2"}


def test_a_disk_that_is_too_far_behind_is_told_at_once_or_answered_by_the_fallback(opened):
    gate, started = threading.Event(), threading.Event()
    opened._writer.close()
    opened._writer = Writer(opened.operations.writing, WriterSettings(max_waiting=2))
    opened._writer.submit(lambda _: (started.set(), gate.wait()), n_rows=2)
    started.wait()
    opened._writer.submit(lambda _: None, n_rows=2)
    try:
        with pytest.raises(FullError, match="wait for the disk"):
            decide(opened, email())
        with pytest.raises(FullError, match="wait for the disk"):
            asyncio.run(opened.take(b'{"event": "Cart Viewed", "userId": "c1"}'))
    finally:
        gate.set()
    while opened.n_waiting:
        time.sleep(0.01)
    assert decide(opened, email())[0].outcome == "decided"


def test_room_of_an_answer_that_came_too_late_is_free_again(opened):
    for _ in range(3):
        gate = threading.Event()
        opened._writer.submit(lambda _, gate=gate: gate.wait())

        async def late(gate=gate):
            told = await opened.decide(email(), budget_ms=20)
            gate.set()
            await opened.write(lambda _: None)
            await asyncio.sleep(0.01)
            await opened.write(lambda _: None)
            return told.answers[0]

        assert asyncio.run(late()).cause == "budget"
    assert [bool(decide(opened, email())[0].offers) for _ in range(3)] == [True] * CAP + [False] * (3 - CAP)


def test_a_policy_holds_at_once_while_the_newer_run_cannot_be_read(opened, tmp_path):
    publish(tmp_path / "shop", "r2", 3)
    (tmp_path / "shop" / "store" / "snapshots" / "r2" / "customers.parquet").unlink()
    with opened.operations.writing() as connection:
        policies.publish(connection, Policy.read(policy(2), "policy"), at=NOON, by="ann")
    with pytest.raises(WorkspaceError, match=r"r2 is not whole: customers are gone"):
        opened.follow()
    answer = decide(opened, asked(None, ["home"]))[0]
    assert (opened.loaded.run, len(answer.offers)) == ("r1", limit_of(2))
    publish(tmp_path / "shop", "r3", 3)
    assert opened.follow()
    assert opened.loaded.run == "r3"


def test_a_service_that_is_not_patient_says_what_is_wrong_with_the_run(tmp_path):
    folder = make(tmp_path / "shop").folder
    (folder / "store" / "CURRENT").write_bytes(b"\xff\xfe")
    with pytest.raises(WorkspaceError, match="There is no run"):
        Service(folder)


def test_a_batch_of_which_nothing_more_comes_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(batch, "PATIENCE", 0.05)
    sent = iter([b'{"placements"', b": 1}\n{"])

    async def receive():
        piece = next(sent, None)
        if piece is None:
            await asyncio.sleep(9)
        return {"type": "http.request", "body": piece, "more_body": True}

    async def lines():
        scope = {"type": "http", "method": "POST", "path": "/v1/decide/batch", "headers": []}
        return [line async for line in batch._lines(Request(scope, receive))]

    with pytest.raises(ClientDisconnect):
        asyncio.run(lines())


def test_a_body_that_never_ends_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(reading, "PATIENCE", 0.05)

    async def receive():
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    scope = {"type": "http", "method": "POST", "path": "/v1/decide", "headers": []}
    with pytest.raises(RefusedError) as told:
        asyncio.run(reading.body_of(Request(scope, receive)))
    assert (told.value.status, told.value.message.code) == (408, "api.too_slow")


def test_a_worker_that_cannot_open_the_database_tries_again(monkeypatch):
    monkeypatch.setattr(server, "LOOK", 0.01)
    tries = iter([True, True, False])

    def open_service():
        if next(tries):
            raise WorkspaceError("operations.unreachable", path="shop", reason="no answer")
        return "open"

    assert asyncio.run(server._opened(open_service)) == "open"
    monkeypatch.setattr(server, "OPENING", 0.0)
    tries = iter([True])
    with pytest.raises(WorkspaceError):
        asyncio.run(server._opened(open_service))
