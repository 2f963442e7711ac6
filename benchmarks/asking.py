"""A light HTTP/1.1 client for load: a few microseconds a request, so that the service is what is measured.

Latency counts from the moment at which a request was due, not from when it could be sent: a service that stands still for a
second is seen by all who came in that second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import uvloop


@dataclass(slots=True)
class Told:
    """What a load found."""

    seconds: float = 0.0
    """From the first request to the last answer."""
    took: list[float] = field(default_factory=list)
    """Milliseconds of each answer, in the order of the answers."""
    at: list[float] = field(default_factory=list)
    """Seconds after the beginning at which each was due."""
    n_refused: int = 0
    """Answers that were no success, and requests without an answer."""
    last: bytes = b""
    """Body of the last answer."""

    @property
    def per_second(self) -> float:
        """Successful answers a second."""
        return len(self.took) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds within which a share of all answers, 0-100, came."""
        return float(np.percentile(self.took, share)) if self.took else float("nan")


class Connection(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError())

    @property
    def is_open(self) -> bool:
        """Whether the service has not closed it, as it does when nothing was asked for five seconds."""
        return not self._transport.is_closing()

    def data_received(self, data: bytes) -> None:
        """Gather an answer: its head ends with an empty line and tells the length of its body."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or self._answer is None:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) >= length:
            self._received = b""
            self._answer.set_result((int(head[9:12]), body))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request and give status and body of its answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer


def request(path: str, key: str, body: bytes) -> bytes:
    """Write a POST."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def at_rate(port: int, requests: Sequence[bytes], per_second: float) -> Told:
    """Send requests at a steady pace, whether answers come or not (open loop)."""
    return uvloop.run(_at_rate(port, requests, per_second))


def in_turn(port: int, requests: Iterator[bytes], n_connections: int, seconds: float) -> Told:
    """Let each connection send its next request when it has its answer (closed loop)."""
    return uvloop.run(_in_turn(port, requests, n_connections, seconds))


async def _at_rate(port: int, requests: Sequence[bytes], per_second: float) -> Told:
    idle = [await _connected(port) for _ in range(32)]
    told, began = Told(), time.perf_counter()

    async def one(request: bytes, due: float) -> None:
        idle[:] = [other for other in idle if other.is_open]
        connection = idle.pop() if idle else await _connected(port)
        await _ask(connection, request, told, due, began)
        idle.append(connection)

    asking = []
    for number, request in enumerate(requests):
        due = began + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asking.append(asyncio.create_task(one(request, due)))
    await asyncio.gather(*asking)
    told.seconds = time.perf_counter() - began
    return told


async def _in_turn(port: int, requests: Iterator[bytes], n_connections: int, seconds: float) -> Told:
    connections = [await _connected(port) for _ in range(n_connections)]
    told, began = Told(), time.perf_counter()

    async def all_of(connection: Connection) -> None:
        while (due := time.perf_counter()) - began < seconds and (request := next(requests, None)):
            await _ask(connection, request, told, due, began)

    await asyncio.gather(*(all_of(one) for one in connections))
    told.seconds = time.perf_counter() - began
    return told


async def _ask(connection: Connection, request: bytes, told: Told, due: float, began: float) -> None:
    try:
        status, body = await connection.ask(request)
    except OSError:
        told.n_refused += 1
        return
    if status >= 300:
        told.n_refused += 1
    else:
        told.took.append((time.perf_counter() - due) * 1e3)
        told.at.append(due - began)
    told.last = body


async def _connected(port: int) -> Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, "127.0.0.1", port)
    return connection
