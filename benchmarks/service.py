"""The decision service's log: events that are on the disk before they are acknowledged, and their way into the tables."""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from benchmarks import serving
from benchmarks.measuring import Measured, Work, measure
from benchmarks.results import Part, Row, Target
from nextbest.engines.operations import Operations
from nextbest.engines.parts import Parts
from nextbest.serving.events import EventSettings, parse
from nextbest.serving.log import Appended, Writer, WriterSettings, append
from nextbest.tables.operational import EVENTS

_NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
_NAMES = ("Product Viewed", "Product Added", "Products Searched", "Product List Viewed")
_VISITORS = 5_000
_FULL, _SMALL = 30_000, 3_000
_PER_SECOND = 10_000
_COPIED = 10


def one_by_one(n_events: str, per_commit: str) -> Work:
    """Parse bodies and commit each before the next is looked at."""
    operations = _opened()
    bodies = list(_bodies(int(n_events), int(per_commit)))

    def do() -> int:
        return sum(_append(operations, body).n_accepted for body in bodies)

    return Work(do, lambda n: {"events": n, "kept": _count(operations)})


def through_writer(n_events: str, per_body: str) -> Work:
    """Parse bodies and hand them to the writer, as many callers at once do."""
    operations = _opened()
    bodies = list(_bodies(int(n_events), int(per_body)))

    def do() -> int:
        with _writer(operations) as writer:
            asked = [writer.append(parse(body, _NOW, EventSettings()).events) for body in bodies]
            return sum(one.result().n_accepted for one in asked)

    return Work(do, lambda n: {"events": n, "kept": _count(operations)})


def copied(n_events: str) -> Work:
    """Copy new events into Parquet, as a run does."""
    operations = _filled(int(n_events))
    parts = Parts.open(_folder())
    return Work(lambda: operations.copy(parts, operations.sequence()), lambda changed: {"changed": changed})


def copied_again(n_events: str) -> Work:
    """Look for new events where there are none."""
    operations = _filled(int(n_events))
    parts = Parts.open(_folder())
    operations.copy(parts, operations.sequence())
    return Work(lambda: operations.copy(parts, operations.sequence()), lambda changed: {"changed": changed})


def _folder() -> Path:
    """Make a folder that goes when the process ends."""
    made = tempfile.TemporaryDirectory()
    atexit.register(made.cleanup)
    return Path(made.name)


def _opened() -> Operations:
    return Operations.open(_folder())


def _filled(n_events: int) -> Operations:
    operations = _opened()
    for body in _bodies(n_events, 1_000):
        _append(operations, body)
    return operations


@contextmanager
def _writer(operations: Operations) -> Iterator[Writer]:
    with Writer(operations.writing, WriterSettings(max_waiting=1_000_000)) as writer:
        yield writer


def _append(operations: Operations, body: bytes) -> Appended:
    with operations.writing() as connection:
        return append(connection, parse(body, _NOW, EventSettings()).events)


def _count(operations: Operations) -> int:
    with operations.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(EVENTS)) or 0


def _bodies(n_events: int, per_body: int) -> Iterator[bytes]:
    """Make up Segment batches as a shop's pages send them."""
    for first in range(0, n_events, per_body):
        items = [_item(number) for number in range(first, min(first + per_body, n_events))]
        yield orjson.dumps({"batch": items, "sentAt": "2026-01-31T11:59:01.000Z"})


def _item(number: int) -> dict[str, Any]:
    product = f"p{number * 31 % 997}"
    return {
        "type": "track",
        "event": _NAMES[number % len(_NAMES)],
        "messageId": f"ajs-next-{number:032x}",
        "anonymousId": f"a-{number * 7919 % _VISITORS}",
        "timestamp": f"2026-01-31T11:{number // 60 % 60:02}:{number % 60:02}.000Z",
        "context": {
            "page": {"path": f"/p/{product}", "url": f"https://shop.example/p/{product}"},
            "library": {"name": "js"},
        },
        "properties": {
            "product_id": product,
            "name": "Green tea",
            "price": 3.5,
            "category": "drinks",
            "query": "tea",
        },
    }


def run() -> list[Part]:
    """Measure the event log, and the service over HTTP."""
    return [*_parts(_FULL), *serving.run()]


def run_small() -> list[Part]:
    """Measure them on little."""
    return [*_parts(_SMALL), *serving.run_small()]


def _parts(n: int) -> list[Part]:
    single = n // 10
    hundred = measure("benchmarks.service:through_writer", str(n), "100")
    direct = measure("benchmarks.service:one_by_one", str(n), "100")
    rows = [
        _row("bodies of 100, through the writer", hundred, n),
        _row("bodies of 100, a commit each", direct, n),
        _row(
            "one event a body, through the writer",
            measure("benchmarks.service:through_writer", str(single), "1"),
            single,
        ),
        _row(
            "one event a body, a commit each",
            measure("benchmarks.service:one_by_one", str(single), "1"),
            single,
        ),
    ]
    targets = [
        _rate("acknowledged durable events a second, bodies of 100, through the writer", hundred, n),
        _rate("the same, a commit each", direct, n),
    ]
    note = (
        f"SQLite, WAL, synchronous=FULL; {n:,} events of {_VISITORS:,} visitors, parsed from Segment bodies, written with the "
        "state of their visitors, in one process without HTTP. By CPU: events for each second of processor time, what a quiet "
        "machine comes near to."
    )
    copies = [
        _row("copied", measure("benchmarks.service:copied", str(n * _COPIED)), n * _COPIED),
        _row("nothing new", measure("benchmarks.service:copied_again", str(n * _COPIED)), n * _COPIED),
    ]
    return [
        Part("Events acknowledged", rows, targets, note),
        Part(f"{n * _COPIED:,} events into the canonical tables", copies, []),
    ]


def _row(name: str, took: Measured | None, n: int) -> Row:
    return Row(name, took, f"{n / took.wall:,.0f} events/s, by CPU {n / took.cpu:,.0f}" if took else "")


def _rate(name: str, took: Measured | None, n: int) -> Target:
    if took is None:
        return Target(name, f">= {_PER_SECOND:,}", "not measured", None)
    got = n / took.wall
    is_whole = took.answer == {"events": n, "kept": n}
    return Target(
        name, f">= {_PER_SECOND:,}", f"{got:,.0f}, all kept: {is_whole}", got >= _PER_SECOND and is_whole
    )
