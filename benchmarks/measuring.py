"""Seconds and memory of one piece of work, alone in its own process."""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_KIB_PER_MB = 1024
_NOT_INSTALLED = 3


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work whose input is in memory and whose code is warm."""

    do: Callable[[], Any]
    answer: Callable[[Any], Any] = lambda _: None
    """What it found, as JSON; not measured."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one piece of work took."""

    cpu: float
    """Seconds of all threads."""
    wall: float
    """Seconds."""
    peak_mb: float
    """Most memory of the process while it worked, with its input and imports."""
    added_mb: float | None = None
    """The same less what the process held before it began; ``None`` for a command."""
    answer: Any = None


def measure(work: str, *arguments: str, times: int = 1) -> Measured | None:
    """Run ``module:function`` in processes of its own and take the one with the median CPU time.

    Parameters
    ----------
    work
        Dotted name of a function in this package that returns :class:`Work`.
    arguments
        Its arguments.
    times
        Processes, one after the other; an odd number.

    Returns
    -------
    Measured
        ``None`` where a library it needs is not installed.
    """
    runs = [_once(work, arguments) for _ in range(times)]
    known = sorted((run for run in runs if run is not None), key=lambda run: run.cpu)
    return known[len(known) // 2] if known else None


def _once(work: str, arguments: Sequence[str]) -> Measured | None:
    command = [sys.executable, "-m", "benchmarks.measuring", work, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == _NOT_INSTALLED:
        return None
    if done.returncode:
        sys.exit(f"{work} {' '.join(arguments)} ended with exit code {done.returncode}, see above.")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def measure_command(
    command: Sequence[str], *, times: int = 1, environment: Mapping[str, str] | None = None
) -> Measured:
    """Run a command and take the run with the median wall time; its peak is the kernel's own account.

    Raises
    ------
    SystemExit
        The command failed.
    """
    runs = [_command_once(command, dict(environment or {})) for _ in range(times)]
    middle = statistics.median_low(run.wall for run in runs)
    return next(run for run in runs if run.wall == middle)


def _command_once(command: Sequence[str], environment: dict[str, str]) -> Measured:
    began = time.perf_counter()
    process = subprocess.Popen(command, env=_surroundings() | environment, stdout=subprocess.PIPE, text=True)
    with process:
        said = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with exit code {process.returncode}.\n{said}")
    return Measured(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / _KIB_PER_MB, answer=said)


def _surroundings() -> dict[str, str]:
    """Take this shell's environment, but let Python keep its bytecode as it does for anybody."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measure_here(work: Work) -> Measured:
    """Measure work in this process."""
    gc.collect()
    before = _forget_peak()
    cpu, wall = time.process_time(), time.perf_counter()
    result = work.do()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = _peak_mb()
    return Measured(cpu, wall, peak, peak - before, work.answer(result))


def _forget_peak() -> float:
    """Start a new peak where the system allows it, and give the memory held now."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return _peak_mb()
    return _status_mb("VmRSS")


def _peak_mb() -> float:
    if Path("/proc/self/status").exists():
        return _status_mb("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_PER_MB


def _status_mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / _KIB_PER_MB for line in lines if line.startswith(name))


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("arguments", nargs="*")
    asked = parser.parse_args()
    module, _, function = asked.work.partition(":")
    try:
        work = getattr(importlib.import_module(module), function)(*asked.arguments)
    except ModuleNotFoundError as error:
        print(error, file=sys.stderr)
        sys.exit(_NOT_INSTALLED)
    measured = measure_here(work)
    print(
        json.dumps(
            {name: getattr(measured, name) for name in ("cpu", "wall", "peak_mb", "added_mb", "answer")}
        )
    )


if __name__ == "__main__":
    _main()
