import asyncio
import threading
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from nextbest.base.errors import WorkspaceError
from nextbest.engines.operations import Operations
from nextbest.serving.log import FullError, Writer, WriterSettings, append
from nextbest.tables.operational import EVENTS


@pytest.fixture
def writer(operations):
    with Writer(operations.writing, WriterSettings()) as opened:
        yield opened


def count(operations):
    with operations.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(EVENTS))


def test_what_is_acknowledged_is_there(operations, writer, event):
    asked = [writer.submit(lambda c, n=n: append(c, [event(f"e{n}")])) for n in range(50)]
    assert [one.result().n_accepted for one in asked] == [1] * 50
    assert count(operations) == 50


def test_asyncio_waits_without_blocking(operations, writer, event):
    async def send():
        return await asyncio.gather(
            *(writer.write(lambda c, n=n: append(c, [event(f"e{n % 5}")])) for n in range(20))
        )

    done = asyncio.run(send())
    assert sum(one.n_accepted for one in done) == count(operations) == 5


def test_work_that_fails_fails_alone(operations, writer, event):
    def fail(connection):
        append(connection, [event("lost")])
        raise LookupError("nothing there")

    gate = hold(writer)
    good = writer.submit(lambda c: append(c, [event("e1")]))
    bad = writer.submit(fail)
    worse = writer.submit(lambda c: c.execute(sa.text("select nonsense from nowhere")))
    last = writer.submit(lambda c: append(c, [event("e2")]))
    gate.set()
    assert good.result().n_accepted == last.result().n_accepted == 1
    with pytest.raises(LookupError):
        bad.result()
    with pytest.raises(sa.exc.DBAPIError):
        worse.result()
    assert count(operations) == 2
    assert operations.sequence() == 2


def hold(writer):
    """Keep the writer busy until the gate is opened."""
    gate, started = threading.Event(), threading.Event()

    def wait(_):
        started.set()
        gate.wait()

    writer.submit(wait)
    started.wait()
    return gate


def test_a_commit_that_fails_tells_everybody(operations, event):
    @contextmanager
    def broken():
        with operations.writing() as connection:
            yield connection
            raise WorkspaceError("operations.full", path="operations.db")

    with Writer(broken, WriterSettings()) as writer:
        asked = [writer.submit(lambda c, n=n: append(c, [event(f"e{n}")])) for n in range(3)]
        for one in asked:
            with pytest.raises(WorkspaceError, match="disk is full"):
                one.result()
    assert count(operations) == 0


def test_too_much_waiting_is_refused_at_once(operations, event):
    with Writer(operations.writing, WriterSettings(max_waiting=10, max_commit=4)) as writer:
        gate = hold(writer)
        asked = [writer.submit(lambda c, n=n: append(c, [event(f"e{n}")]), n_rows=3) for n in range(3)]
        with pytest.raises(FullError, match="10 rows wait for the disk already"):
            writer.submit(lambda c: append(c, [event("e9")]))
        gate.set()
        assert [one.result().n_accepted for one in asked] == [1] * 3
    assert count(operations) == 3


def test_work_larger_than_a_commit_is_taken_when_nothing_waits(operations, event):
    with Writer(operations.writing, WriterSettings(max_waiting=2, max_commit=1)) as writer:
        events = [event(f"e{n}") for n in range(5)]
        assert writer.submit(lambda c: append(c, events), n_rows=5).result().n_accepted == 5


def test_closing_finishes_what_waits_and_takes_no_more(operations, event):
    writer = Writer(operations.writing, WriterSettings(gather_ms=5))
    asked = [writer.submit(lambda c, n=n: append(c, [event(f"e{n}")])) for n in range(20)]
    writer.close()
    assert all(one.done() for one in asked)
    assert count(operations) == 20
    assert writer.n_waiting == 0
    with pytest.raises(FullError, match="is stopping"):
        writer.submit(lambda _: None)


def test_events_of_many_callers_go_in_together(operations, writer, event):
    gate = hold(writer)
    asked = [writer.append([event(f"e{n // 2}"), event(f"x{n}")]) for n in range(6)]
    gate.set()
    told = [(one.result().n_accepted, one.result().n_duplicates) for one in asked]
    assert told == [(2, 0), (1, 1)] * 3
    assert count(operations) == 9
    assert operations.sequence() == 1


def test_events_that_cannot_be_written_do_not_hold_back_their_neighbours(operations, writer, event):
    gate = hold(writer)
    good = writer.append([event("e1")])
    bad = writer.append([event("e2")._replace(occurred_at=None)])
    last = writer.append([event("e3")])
    gate.set()
    assert good.result().n_accepted == last.result().n_accepted == 1
    with pytest.raises((sa.exc.DBAPIError, TypeError)):
        bad.result()
    assert count(operations) == 2


def row_by_row(connection, events):
    connection.execute(EVENTS.insert(), [one._asdict() | {"sequence": 1} for one in events])


@pytest.mark.parametrize("write", [append, row_by_row])
def test_a_disk_that_fills_up_in_the_middle_of_a_commit_loses_nothing_that_was_told(tmp_path, event, write):
    """SQLite then undoes the statement, or the whole transaction with the work of others that was done before."""

    def fill(connection):
        n_pages = connection.exec_driver_sql("pragma page_count").scalar_one()
        connection.exec_driver_sql(f"pragma max_page_count = {n_pages + 3}")
        try:
            write(connection, [event(f"x{n}", properties={"text": "y" * 30_000}) for n in range(50)])
        finally:
            connection.exec_driver_sql("pragma max_page_count = 1000000")

    with Operations.open(tmp_path) as operations, Writer(operations.writing, WriterSettings()) as writer:
        gate = hold(writer)
        before = writer.submit(lambda c: append(c, [event("e1")]))
        lost = writer.submit(fill)
        after = writer.append([event("e2")])
        gate.set()
        with pytest.raises(WorkspaceError, match="disk is full"):
            lost.result()
        told = {name for name, one in (("e1", before), ("e2", after)) if one.exception() is None}
        with operations.reading() as connection:
            assert set(connection.scalars(sa.select(EVENTS.c.event_id))) == told
        assert told == (set() if write is row_by_row else {"e1", "e2"})
        assert writer.append([event("e3")]).result().n_accepted == 1
