"""The decision in one process: milliseconds of one request, requests a second in a batch with their log rows, memory.

That no answer breaks a guardrail is checked by ``faults``, a million times.
"""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import Measured, Work, measure
from benchmarks.results import Part, Row, Target
from benchmarks.shops import NOON, shop
from nextbest.decisions.offers import OfferSettings
from nextbest.serving.decide import Ask, Loading, Request, Snapshot, compile_policy, decide, load, log_rows
from nextbest.serving.policy import Policy

_WORKSPACE = "NEXTBEST_DEMO"
_SINGLE, _BATCH = 2_000, 20_000


def single(workspace: str) -> Work:
    """Decide one request after the other, each with about 100 candidates."""
    snapshot = _loaded(workspace)
    ready, asked = compile_policy(Policy()), list(_home(snapshot, _SINGLE))
    gc.freeze()  # as the service does
    for one in asked[:200]:
        decide(snapshot, ready, [one], now=NOON)

    def do() -> list[float]:
        return [_milliseconds(lambda one=one: decide(snapshot, ready, [one], now=NOON)) for one in asked]  # type: ignore[misc]

    counts = [result.answers[0].n_candidates for result in decide(snapshot, ready, asked[:200], now=NOON)]
    return Work(do, lambda took: {**_percentiles(took), "candidates": statistics.median(counts)})


def batch(workspace: str) -> Work:
    """Decide many requests at once, and make the rows of the log."""
    snapshot = _loaded(workspace)
    ready, asked = compile_policy(Policy()), list(_home(snapshot, _BATCH))
    gc.freeze()
    decide(snapshot, ready, asked[:1000], now=NOON)

    def do() -> int:
        parts = (asked[at : at + 1000] for at in range(0, _BATCH, 1000))
        return sum(len(log_rows(one)) for part in parts for one in decide(snapshot, ready, part, now=NOON))

    return Work(do, lambda rows: {"log rows": rows})


def loading(workspace: str) -> Work:
    """Read the snapshot from Parquet."""
    return Work(
        lambda: _loaded(workspace),
        lambda snapshot: {"customers": len(snapshot.customers.ids), "mb": snapshot.n_bytes / 1e6},
    )


def held(n_customers: str) -> Work:
    """Hold a snapshot of invented customers, ten offers each, and answer from it."""

    def do() -> Snapshot:
        return shop(np.random.default_rng(0), int(n_customers), n_products=5_000)

    def answer(snapshot: Snapshot) -> dict[str, float]:
        ready, asked = compile_policy(Policy()), list(_home(snapshot, 500))
        took = [_milliseconds(lambda one=one: decide(snapshot, ready, [one], now=NOON)) for one in asked]  # type: ignore[misc]
        return {"mb": snapshot.n_bytes / 1e6, **_percentiles(took)}

    return Work(do, answer)


def run() -> list[Part]:
    """Measure everything."""
    return _parts(customers=("1000000", "7000000"))


def run_small() -> list[Part]:
    """Measure little, for work on the benchmark itself."""
    return _parts(customers=("100000",))


def _parts(*, customers: tuple[str, ...]) -> list[Part]:
    workspace = os.environ.get(_WORKSPACE)
    parts = [] if workspace is None else [_served(workspace)]
    return [*parts, _memory(customers)]


def _served(workspace: str) -> Part:
    one, many, read = (
        measure(f"benchmarks.decide:{name}", workspace, times=3) for name in ("single", "batch", "loading")
    )
    rows = [
        Row(f"{_SINGLE:,} requests, one by one", one, _said(one)),
        Row(f"{_BATCH:,} requests at once", many, _per_second(many)),
        Row("snapshot read from Parquet", read, _said(read)),
    ]
    targets = [
        _below("p50 of one request", 1.0, "ms", one.answer["p50_ms"] if one else None),
        _below(
            "1 M decisions on 2 cores, a process each",
            300,
            "s",
            many.cpu / _BATCH * 1e6 / 2 if many else None,
        ),
        _below("CPU to load the snapshot", 1.5, "s", read.cpu if read else None),
    ]
    return Part("Complete Journey: home page, customers in turn, in process", rows, targets)


def _memory(customers: tuple[str, ...]) -> Part:
    rows, targets = [], []
    for n in customers:
        took = measure("benchmarks.decide:held", n)
        rows.append(Row(f"{int(n):,} customers with ten offers", took, _said(took)))
        got = took.answer["mb"] / int(n) * 1e6 if took else None
        targets.append(_below(f"MB per million, {int(n):,} customers", 300, "MB", got))
        targets.append(
            _below(
                f"GB that a process takes, {int(n):,} customers",
                4,
                "GB",
                took.peak_mb / 1e3 if took else None,
            )
        )
    return Part("Memory of an invented snapshot, a copy in each worker", rows, targets)


def _home(snapshot: Snapshot, n: int) -> Iterator[Request]:
    ids = snapshot.customers.ids
    for number in range(n):
        who = ids[number * 7919 % len(ids)]
        yield Request(request_id=f"q{number}", customer_id=who, placements=(Ask("home"),))


def _loaded(workspace: str) -> Snapshot:
    store = Path(workspace) / "store"
    current = store / "snapshots" / (store / "CURRENT").read_text(encoding="utf-8").strip()
    paths: dict[str, Any] = {path.stem: path for path in current.glob("*.parquet")}
    paths |= {
        folder.name: sorted(folder.glob("*.parquet"))
        for folder in (store / "tables").iterdir()
        if folder.is_dir()
    }
    given = Loading(
        name=current.name, currency="USD", time_zone="America/New_York", never=OfferSettings().never
    )
    return load(paths, given)


def _milliseconds(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return (time.perf_counter() - began) * 1e3


def _percentiles(took: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(took, [50, 99]).tolist()
    return {"p50_ms": round(p50, 3), "p99_ms": round(p99, 3)}


def _below(name: str, limit: float, unit: str, got: float | None) -> Target:
    said = "not measured" if got is None else f"{got:,.2f} {unit}"
    return Target(name, f"<= {limit:g} {unit}", said, None if got is None else got <= limit)


def _per_second(took: Measured | None) -> str:
    return "" if took is None else f"{_BATCH / took.cpu:,.0f} requests a second and core, {_said(took)}"


def _said(took: Measured | None) -> str:
    return "" if took is None else ", ".join(f"{name} {value}" for name, value in took.answer.items())
