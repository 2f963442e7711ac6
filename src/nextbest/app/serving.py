"""The decision service without HTTP: log, snapshot and policy opened together; functions that answer, and follow new runs."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import sqlalchemy as sa

from nextbest.app import forgetting, keys, policies, resting
from nextbest.app.asking import as_people, asked, new_id
from nextbest.app.committing import commit, n_rows
from nextbest.app.config import Config, ServiceSettings
from nextbest.app.operating import open_operations
from nextbest.app.resting import Loaded
from nextbest.base.errors import WorkspaceError
from nextbest.engines.snapshots import Snapshot as Run
from nextbest.engines.snapshots import Snapshots, one_writer
from nextbest.serving import decide, events, log, state
from nextbest.serving.decide import Intent, Request, Result
from nextbest.serving.events import Call, EventSettings, Rejected
from nextbest.serving.log import Appended, Cap, Decision, Forgotten, FullError, Writer, WriterSettings
from nextbest.serving.policy import Policy

T = TypeVar("T")
_WRITE_ONLY: Final = Appended(0, 0, 0)
_LEFT: Final = 60.0
"""Seconds after which files that still hold an erased customer are nobody else's work."""


class Service:
    """Everything that the web may ask of a workspace.

    Parameters
    ----------
    folder
        The workspace.
    database
        URL of a PostgreSQL database in place of ``store/operations.db``.
    is_patient
        Open also while the current run cannot be read: until it can, decisions are fallbacks.
    """

    def __init__(self, folder: Path, *, database: str | None = None, is_patient: bool = False) -> None:
        self.folder = folder
        config = Config.read(folder)
        own = ServiceSettings(database=database) if database else config.service
        self.config = dataclasses.replace(config, service=own)
        self._store = folder / "store"
        self._snapshots = Snapshots(self._store)
        self._events = EventSettings()
        self._asked: list[tuple[Request, asyncio.Future[Result]]] = []
        self.operations = open_operations(folder, config=self.config)
        self._writer = Writer(self.operations.writing, WriterSettings())
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="nextbest-aside")
        self._forgotten, self._up_to = Forgotten(), 0
        self._loaded = self._load(None)
        try:
            self.follow()
        except WorkspaceError:
            if not is_patient:
                self.close()
                raise
        for language in ("en", "zh"):  # what is loaded at the first decision is loaded now
            self.consider(asked(None, ["home"], locale=language))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Finish what waits for the disk and let go of everything."""
        self._aside.shutdown()
        self._writer.close()
        self.operations.close()

    @property
    def loaded(self) -> Loaded:
        """What decisions rest on now."""
        return self._loaded

    @property
    def n_waiting(self) -> int:
        """Rows that wait for the disk."""
        return self._writer.n_waiting

    def follow(self) -> bool:
        """Take up a newer run or policy; tell whether there was one. Requests that are being answered keep the old one.

        A policy holds at once, also while a newer run cannot be read. Who was erased is forgotten at once, too.
        """
        before = self._loaded
        try:
            self.forget()
        finally:  # whatever is wrong with the files of who was erased
            self._take_up(before)
        return self._loaded is not before

    def _take_up(self, before: Loaded) -> None:
        with self.operations.reading() as connection:
            version = policies.version(connection)
            if version != before.compiled.policy.version:
                compiled = decide.compile_policy(policies.current(connection))
                if not before.snapshot.lacks(compiled.columns):
                    self._loaded = dataclasses.replace(before, compiled=compiled)
        current = self._snapshots.current()
        name = current.name if current else None
        if (name, version) != (self._loaded.run, self._loaded.compiled.policy.version):
            self._loaded = self._load(current)
            self.forget(current)

    def is_erased(self, customer_id: str) -> bool:
        """Tell whether a customer was erased since the run that decisions rest on; its memory still holds what it told."""
        gone = self._forgotten
        return bool(gone.digests) and gone.erased_at(f"c:{customer_id}") is not None

    def forget(self, current: Run | None = None) -> None:
        """See who was erased, and do for the files what nobody else does.

        What a run copied after an erasure is no longer the erased customer's: its number of changes tells.
        """
        if current is not None:
            self._up_to = int(current.manifest.get("operations_up_to", 0))
        self._forgotten = self.operations.forgotten(after=self._up_to)
        if forgetting.is_waiting(self._store, seconds=_LEFT):
            with contextlib.suppress(WorkspaceError), one_writer(self._store):
                forgetting.finish(self.folder, config=self.config)

    def key(self, text: str) -> keys.Key | None:
        """Find the key that a text is, if it still holds."""
        found = keys.recognise(self.operations, text)
        return found if found and found.holds(now()) else None

    def origins(self) -> frozenset[str]:
        """Name the origins of all browser keys that hold."""
        at = now()
        return frozenset(
            origin for key in keys.listed(self.operations) if key.holds(at) for origin in key.origins
        )

    async def take(self, body: bytes, call: Call | None = None) -> tuple[Appended, Sequence[Rejected]]:
        """Keep the events of a body; what is told is on the disk."""
        parsed = events.parse(body, now().replace(tzinfo=UTC), self._events, call=call)
        if not parsed.events:
            return _WRITE_ONLY, parsed.rejected
        return await asyncio.wrap_future(self._writer.append(parsed.events)), parsed.rejected

    async def decide(self, request: Request, *, budget_ms: float | None = None) -> Result:
        """Decide, write the decision down, and only then give it.

        Parameters
        ----------
        request
            One subject and its placements.
        budget_ms
            Milliseconds after which the fallback is answered: nothing, with the cause ``budget``; room that was taken is given back.
        """
        loop = asyncio.get_running_loop()
        answering: asyncio.Future[Result] = loop.create_future()
        self._asked.append((request, answering))
        if len(self._asked) == 1:
            loop.call_soon(self._answer)
        if budget_ms is None:
            return await answering
        try:
            return await asyncio.wait_for(asyncio.shield(answering), budget_ms / 1000)
        except TimeoutError:
            answering.add_done_callback(self._take_back)
            return self.too_late(request)

    async def decide_all(self, requests: Sequence[Request]) -> list[Result]:
        """Decide on many requests in one pass, beside the loop, and write all down in one piece; only then give them."""
        if not requests:
            return []
        results = await self.aside(lambda: self.consider_all(requests))
        rows = sum(n_rows(result) for result in results)
        return await self._writer.write(partial(commit, results=results), n_rows=rows)

    async def aside(self, work: Callable[[], T]) -> T:
        """Do long work beside the loop, one piece after the other: together they would only take each other's turns."""
        return await asyncio.get_running_loop().run_in_executor(self._aside, work)

    def _answer(self) -> None:
        """Answer all who asked since the last time, in one pass and one piece of work for the disk."""
        waiting, self._asked = self._asked, []
        try:
            results = self.consider_all([request for request, _ in waiting])
            work = partial(commit, results=results)
            writing = self._writer.submit(work, n_rows=sum(n_rows(result) for result in results))
        except Exception as error:  # noqa: BLE001  who asked is told
            _tell(waiting, error)
            return
        done = asyncio.wrap_future(writing)
        done.add_done_callback(lambda _: _tell(waiting, done.exception() or done.result()))

    def _take_back(self, answering: asyncio.Future[Result]) -> None:
        """Free the room that offers took which came too late to be answered."""
        if not answering.exception():
            offers = [offer.decision_id for one in answering.result().answers for offer in one.offers]
            self._write_sometime(lambda connection: log.release(connection, offers))

    def consider(self, request: Request) -> Result:
        """Decide without writing anything down."""
        return self.consider_all([request])[0]

    def consider_all(self, requests: Sequence[Request]) -> list[Result]:
        """Decide on many requests in one pass, without writing anything down."""
        loaded, at = self._loaded, now()
        if loaded.run is None:
            return [loaded.fallback(request, "snapshot_missing", at) for request in requests]
        with (
            self.operations.reading() as connection
        ):  # not longer: a long read keeps what was written from its place
            requests = as_people(connection, requests)
            known = state.read_all(connection, [(one.customer_id, one.anonymous_id) for one in requests], at)

        def count(caps: Collection[Cap]) -> Mapping[Cap, int]:
            with self.operations.reading() as connection:
                return log.used(connection, caps, at=at)

        seed = str(self.config.shop.seed)
        return decide.decide(
            loaded.snapshot, loaded.compiled, requests, known, now=at, seed=seed, contacts=count
        )

    def intent(self, request: Request) -> Intent | None:
        """Tell how likely a visitor's running visit is to end in an order; ``None``: the run has no model for it."""
        loaded, at = self._loaded, now()
        with self.operations.reading() as connection:
            known = state.read(connection, request.customer_id, request.anonymous_id, at)
        return decide.intent(loaded.snapshot, loaded.compiled, request, known, now=at)

    def policy(self, number: int | None = None) -> Policy:
        """Give a version of the policy; without a number, the one that holds in the database now."""
        with self.operations.reading() as connection:
            return policies.current(connection) if number is None else policies.of_version(connection, number)

    def policy_versions(self) -> list[dict[str, Any]]:
        """List the versions, newest first."""
        with self.operations.reading() as connection:
            return policies.listed(connection)

    async def write(self, work: Callable[[sa.Connection], T], *, n_rows: int = 1) -> T:
        """Do a piece of work in a writing transaction; what it gives comes when it is on the disk."""
        return await self._writer.write(work, n_rows=n_rows)

    async def publish(
        self, candidate: Policy, *, by: str, note: str | None = None, restores: int | None = None
    ) -> int:
        """Let a policy hold from now on, and give its version."""
        work = partial(policies.publish, candidate=candidate, at=now(), by=by, note=note, restores=restores)
        return await self._writer.write(work)

    def traced(self, decision_id: str) -> tuple[Decision, list[tuple[str, datetime]]] | None:
        """Give a logged decision and what became of it: verb and instant, oldest first."""
        with self.operations.reading() as connection:
            found = log.find(connection, decision_id)
            followed = log.outcomes(connection, [decision_id]) if found else []
        return (found, [(one.verb, one.occurred_at) for one in followed]) if found else None

    def too_late(self, request: Request) -> Result:
        """Give the fallback, and note it when there is time."""
        again = dataclasses.replace(request, request_id=new_id())
        late = self._loaded.fallback(again, "budget", now())
        self._write_sometime(partial(commit, results=[late]))
        return late

    def _write_sometime(self, work: Callable[[sa.Connection], object]) -> None:
        """Hand in work that nobody waits for; a disk that is too far behind goes without it."""
        with contextlib.suppress(FullError):
            self._writer.submit(work)

    def prepared(self, candidate: Policy) -> Loaded:
        """Give what decisions would rest on under another policy; it does not hold."""
        compiled, loaded = decide.compile_policy(candidate), self._loaded
        if loaded.run is None or not loaded.snapshot.lacks(compiled.columns):
            return dataclasses.replace(loaded, compiled=compiled)
        return self._load(self._snapshots.open(loaded.run), candidate)

    def _load(self, current: Run | None, candidate: Policy | None = None) -> Loaded:
        return resting.load(self.folder, self.config, current, candidate or self.policy(), self.is_erased)


def now() -> datetime:
    """Read the clock: UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def _tell(
    waiting: Sequence[tuple[Request, asyncio.Future[Result]]], told: Sequence[Result] | BaseException
) -> None:
    for number, (_, answering) in enumerate(waiting):
        if answering.done():
            continue
        if isinstance(told, BaseException):
            answering.set_exception(told)
        else:
            answering.set_result(told[number])
