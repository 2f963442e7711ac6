"""The decision service over HTTP: milliseconds, requests and events a second, many decisions, a new run under load.

The service runs as anybody runs it, ``nextbest serve`` on a copy of a workspace; the client has a process of its own, see
:mod:`benchmarks.asking`. Both share the machine's cores.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPResponse
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow.parquet as pq
import sqlalchemy as sa

from benchmarks.asking import Told, at_rate, in_turn, request
from benchmarks.measuring import Work
from benchmarks.results import Part, Row, Target
from benchmarks.served import is_soon_on, publish, serving
from nextbest.app.operating import open_operations
from nextbest.tables.operational import EVENTS

_WORKSPACE: Final = "NEXTBEST_DEMO"
_MB: Final = 2**20
_PIECE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Size:
    """How much is asked."""

    seconds: int
    """Of each load."""
    n_decisions: int
    """Of the batch."""


FULL: Final = Size(seconds=30, n_decisions=1_000_000)
SMALL: Final = Size(seconds=4, n_decisions=4_000)


def pace(port: str, key: str, workspace: str, per_second: str, seconds: str) -> Work:
    """Ask at a steady pace, whether answers come or not; after a few to warm up."""
    n = int(per_second) * int(seconds)
    asked = list(islice(_decides(key, workspace), n))
    at_rate(int(port), asked[:100], 50)
    return Work(lambda: at_rate(int(port), asked, float(per_second)), _seen)


def crowd(port: str, key: str, workspace: str, n_connections: str, seconds: str) -> Work:
    """Ask on so many connections, each as soon as it has its answer."""
    asked = cycle(list(islice(_decides(key, workspace), 5_000)))
    in_turn(int(port), asked, int(n_connections), 1)
    return Work(lambda: in_turn(int(port), asked, int(n_connections), int(seconds)), _seen)


def events(port: str, key: str, n_connections: str, seconds: str) -> Work:
    """Tell events, a hundred a body, on so many connections."""
    asked = (request("/v1/events", key, body) for body in _bodies(40_000 * int(seconds)))
    told = list(asked)
    in_turn(int(port), iter(told[:20]), 4, 1)
    return Work(lambda: in_turn(int(port), iter(told[20:]), int(n_connections), int(seconds)), _seen)


def streams(port: str, key: str, workspace: str, n_decisions: str, n_streams: str) -> Work:
    """Send lines to be decided, so many connections at once, each the next 5,000 when it has its answers."""
    n = int(n_decisions)
    given = islice(_lines(workspace), n)
    pieces = iter([b"".join(piece) for piece in iter(lambda: list(islice(given, _PIECE)), [])])

    def do() -> int:
        with ThreadPoolExecutor(int(n_streams)) as pool:
            return sum(pool.map(lambda piece: _stream(int(port), key, piece), pieces))

    return Work(do, lambda n_decided: {"decided": n_decided})


def run(size: Size = FULL) -> list[Part]:
    """Measure the service on the workspace that $NEXTBEST_DEMO names; nothing without one."""
    workspace = os.environ.get(_WORKSPACE)
    if workspace is None:
        return []
    return [
        _paced(workspace, size),
        _crowded(workspace, size),
        _told(workspace, size),
        _swapped(workspace, size),
        _decided(workspace, size),
    ]


def run_small() -> list[Part]:
    """Measure little, for work on the benchmark itself."""
    return run(SMALL)


def _paced(workspace: str, size: Size) -> Part:
    with serving(workspace) as served:
        took, seen = served.asked("benchmarks.serving:pace", workspace, 100, size.seconds)
    rows = [Row("100 requests/s, one worker", took, _figures(seen))]
    targets = [
        _below("p50", 3, "ms", seen["p50_ms"]),
        _below("p99", 10, "ms", seen["p99_ms"]),
        _below("requests refused or lost", 0, "", seen["refused"]),
        _below("start to ready", 5, "s", served.ready_seconds),
        _below("memory of the service", 600, "MB", took.peak_mb),
    ]
    note = (
        "Home page, six offers of about 100 candidates, customers of the Complete Journey in turn. Open loop: a request counts from "
        "when it was due. CPU and memory are the service's."
    )
    return Part("Decisions over HTTP at a steady pace", rows, targets, note)


def _crowded(workspace: str, size: Size) -> Part:
    rows, rates = [], []
    for workers in (1, 2):
        with serving(workspace, workers=workers) as served:
            took, seen = served.asked("benchmarks.serving:crowd", workspace, 16, size.seconds // 2)
        rows.append(Row(f"16 connections, workers: {workers}", took, _figures(seen)))
        rates.append(seen["per_second"])
    targets = [
        _above("requests a second, one worker", 400, rates[0]),
        _above("two workers, beside one", 1.3, rates[1] / rates[0]),
    ]
    return Part("Decisions over HTTP, as many as it takes", rows, targets)


def _told(workspace: str, size: Size) -> Part:
    with serving(workspace) as served:
        took, seen = served.asked("benchmarks.serving:events", 16, size.seconds // 2)
        with open_operations(served.folder, None) as operations, operations.reading() as connection:
            n_kept = connection.scalar(sa.select(sa.func.count()).select_from(EVENTS)) or 0
    n = (seen["answers"] + 20) * 100
    targets = [
        _above("acknowledged durable events a second", 10_000, seen["per_second"] * 100),
        Target("acknowledged and on the disk", f"{n:,}", f"{n_kept:,}", n_kept == n),
    ]
    rows = [Row("bodies of 100 on 16 connections, one worker", took, _figures(seen))]
    return Part("Events over HTTP", rows, targets)


def _decided(workspace: str, size: Size) -> Part:
    rows = []
    for workers, n_streams, n in ((1, 1, size.n_decisions // 10), (2, 8, size.n_decisions)):
        with serving(workspace, workers=workers) as served:
            took, seen = served.asked("benchmarks.serving:streams", workspace, n, n_streams)
        rate = f"{seen['decided'] / took.wall:,.0f} decisions/s, by CPU {seen['decided'] / took.cpu:,.0f}"
        rows.append(Row(f"{n:,} lines, workers: {workers}, connections: {n_streams}", took, rate))
    targets = [
        _below(f"{n:,} decisions on 2 cores", 300 * n / 1e6, "s", took.wall),
        Target("lines answered", f"{n:,}", f"{seen['decided']:,}", seen["decided"] == n),
    ]
    note = "decide/batch, home page, six offers each, every one of them written down before it is answered."
    return Part("Many decisions over HTTP", rows, targets, note)


def _swapped(workspace: str, size: Size) -> Part:
    """Publish two runs while decisions are asked for, and look at the seconds around."""
    with serving(workspace) as served:
        calm, before = served.asked("benchmarks.serving:pace", workspace, 100, size.seconds)
        halves = threading.Timer(2.0 + size.seconds / 4, lambda: publish(served.folder, "later1"))
        last = threading.Timer(2.0 + size.seconds * 0.7, lambda: publish(served.folder, "later2"))
        halves.start()
        last.start()
        busy, during = served.asked("benchmarks.serving:pace", workspace, 100, size.seconds)
        halves.join()
        last.join()
        is_taken_up = is_soon_on(served.port, "later2")
    rows = [
        Row("without a new run", calm, _figures(before)),
        Row("two new runs meanwhile", busy, _figures(during)),
    ]
    targets = [
        _below("requests refused or lost", 0, "", during["refused"]),
        _below("added to the p99", 20, "ms", during["p99_ms"] - before["p99_ms"]),
        Target("new runs taken up", "True", str(is_taken_up), is_taken_up),
    ]
    return Part("New runs under load, 100 requests/s", rows, targets)


def _decides(key: str, workspace: str) -> Iterator[bytes]:
    return (request("/v1/decide", key, line.strip()) for line in _lines(workspace))


def _lines(workspace: str) -> Iterator[bytes]:
    """Ask for the home page of one customer after the other, without end."""
    [file] = Path(workspace, "store", "tables", "customers").glob("*.parquet")
    ids = pq.read_table(file, columns=["customer_id"])["customer_id"].to_pylist()
    texts = [orjson.dumps({"subject": {"customer_id": one}, "placements": [{"id": "home"}]}) for one in ids]
    return (texts[number * 7919 % len(texts)] + b"\n" for number in count())


def _bodies(n: int) -> Iterator[bytes]:
    """Make up what pages tell, now."""
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    for first in range(0, n, 100):
        items = [
            {
                "type": "track",
                "event": ("Product Viewed", "Product Added", "Products Searched")[number % 3],
                "messageId": f"ajs-next-{number:032x}",
                "anonymousId": f"a-{number * 7919 % 5_000}",
                "timestamp": at,
                "context": {"page": {"path": "/p/tea", "url": "https://shop.example/p/tea"}},
                "properties": {"product_id": f"p{number * 31 % 997}", "price": 3.5, "query": "tea"},
            }
            for number in range(first, first + 100)
        ]
        yield orjson.dumps({"batch": items})


def _stream(port: int, key: str, body: bytes) -> int:
    """Send a body while its answer is read; count the lines that were decided."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        sending = threading.Thread(target=connection.sendall, args=(request("/v1/decide/batch", key, body),))
        sending.start()
        answer = HTTPResponse(connection, method="POST")
        answer.begin()
        n, rest = 0, b""
        while piece := answer.read1(_MB):
            *lines, rest = (rest + piece).split(b"\n")
            n += sum(line.startswith(b'{"request_id"') for line in lines)
        sending.join()
    return n


def _seen(told: Told) -> dict[str, float]:
    return {
        "answers": len(told.took),
        "refused": told.n_refused,
        "per_second": told.per_second,
        **{f"p{share}_ms": round(told.percentile(share), 2) for share in (50, 90, 99)},
        "max_ms": round(max(told.took, default=float("nan")), 2),
    }


def _figures(seen: dict[str, Any]) -> str:
    figures = ", ".join(f"{name} {seen[f'{name}_ms']:,.2f} ms" for name in ("p50", "p90", "p99", "max"))
    return f"{seen['per_second']:,.0f}/s, {figures}"


def _below(name: str, limit: float, unit: str, got: float) -> Target:
    return Target(name, f"<= {limit:g} {unit}".strip(), f"{got:,.2f} {unit}".strip(), got <= limit)


def _above(name: str, least: float, got: float) -> Target:
    return Target(name, f">= {least:,g}", f"{got:,.4g}" if got < 100 else f"{got:,.0f}", got >= least)
