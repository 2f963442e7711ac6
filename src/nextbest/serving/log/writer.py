"""Group commit: work from many callers, few commits; a caller is told only when its work is on the disk."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, NamedTuple, Self, TypeVar

import sqlalchemy as sa

from nextbest.base.errors import WorkspaceError
from nextbest.serving.events import Event
from nextbest.serving.log.events import append, append_all
from nextbest.serving.log.spec import Appended, WriterSettings

T = TypeVar("T")
Work = Callable[[sa.Connection], T]
Writing = Callable[[], AbstractContextManager[sa.Connection]]


class FullError(WorkspaceError):
    """Too much work waits for the disk, or the writer has stopped: come back later; nothing was written."""


class _Job(NamedTuple):
    work: Work[Any]
    n_rows: int
    future: Future[Any]
    events: Sequence[Event] | None = None
    """Appending these is all the work: neighbours are appended together."""


class Writer:
    """A thread that commits what others hand in.

    While one commit is on its way to the disk, work gathers for the next: the busier, the larger the commits. Each piece of work
    is all or nothing, whatever becomes of the others in its commit.

    Parameters
    ----------
    writing
        Opens a transaction that holds the write lock and commits at its end.
    settings
        How work waits.

    Examples
    --------
    >>> import contextlib
    >>> engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
    >>> with Writer(engine.begin, WriterSettings()) as writer:
    ...     writer.submit(lambda connection: connection.scalar(sa.select(sa.literal(7)))).result()
    7
    >>> engine.dispose()
    """

    def __init__(self, writing: Writing, settings: WriterSettings) -> None:
        self._writing = writing
        self._settings = settings
        self._waiting: deque[_Job] = deque()
        self._n_rows = 0
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="nextbest-writer", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def n_waiting(self) -> int:
        """Rows that wait or are on their way."""
        return self._n_rows

    def submit(self, work: Work[T], *, n_rows: int = 1) -> Future[T]:
        """Hand in work; its result comes when it is on the disk.

        Parameters
        ----------
        work
            Called with a connection in the writing thread; must not commit.
        n_rows
            About how many rows it writes; no more than may wait are taken.

        Raises
        ------
        FullError
            Too much waits already, or the writer is closed.
        """
        return self._queue(_Job(work, n_rows, Future()))

    def append(self, events: Sequence[Event]) -> Future[Appended]:
        """Hand in events; what became of them comes when they are on the disk. Many callers' events go in together."""
        return self._queue(_Job(partial(append, events=events), len(events), Future(), events))

    async def write(self, work: Work[T], *, n_rows: int = 1) -> T:
        """Hand in work and wait for it, in asyncio; see :meth:`submit`."""
        return await asyncio.wrap_future(self.submit(work, n_rows=n_rows))

    def close(self) -> None:
        """Take no more, finish what waits, and end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()

    def _queue(self, job: _Job) -> Future[Any]:
        with self._changed:
            if self._is_closed:
                raise FullError("serving.stopped")
            if self._waiting and self._n_rows + job.n_rows > self._settings.max_waiting:
                raise FullError("serving.full", n=self._n_rows)
            self._waiting.append(job)
            self._n_rows += job.n_rows
            self._changed.notify()
        return job.future

    def _run(self) -> None:
        while jobs := self._gather():
            self._commit([job for job in jobs if job.future.set_running_or_notify_cancel()])
            with self._changed:
                self._n_rows -= sum(job.n_rows for job in jobs)

    def _gather(self) -> list[_Job]:
        """Wait for work and take what one commit may hold; nothing once closed and done."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
        if self._settings.gather_ms:
            time.sleep(self._settings.gather_ms / 1000)
        jobs: list[_Job] = []
        with self._changed:
            room = self._settings.max_commit
            while self._waiting and (not jobs or self._waiting[0].n_rows <= room):
                jobs.append(self._waiting.popleft())
                room -= jobs[-1].n_rows
        return jobs

    def _commit(self, jobs: list[_Job]) -> None:
        told: list[tuple[_Job, Any, Exception | None]] = []
        try:
            with self._writing() as connection:
                if len(jobs) == 1:  # whatever fails undoes the whole transaction
                    told = [(jobs[0], jobs[0].work(connection), None)]
                else:
                    for is_events, together in itertools.groupby(jobs, lambda job: job.events is not None):
                        told += _do_all(connection, list(together), is_events=is_events)
        except Exception as lost:  # noqa: BLE001  nothing was committed: every caller must know
            told = [(job, None, lost) for job in jobs]
        for job, result, error in told:
            if error is None:
                job.future.set_result(result)
            else:
                job.future.set_exception(error)


def _do_all(
    connection: sa.Connection, jobs: list[_Job], *, is_events: bool
) -> list[tuple[_Job, Any, Exception | None]]:
    """Do neighbouring jobs: events together as long as nothing fails, else each by itself."""
    if is_events and len(jobs) > 1:
        batches = [job.events or () for job in jobs]
        results, error = _try(connection, partial(append_all, batches=batches))
        if error is None:
            return [(job, result, None) for job, result in zip(jobs, results, strict=True)]
    return [(job, *_try(connection, job.work)) for job in jobs]


def _try(connection: sa.Connection, work: Work[Any]) -> tuple[Any, Exception | None]:
    """Do one piece of work, or undo it.

    A full disk or a lost connection may end the whole transaction: then nothing of the commit is kept, and this says so.
    """
    savepoint = connection.begin_nested()
    try:
        result = work(connection)
        savepoint.commit()
    except Exception as error:
        try:
            savepoint.rollback()
        except (sa.exc.SQLAlchemyError, WorkspaceError):
            raise error from None
        if connection.invalidated:
            raise
        return None, error
    return result, None
