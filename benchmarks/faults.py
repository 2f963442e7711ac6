"""The decision service under faults and races: killed, locked, full, half a run, hung up on; nothing lost, nothing wrong."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks import guarding, postgres
from benchmarks.auditing import audit
from benchmarks.results import Part, Row, Target
from benchmarks.served_shop import CAP, Server, Shop, make, policy, publish, serving
from benchmarks.visitors import Account, Crowd, Visitor
from nextbest.tables.operational import DECISIONS

_BACK: Final = 10.0
"""Seconds within which all must be well again."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    kills: int
    races: int
    swaps: int
    fault_seconds: float
    """That each fault lasts, with as long a rest after it."""
    decisions: int
    databases: tuple[str, ...]


FULL: Final = Size(20, 10_000, 15, 55.0, 1_000_000, ("SQLite", "PostgreSQL"))
SMALL: Final = Size(2, 600, 3, 2.0, 20_000, ("SQLite",))


def run() -> list[Part]:
    """Take about twenty-five minutes, ten of them mixed load with faults."""
    return _parts(FULL)


def run_small() -> list[Part]:
    """Take about a minute."""
    return _parts(SMALL)


def _parts(size: Size) -> list[Part]:
    with _databases(size) as databases:
        killed = [target for name, url in databases for target in _killed(name, url, size.kills)]
        raced = [target for name, url in databases for target in _raced(name, url, size.races)]
    return [
        Part("Killed under load", [], killed, "kill -9 of the whole service, again and again, under events and decisions over HTTP."),
        Part("Racing for a cap", [], raced, f"Two workers, eight callers, {CAP} messages a customer and week."),
        _swapped(size),
        _faulty(size),
        _guarded(size.decisions),
    ]  # fmt: skip


@contextmanager
def _databases(size: Size) -> Iterator[list[tuple[str, Callable[[], str | None]]]]:
    """Give a way to an empty database of each kind that is there."""
    program = postgres.find() if "PostgreSQL" in size.databases else None
    with contextlib.ExitStack() as stack:
        found: list[tuple[str, Callable[[], str | None]]] = [("SQLite", lambda: None)]
        if program:
            found.append(("PostgreSQL", stack.enter_context(postgres.postgresql(program))))
        yield found


@contextmanager
def _shop(url: str | None = None, n_customers: int = 200) -> Iterator[Shop]:
    with tempfile.TemporaryDirectory() as folder:
        yield make(Path(folder) / "shop", database=url, n_customers=n_customers)


def _killed(name: str, new_url: Callable[[], str | None], n_kills: int) -> list[Target]:
    with _shop(new_url()) as shop, serving(shop) as server:
        with Crowd(server, 6) as crowd:
            for _ in range(n_kills):
                _answers(crowd, 150)
                server.kill()
                server.start()
                server.wait()
            _answers(crowd, 150)
        return _as_it_should_be(f"{name}, {n_kills} kills", shop, crowd.account)


def _answers(crowd: Crowd, n: int) -> None:
    goal = crowd.account.n_answers + n
    while crowd.account.n_answers < goal:
        time.sleep(0.02)


