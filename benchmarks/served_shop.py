"""A small shop and its decision service as processes of their own: runs, policies, kills; and what its database says afterwards."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError

import pyarrow as pa
import pyarrow.parquet as pq

from nextbest.app import keys, policies
from nextbest.app.serving import now, open_operations
from nextbest.engines.operations import Operations
from nextbest.engines.snapshots import Snapshots, write_manifest
from nextbest.serving.policy import Policy

COMMAND: Final = Path(sys.executable).with_name("nextbest")
PRODUCTS: Final = tuple(f"p{number}" for number in range(6))
CAP: Final = 2
"""Messages that a customer gets by e-mail in a week."""
_DAY: Final = date(2026, 1, 1)
_AT: Final = datetime(2026, 1, 1, 12, tzinfo=UTC).replace(tzinfo=None)


def limit_of(version: int) -> int:
    """Tell how many offers the home page gets under a version of the policy: an answer shows by which it was made."""
    return 1 + version % 3


def policy(version: int) -> dict[str, Any]:
    """Give the policy of a version: nobody is held out by chance, and it may be night."""
    return {
        "quiet_hours": {"start": "00:00", "end": "00:00"},
        "holdout": {"share": 0},
        "caps": [{"per": "customer", "limit": CAP, "days": 7}],
        "placements": [
            {"id": "home", "sources": ["bestsellers"], "limit": limit_of(version)},
            {"id": "email.best", "sources": ["bestsellers"], "channels": ["email"], "limit": 1},
        ],
    }


def publish(folder: Path, run: str, n_customers: int) -> None:
    """Publish a run; each product's title ends with the run's name: an answer shows by which it was made."""
    lines = [
        {"order_id": f"o{rank}-{number}", "customer_id": f"b{number}", "product_id": product}
        for rank, product in enumerate(reversed(PRODUCTS), start=1)
        for number in range(rank)
    ]
    granted = [
        {"customer_id": f"c{number}", "purpose": purpose, "channel": None, "status": "granted", "changed_at": _AT}
        for number in range(n_customers)
        for purpose in ("email", "marketing", "personalisation")
    ]  # fmt: skip
    tables: dict[str, list[dict[str, Any]]] = {
        "products": [{"product_id": product, "name": f"{product} of {run}"} for product in PRODUCTS],
        "customers": [{"customer_id": f"c{number}"} for number in range(n_customers)],
        "order_lines": [row | {"ordered_on": _DAY, "ordered_at": _AT, "quantity": 1.0} for row in lines],
        "consents": granted,
    }
    with Snapshots(folder / "store").building(run) as building:
        for table, rows in tables.items():
            pq.write_table(pa.Table.from_pylist(rows), building / f"{table}.parquet")
        write_manifest(building / "manifest.json", {"as_of": "2026-01-02", "tables": sorted(tables)})


@dataclass(frozen=True, slots=True)
class Shop:
    """A workspace on disk, with one run, one policy and a key for its own servers."""

    folder: Path
    database: str | None
    key: str
    n_customers: int

    @contextmanager
    def operations(self) -> Iterator[Operations]:
        """Open what the service wrote."""
        with open_operations(self.folder, self.database) as opened:
            yield opened

    def column(self, which: Any) -> list[Any]:
        """Read a column of the operational tables."""
        import sqlalchemy as sa

        with self.operations() as operations, operations.reading() as connection:
            return list(connection.scalars(sa.select(which)))


def make(folder: Path, *, database: str | None = None, n_customers: int = 40) -> Shop:
    """Make the shop; ``database`` is the URL of a PostgreSQL to use in place of SQLite."""
    (folder / "store").mkdir(parents=True)
    text = '[shop]\nname = "tea shop"\ntime_zone = "UTC"\ncurrency = "EUR"\n'
    (folder / "nextbest.toml").write_text(text, encoding="utf-8")
    publish(folder, "r1", n_customers)
    with open_operations(folder, database) as operations:
        with operations.writing() as connection:
            policies.publish(connection, Policy.read(policy(1), "policy"), at=now(), by="ann")
        key = keys.create(operations, "till", "server", by="ann", at=now())
    return Shop(folder, database, key, n_customers)


class Server:
    """``nextbest serve`` as a process that can be killed and started again on the same port."""

    def __init__(self, shop: Shop, *options: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.shop = shop
        self._options = [
            *options,
            "--rate",
            "1000000",
            *(["--database", shop.database] if shop.database else []),
        ]
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [COMMAND, "serve", "--in", self.shop.folder, "--port", str(self.port), *self._options]
        with (self.shop.folder / "log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                env=os.environ | {"NEXTBEST_LANGUAGE": "en"},
                start_new_session=True,
            )

    def start(self) -> None:
        """Start again after a kill."""
        self.process = self._start()

    def wait(self, seconds: float = 90) -> None:
        """Wait until it answers."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/live", timeout=2).close()
            except (URLError, OSError):
                time.sleep(0.05)
            else:
                return
        raise AssertionError(self.log()[-2000:])

    def log(self) -> str:
        """Read what it has logged."""
        return (self.shop.folder / "log").read_text(encoding="utf-8", errors="replace")

    def workers(self) -> list[int]:
        """Name the processes that answer."""
        found = []
        for pid in map(
            int, Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            if b"spawn_main" in command:
                found.append(pid)
        return found or [self.process.pid]

    def kill(self) -> None:
        """Kill every process at once, as a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds: float = 30) -> int:
        """Ask it to end as a service manager does, and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@contextmanager
def serving(shop: Shop, *options: str) -> Iterator[Server]:
    """Serve until the block ends."""
    server = Server(shop, *options)
    try:
        server.wait()
        yield server
    finally:
        if server.process.poll() is None:
            try:
                server.stop()
            except subprocess.TimeoutExpired:
                server.kill()
