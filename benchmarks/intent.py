"""Intent: what a model learnt from visits is worth, and what it costs to follow a visit and ask it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from benchmarks.measuring import Measured, Work, measure
from benchmarks.results import Part, Row, Target
from nextbest.app.catalogue import contracts
from nextbest.base.capability import Moment
from nextbest.engines.duckdb_store import DuckDBStore
from nextbest.models.intent import CARD, IntentSettings, Scorer, follow, update
from nextbest.models.intent.core.reading import Row as EventRow
from nextbest.models.intent.core.reading import by_visitor
from nextbest.models.intent.core.scoring import columns_of
from nextbest.models.intent.core.steps import Steps, visits_of
from nextbest.models.propensity import fit
from nextbest.serving.events import Event
from nextbest.serving.state import acts_of
from nextbest.serving.state.core.entries import take_in
from nextbest.serving.state.core.seeing import see

_FULL, _SMALL = 20_000, 3_000
_ONE_MS: Final = 1.0
_START: Final = datetime(2026, 1, 1)  # noqa: DTZ001
_VISIT: Final = 30
"""Events of the visit that is followed."""


def visits(n: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Make up visits: people look around; the more determined ones come back to products, fill carts and order."""
    rng = np.random.default_rng(seed)
    for visitor in range(n):
        at = _START + timedelta(seconds=int(rng.integers(0, 90 * 86_400)))
        wants = rng.normal()
        chances = np.exp([1.0, 0.2, -1.5 + wants, -2.5, 0.5])
        for number in range(1 + int(rng.geometric(0.15))):
            at += timedelta(seconds=float(rng.exponential(40)))
            kind = int(rng.choice(len(chances), p=chances / chances.sum()))
            yield _event(visitor, number, at, kind, f"p{rng.integers(0, 4 if wants > 0 else 50)}")
        if rng.random() < 1 / (1 + np.exp(3.0 - 1.5 * wants)):
            yield _event(visitor, 999, at + timedelta(minutes=2), 5, None)


def _event(visitor: int, number: int, at: datetime, kind: int, product: str | None) -> dict[str, Any]:
    names = (
        "Product Viewed",
        "Page Viewed",
        "Product Added",
        "Product Removed",
        "Products Searched",
        "Order Completed",
    )
    return {
        "event_id": f"e{visitor}-{number}",
        "anonymous_id": f"a{visitor}",
        "type": names[kind],
        "occurred_at": at,
        "product_id": product if kind in {0, 2, 3} else None,
        "query": "tea" if kind == 4 else None,
        "dwell_seconds": 12.0 if kind == 0 else None,
        "properties": '{"price": 3.5}' if kind == 2 else None,
    }


def learnt(n: str) -> Work:
    """Learn from visits: the room's own recipe."""
    rows = pa.Table.from_pylist(list(visits(int(n))))
    store = DuckDBStore(contracts(), {"events": rows}, threads=2)

    def do() -> list[dict[str, Any]]:
        CARD.load()(store, IntentSettings(), Moment(None, 1))
        evaluated: list[dict[str, Any]] = store.written["intent_evaluation"].to_pylist()
        return [row for row in evaluated if row["judged_on"] == "newest" and not row["events_from"]]

    return Work(
        do,
        lambda found: {
            row["model"]: {"auc": row["auc"], "n": row["n"], "chosen": row["is_chosen"]} for row in found
        },
    )


def asked(candidate: str) -> Work:
    """Follow a visit of thirty events and ask the model after each, over and over."""
    scorer = _scorer(candidate)
    events = list(_events())
    acts = by_visitor(EventRow(one.event_id, one.occurred_at, one.name, None, "a", None, one.product_id, one.query, one.dwell_seconds, one.properties) for one in events)["a:a"]  # fmt: skip
    visit = follow(acts[:-1])
    document: dict[str, Any] = {}
    for one in events[:-1]:
        document = take_in(document, one)
    now = events[-1].occurred_at

    def by_act() -> object:
        return scorer.probability([update(visit, acts[-1])])

    def by_document() -> object:
        return scorer.probability([follow(acts_of(see(take_in(document, events[-1]), now).document))])

    return Work(
        lambda: {"act": _percentiles(by_act), "document": _percentiles(by_document)}, lambda found: found
    )


def _scorer(candidate: str) -> Scorer:
    steps = Steps.of(visits_of(by_visitor(EventRow(**row) for row in visits(3_000)), until=10**15))
    table = {**columns_of(steps.features), "has_order": steps.target.astype(int), "visitor": steps.visitor}
    return Scorer(fit(table, "has_order", customer_id="visitor", candidates=(candidate,), leak_auc=1.0))


def _events() -> Iterator[Event]:
    for number in range(_VISIT):
        name = ("product_viewed", "page_viewed", "product_added")[number % 3]
        at = _START + timedelta(seconds=20 * number)
        product = f"p{number % 7}" if name != "page_viewed" else None
        yield Event(
            f"e{number}",
            name,
            name,
            at,
            at,
            anonymous_id="a",
            product_id=product,
            properties='{"price": 3.5}',
        )


def _percentiles(do: Callable[[], object], times: int = 2_000) -> dict[str, float]:
    """Give the middle and the 99th percentile of one call, milliseconds."""
    for _ in range(50):
        do()
    took = np.empty(times)
    for number in range(times):
        started = time.perf_counter()
        do()
        took[number] = (time.perf_counter() - started) * 1000
    return {"p50": float(np.quantile(took, 0.5)), "p99": float(np.quantile(took, 0.99))}


def run() -> list[Part]:
    """Learn from many visits, and ask the model."""
    return [_learning(_FULL), _asking()]


def run_small() -> list[Part]:
    """Learn from few."""
    return [_learning(_SMALL), _asking()]


def _learning(n: int) -> Part:
    ours = measure("benchmarks.intent:learnt", str(n))
    return Part(
        f"Intent learnt from {n:,} made-up visits",
        [Row("nextbest", ours, _quality(ours))],
        [],
        "Events in memory to evaluation and model: three candidates with cross-validation by visitor, judged on the newest fifth.",
    )


def _quality(measured: Measured | None) -> str:
    if measured is None:
        return ""
    told = (f"{model}: AUC {one['auc']:.3f}" for model, one in sorted(measured.answer.items()))
    return ", ".join(told)


def _asking() -> Part:
    names = ("logistic", "small_trees", "trees")
    took = {name: measure("benchmarks.intent:asked", name) for name in names}
    return Part(
        f"Intent updated on an event of a visit of {_VISIT}",
        [Row(name, took[name], _times(took[name])) for name in names],
        [target for name in names for target in _targets(name, took[name])],
        "From an act: the visit takes it in and the model is asked. From the document: an event is taken into the visitor's row, "
        "the row is looked at, the visit is followed from its first event and the model is asked, as a decision does.",
    )


def _times(measured: Measured | None) -> str:
    if measured is None:
        return ""
    act, document = measured.answer["act"], measured.answer["document"]
    return f"from an act {act['p50']:.2f} / {act['p99']:.2f} ms, from the document {document['p50']:.2f} / {document['p99']:.2f} ms (p50 / p99)"


def _targets(name: str, measured: Measured | None) -> list[Target]:
    if measured is None:
        return [Target(f"{name}, p50", f"< {_ONE_MS:g} ms", "not measured", None)]
    return [
        Target(
            f"{name}, from {how}, p50", f"< {_ONE_MS:g} ms", f"{found['p50']:.2f} ms", found["p50"] < _ONE_MS
        )
        for how, found in (("an act", measured.answer["act"]), ("the document", measured.answer["document"]))
    ]
