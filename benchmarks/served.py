"""A decision service to be measured: ``nextbest serve`` on a copy of a workspace, and what it costs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil  # type: ignore[import-untyped]

from benchmarks.measuring import Measured, measure
from nextbest.app import keys
from nextbest.app.operating import open_operations
from nextbest.app.serving import now

_COMMAND: Final = Path(sys.executable).with_name("nextbest")


@dataclass(slots=True)
class Served:
    """A running service."""

    folder: Path
    port: int
    key: str
    process: psutil.Process
    ready_seconds: float
    """From its start to the first answer that it is ready."""

    def cpu(self) -> float:
        """Seconds of all its processes so far."""
        return sum(sum(one.cpu_times()[:2]) for one in self._all())

    def peak_mb(self) -> float:
        """Most memory that one of its processes held so far."""
        status = [Path(f"/proc/{one.pid}/status").read_text(encoding="ascii") for one in self._all()]
        return max(int(text.partition("VmHWM:")[2].split()[0]) / 1024 for text in status)

    def asked(self, load: str, *arguments: object) -> tuple[Measured, dict[str, Any]]:
        """Let a client of its own process ask; give what it cost the service, and what the client saw."""
        cpu = self.cpu()
        seen = measure(load, str(self.port), self.key, *map(str, arguments))
        if seen is None:
            sys.exit(f"{load} needs a library that is not installed.")
        return Measured(self.cpu() - cpu, seen.wall, self.peak_mb(), answer=seen.answer), seen.answer

    def _all(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


@contextmanager
def serving(workspace: str, *, workers: int = 1) -> Iterator[Served]:
    """Serve a copy of a workspace."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "workspace"
        shutil.copytree(workspace, folder)
        with open_operations(folder, None) as operations:
            key = keys.create(operations, "benchmark", "server", by="benchmark", at=now())
        port = _free_port()
        options = ["--port", str(port), "--workers", str(workers), "--rate", "1000000", "--in", str(folder)]
        with (folder / "log").open("wb") as log:
            began = time.perf_counter()
            process = subprocess.Popen([_COMMAND, "serve", *options], stderr=log, stdout=log)
            try:
                _wait_for(port, process)
                took = time.perf_counter() - began
                while (folder / "log").read_text().count("startup complete") < workers:
                    time.sleep(0.1)
                yield Served(folder, port, key, psutil.Process(process.pid), took)
            finally:
                process.terminate()
                process.wait()


def publish(folder: Path, name: str) -> None:
    """Let the current run be published again under another name."""
    store = folder / "store"
    current = (store / "CURRENT").read_text(encoding="utf-8").strip()
    shutil.copytree(store / "snapshots" / current, store / "snapshots" / name, copy_function=os.link)
    (store / "NEXT").write_text(name, encoding="utf-8")
    (store / "NEXT").replace(store / "CURRENT")


def is_soon_on(port: int, run: str) -> bool:
    """Tell whether the service says, within 20 seconds, that it is on a run."""
    for _ in range(100):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready") as answer:
            if run.encode() in answer.read():
                return True
        time.sleep(0.2)
    return False


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready").close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    sys.exit("nextbest serve ended.")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
