import subprocess
import sys
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextbest.serving.log import Cap, Reserving, release, reserve, used
from nextbest.tables.operational import CONTACTS

WEEK = timedelta(days=7)
MAIL = Cap("c:ann/email", 2, WEEK)
OFFER = Cap("offer:o1", 3, None)


def ask(operations, decision_id, at, *caps, **how):
    with operations.writing() as connection:
        return reserve(connection, decision_id, caps, at, **how)


def test_a_cap_is_never_exceeded_within_its_window(operations, noon):
    assert ask(operations, "d1", noon, MAIL, OFFER) is None
    assert ask(operations, "d2", noon + timedelta(days=1), MAIL, OFFER) is None
    reached = ask(operations, "d3", noon + timedelta(days=6), OFFER, MAIL)
    assert (reached.cap, reached.n_before) == (MAIL, 2)
    assert ask(operations, "d3", noon + WEEK, OFFER, MAIL) is None
    assert ask(operations, "d4", noon + timedelta(days=99), OFFER).cap == OFFER


def test_what_is_refused_counts_nowhere(operations, noon):
    for n in range(3):
        ask(operations, f"d{n}", noon, MAIL, OFFER)
    with operations.reading() as connection:
        assert used(connection, [MAIL, OFFER], noon) == {MAIL: 2, OFFER: 2}


def test_the_same_decision_counts_once(operations, noon):
    for _ in range(3):
        assert ask(operations, "d1", noon, MAIL) is None
    with operations.reading() as connection:
        assert used(connection, [MAIL], noon) == {MAIL: 1}


def test_a_mandatory_message_is_counted_but_not_held_back(operations, noon):
    for n in range(3):
        assert ask(operations, f"d{n}", noon, MAIL, is_mandatory=True) is None
    assert ask(operations, "d9", noon, MAIL).n_before == 3


def test_what_never_reached_anybody_is_given_back(operations, noon):
    ask(operations, "d1", noon, MAIL)
    ask(operations, "d2", noon, MAIL)
    with operations.writing() as connection:
        release(connection, ["d1"])
    assert ask(operations, "d3", noon, MAIL) is None


def test_a_clock_set_back_lets_nothing_through(operations, noon):
    ask(operations, "d1", noon, MAIL)
    ask(operations, "d2", noon, MAIL)
    assert ask(operations, "d3", noon - timedelta(days=30), MAIL) is not None


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.lists(st.integers(0, 20), max_size=12))
def test_no_window_ever_holds_more_than_its_cap(operations, noon, days):
    with operations.writing() as connection:
        connection.execute(sa.delete(CONTACTS))
    granted = [
        day
        for n, day in enumerate(sorted(days))
        if ask(operations, f"d{n}", noon + timedelta(days=day), MAIL) is None
    ]
    assert all(sum(day < other <= day + 6 for other in granted) + granted.count(day) <= 2 for day in granted)


RACER = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from nextbest.engines.operations import Operations
from nextbest.serving.log import Cap, Writer, WriterSettings, reserve
store, url, name, n = sys.argv[1:]
noon = datetime(2026, 1, 31, 12)
def work(number):
    caps = [Cap(f"c:{number % 100}/email", 7, timedelta(days=7)), Cap("offer:o1", 650, None)]
    return lambda connection: reserve(connection, f"{name}{number}", caps, noon + timedelta(seconds=number))
with Operations.open(Path(store), url=url or None) as operations:
    with Writer(operations.writing, WriterSettings(max_commit=20)) as writer:
        asked = [writer.submit(work(number)) for number in range(int(n))]
        print(sum(one.result() is None for one in asked))
"""


@pytest.mark.slow
def test_ten_thousand_racing_requests_never_exceed_a_cap(database, operations):
    place = [str(database["store"]), database.get("url", "")]
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, *place, name, "5000"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for name in ("one", "two")
    ]
    told = [racer.communicate() for racer in racers]
    assert [error for _, error in told] == [b"", b""]
    with operations.reading() as connection:
        counts = dict(
            connection.execute(sa.select(CONTACTS.c.scope, sa.func.count()).group_by(CONTACTS.c.scope)).all()
        )
    assert counts.pop("offer:o1") == sum(int(granted) for granted, _ in told) == 650
    assert max(counts.values()) <= 7
    assert sum(counts.values()) == 650


def test_decisions_of_one_commit_share_the_room(operations, noon):
    asked = [(f"d{n}", (MAIL, OFFER)) for n in range(3)] + [("must", (MAIL,)), ("free", ())]
    with operations.writing() as connection, Reserving(connection, asked, noon) as reserving:
        assert [reserving.take("d0"), reserving.take("d0"), reserving.take("d1")] == [None] * 3
        assert reserving.take("d2").n_before == 2
        reserving.give_back("d0")
        assert reserving.take("d2") is None
        assert reserving.take("must", is_mandatory=True) is reserving.take("free") is None
    with operations.reading() as connection:
        assert used(connection, [MAIL, OFFER], noon) == {MAIL: 3, OFFER: 2}


def test_work_that_fails_reserves_nothing(operations, noon):
    def fail(connection):
        with Reserving(connection, [("d1", (MAIL,))], noon) as reserving:
            reserving.take("d1")
            raise LookupError

    with operations.writing() as connection, pytest.raises(LookupError):
        fail(connection)
    with operations.reading() as connection:
        assert used(connection, [MAIL], noon) == {MAIL: 0}


def test_the_caps_of_a_long_list_are_counted_in_pieces(operations, noon):
    ask(operations, "d1", noon, MAIL)
    caps = [Cap(f"c:{n}/email", 2, WEEK) for n in range(40_000)]
    with operations.reading() as connection:
        counts = used(connection, [*caps, MAIL], noon)
    assert (len(counts), sum(counts.values())) == (40_001, 1)