def _raced(name: str, new_url: Callable[[], str | None], n: int) -> list[Target]:
    with _shop(new_url(), n_customers=n // 20) as shop, serving(shop, "--workers", "2") as server:
        customers = [f"c{number % shop.n_customers}" for number in range(n)]

        def ask(mine: Sequence[str]) -> Account:
            with contextlib.closing(Visitor(server)) as visitor:
                for customer in mine:
                    visitor.ask_email(customer)
                return visitor.account

        with ThreadPoolExecutor(8) as many:
            account = sum(many.map(ask, [customers[at::8] for at in range(8)]), Account())
        offered = sum(one is not None for one in shop.column(DECISIONS.c.offer_id))
        named = f"{name}, {n:,} requests"
        given = Target(f"{named}: messages", f"{CAP * shop.n_customers:,}", f"{offered:,}", offered == CAP * shop.n_customers)  # fmt: skip
        return [given, *_as_it_should_be(named, shop, account)]


def _swapped(size: Size) -> Part:
    """Publish runs and policies while visitors ask, and compare with a time without."""
    with _shop() as shop, serving(shop) as server:
        with Crowd(server, 4, pause=0.02) as warm:
            time.sleep(2)
        with Crowd(server, 4, pause=0.02) as calm:
            time.sleep(2 * size.swaps)
        with Crowd(server, 4, pause=0.02) as crowd, contextlib.closing(Visitor(server)) as manager:
            for number in range(2, 2 + size.swaps):
                publish(shop.folder, f"r{number}", shop.n_customers)
                manager.post("/v1/policies/publish", policy(number))
                time.sleep(2)
        account = warm.account + calm.account + crowd.account
        before, during = _p99(calm.account), _p99(crowd.account)
        n_seen = len({run for run, _ in crowd.account.by})
        targets = [
            Target("requests dropped", "0", str(account.told["unanswered"]), not account.told["unanswered"]),
            Target("runs that answered", f">= {size.swaps}", str(n_seen), n_seen >= size.swaps),
            Target("p99 added", "<= 20 ms", f"{during - before:.1f} ms ({before:.1f}, {during:.1f})", during - before <= 20),
            *_as_it_should_be("each answer by one run and one policy", shop, account),
        ]  # fmt: skip
    return Part(
        f"{size.swaps} new runs and policies under load",
        [],
        targets,
        "Four callers in a process of Python beside it.",
    )


def _p99(account: Account) -> float:
    return float(np.percentile(account.seconds, 99)) * 1e3


def _as_it_should_be(what: str, shop: Shop, account: Account) -> list[Target]:
    found = audit(shop, account)
    told = ", ".join(f"{name} {n:,}" for name, n in sorted(account.told.items()))
    said = {
        "acknowledged and lost": found.n_lost,
        "written twice": found.n_doubled,
        "beyond a cap": found.n_over_cap,
        f"wrong answers ({told})": found.n_wrong,
    }
    return [Target(f"{what}: {name}", "0", str(n), n == 0) for name, n in said.items()]


def _faulty(size: Size) -> Part:
    rows, targets = [], []
    with _shop() as shop, serving(shop, "--workers", "2") as server:
        with Crowd(server, 6, pause=0.01) as crowd:
            for name, fault in FAULTS.items():
                time.sleep(size.fault_seconds / 2)
                before = crowd.account.told
                with fault(server):
                    time.sleep(size.fault_seconds)
                seconds = _back(server)
                told = crowd.account.told - before
                rows.append(Row(name, None, _said(told)))
                targets.append(
                    Target(f"{name}: well again", f"<= {_BACK:g} s", f"{seconds:.2f} s", seconds <= _BACK)
                )
        targets += _as_it_should_be("all of it", shop, crowd.account)
    said = "; ".join(f"{row.name}: {row.found}" for row in rows)
    note = f"Two workers, six callers without rest, each fault for {size.fault_seconds:g} s, as long a rest. Callers were told: {said}."
    return Part("Faults under mixed load", [], targets, note)


def _said(told: Counter[str]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in sorted(told.items()))


def _back(server: Server) -> float:
    """Wait until decisions are made and events are kept, without a retry; give the seconds."""
    began = time.monotonic()
    while time.monotonic() - began < 60:
        with contextlib.closing(Visitor(server)) as visitor:
            visitor.ask_home()
            visitor.send(1, "c1", lambda: True)
            if visitor.account.told == {"200": 1, "202": 1}:
                break
        time.sleep(0.05)
    return time.monotonic() - began


@contextmanager
def killed_worker(server: Server) -> Iterator[None]:
    """Kill one of the workers."""
    os.kill(server.workers()[0], signal.SIGKILL)
    yield


@contextmanager
def locked(server: Server) -> Iterator[None]:
    """Hold the database as another program would."""
    file = server.shop.folder / "store" / "operations.db"
    with contextlib.closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as other:
        other.execute("begin exclusive")
        yield
        other.execute("rollback")


@contextmanager
def full_disk(server: Server) -> Iterator[None]:
    """Let no file of the service grow."""
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in server.workers()}
    for pid, (_, most) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, most))
    yield
    for pid, limits in before.items():
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


@contextmanager
def half_a_run(server: Server) -> Iterator[None]:
    """Publish a run of which one table is cut short."""
    publish(server.shop.folder, "half", server.shop.n_customers)
    file = server.shop.folder / "store" / "snapshots" / "half" / "products.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[:-40])
    yield
    file.write_bytes(whole)


@contextmanager
def no_run(server: Server) -> Iterator[None]:
    """Take the current run away, and kill a worker, which then starts without one."""
    pointer = server.shop.folder / "store" / "CURRENT"
    name = pointer.read_text()
    pointer.write_text("gone")
    os.kill(server.workers()[0], signal.SIGKILL)
    yield
    pointer.write_text(name)


@contextmanager
def hung_up(server: Server) -> Iterator[None]:
    """Hang up in the middle of bodies."""
    for _ in range(100):
        with _unfinished(server):
            pass
    yield


@contextmanager
def slow_bodies(server: Server) -> Iterator[None]:
    """Send bodies that never end."""
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(_unfinished(server))
        yield


@contextmanager
def _unfinished(server: Server) -> Iterator[None]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        head = f"POST /v1/decide HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.shop.key}\r\nContent-Length: 900\r\n\r\n"
        connection.sendall(head.encode() + b'{"placements"')
        yield


FAULTS: Final[dict[str, Callable[[Server], AbstractContextManager[None]]]] = {
    "a worker killed": killed_worker,
    "database locked": locked,
    "disk full": full_disk,
    "newest run cut short": half_a_run,
    "run gone, and a worker killed": no_run,
    "callers that hang up": hung_up,
    "bodies that never end": slow_bodies,
}


def _guarded(n: int) -> Part:
    each = min(n, 10_000)
    with ProcessPoolExecutor(2) as two:
        found = sum(two.map(partial(guarding.violations, n=each), range(n // each)), Counter[str]())
    decided = found.pop("decided")
    said = f"{sum(found.values())} {dict(found) or ''}".strip()
    note = f"{n:,} requests of invented shops, {decided:,} of them decided, each checked against the shop's raw rows."
    return Part("Guardrails", [], [Target("answers that break one", "0", said, not found)], note)


__all__ = ["FAULTS", "FULL", "SMALL", "run", "run_small"]
