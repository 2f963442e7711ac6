"""The recipe of intent: visits cut into steps, a model chosen on the older ones, judged on the newest, kept if it is of use."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from nextbest.base.capability import Moment
from nextbest.base.findings import Finding
from nextbest.models.intent.core.coupon import pays_below
from nextbest.models.intent.core.judging import baseline_shares, evaluate, has_cart, is_better, measures
from nextbest.models.intent.core.reading import EPOCH, MILLISECOND, Row, by_visitor
from nextbest.models.intent.core.scoring import columns_of
from nextbest.models.intent.core.steps import Floats, Past, Steps, drawn, split, varies, visits_of
from nextbest.models.intent.query import events_before, margin_shares, per_day
from nextbest.models.intent.spec import INTENT_EVALUATION, MODEL_FILE, IntentSettings
from nextbest.models.intent.words import Found, findings, too_few
from nextbest.models.propensity import FittedModel, fit
from nextbest.tables.store import Store

_MOST_EVENTS: Final = 500_000
"""Newer days come first, whole days."""
_FEWEST_ORDERS: Final = 50
"""Visits with an order, and without, that the older visits hold at least; the newest a fifth of it."""
_CANDIDATES: Final = ("logistic", "small_trees", "trees")
_NEWEST: Final = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class _Learnt:
    older: Steps
    newest: Steps
    judged: FittedModel | None
    """Learnt from the older visits only; ``None``: all their steps look alike."""
    probability: Floats
    """Of the newest."""
    baseline: Floats


def run(store: Store, settings: IntentSettings, moment: Moment) -> list[Finding]:
    """Learn from the visits that are over; without enough of them, or where the cart says as much, there is no model."""
    visits = _visits(store, moment)
    older, newest = split(visits, _NEWEST) if visits else ([], [])
    if not (_are_enough(older, _FEWEST_ORDERS) and _are_enough(newest, _FEWEST_ORDERS // 5)):
        store.write("intent_evaluation", _table([]))
        return (
            too_few(len(visits), sum(visit.has_order for visit in visits), _FEWEST_ORDERS) if visits else []
        )
    learnt = _learn(older, newest, settings, moment.seed)
    store.write("intent_evaluation", _table(list(_rows(learnt))))
    is_kept = is_better(learnt.newest, learnt.probability, learnt.baseline)
    if learnt.judged and is_kept:
        whole = Steps.of(drawn(visits, settings.most_rows, moment.seed))
        kept = _fit(whole, moment.seed, learnt.judged.model.candidate)
        store.write_file(MODEL_FILE, _written(kept, whole, moment.as_of or _first_unseen(visits)))
    return findings(_found(store, learnt, len(newest), settings), is_kept=is_kept)


def _written(kept: FittedModel, steps: Steps, as_of: date) -> bytes:
    """Write the model down with what a decision asks beside it; how long fitting took is no part of it."""
    made = {name: value for name, value in kept.about.items() if name not in {"candidates", "lift"}}
    usual, baseline = float(steps.target.mean()), baseline_shares(steps)
    about = {**made, "as_of": as_of.isoformat(), "usual": usual, "baseline": baseline}
    return dataclasses.replace(kept, about=about).to_bytes()


def _visits(store: Store, moment: Moment) -> list[Past]:
    """Read the newest events before the day, cut into visits that are over, oldest first."""
    events = events_before(store.table("events"), moment.as_of)
    days = store.arrow(per_day(events))
    since = _since(days["on"].to_pylist(), days["n"].to_pylist())
    if since is None:
        return []
    read = store.arrow(events_before(store.table("events"), moment.as_of, since))
    rows = [Row(*row) for row in zip(*(column.to_pylist() for column in read.columns), strict=True)]
    last = max(row.occurred_at for row in rows)
    return visits_of(by_visitor(rows), until=(last - EPOCH) // MILLISECOND)


def _since(days: Sequence[date], counts: Sequence[int]) -> date | None:
    """Give the first day whose events still fit; the newest day always does."""
    if not days:
        return None
    n_fitting = int(np.searchsorted(np.cumsum(counts), _MOST_EVENTS, side="right"))
    return days[max(n_fitting, 1) - 1]


def _are_enough(visits: Sequence[Past], fewest: int) -> bool:
    n_orders = sum(visit.has_order for visit in visits)
    return min(n_orders, len(visits) - n_orders) >= fewest


def _learn(older: Sequence[Past], newest: Sequence[Past], settings: IntentSettings, seed: int) -> _Learnt:
    known = Steps.of(drawn(older, settings.most_rows, seed))
    unseen = Steps.of(drawn(newest, settings.most_rows, seed))
    judged = _fit(known, seed) if varies(known) else None
    shares = np.array(baseline_shares(known))[has_cart(unseen).astype(np.int64)]
    told = judged.model.predict(columns_of(unseen.features)) if judged else shares
    return _Learnt(known, unseen, judged, told, shares)


def _fit(steps: Steps, seed: int, *candidates: str) -> FittedModel:
    """Choose by the log-loss of visitors that were not learnt from, and calibrate on them."""
    table = pa.table(
        {
            **columns_of(steps.features),
            "has_order": steps.target.astype(np.int64),
            "visitor": pa.array(steps.visitor, pa.string()),
        }
    )
    return fit(
        table,
        "has_order",
        positive="1",
        customer_id="visitor",
        seed=seed,
        candidates=candidates or _CANDIDATES,
        leak_auc=1.0,
    )


def _rows(learnt: _Learnt) -> Iterator[dict[str, Any]]:
    if learnt.judged:
        yield from _older(learnt.judged, learnt.older)
        yield from _newest(learnt.judged.model.candidate, learnt.newest, learnt.probability, is_chosen=True)
    yield from _newest("baseline", learnt.newest, learnt.baseline, is_chosen=False)


def _older(judged: FittedModel, steps: Steps) -> Iterator[dict[str, Any]]:
    older = {"judged_on": "older", "events_from": 0, "events_until": None}
    n, n_positive = len(steps), int(steps.target.sum())
    for one in judged.candidates().to_pylist():
        yield {
            **older,
            "model": one["model"],
            "is_chosen": one["is_chosen"],
            "n": n,
            "n_positive": n_positive,
            "auc": one["cv_auc"],
            "log_loss": one["cv_log_loss"],
            "observed": n_positive / n,
            "calibration_error": one["calibration_error"],
        }


def _newest(model: str, steps: Steps, probability: Floats, *, is_chosen: bool) -> Iterator[dict[str, Any]]:
    for measured in evaluate(steps, probability):
        yield {"judged_on": "newest", "model": model, "is_chosen": is_chosen, **measured}


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    kinds = {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64(), "boolean": pa.bool_()}
    schema = pa.schema([(column.name, kinds[column.kind]) for column in INTENT_EVALUATION])
    return pa.Table.from_pylist(rows, schema=schema)


def _found(store: Store, learnt: _Learnt, n_visits: int, settings: IntentSettings) -> Found:
    target, probability = learnt.newest.target, learnt.probability
    least = float(learnt.older.target.mean())
    margin_share, margin_source = _margin(store)
    below = pays_below(settings.coupon_share, margin_share, settings.coupon_odds) if margin_share else None
    return Found(
        n_visits=n_visits,
        n_steps=len(target),
        model=measures(target, probability),
        baseline=measures(target, learnt.baseline),
        settings=settings,
        margin_share=margin_share,
        margin_source=margin_source,
        least=least,
        below=below,
        hesitating_share=None
        if below is None
        else float(((probability >= least) & (probability < below)).mean()),
        anyway_share=None if below is None else float((probability >= max(below, least)).mean()),
    )


def _margin(store: Store) -> tuple[float | None, str | None]:
    """Give margin over net revenue, and the weakest of its sources; ``None`` where no margin is known."""
    if not store.has("product_profiles"):
        return None, None
    known = store.arrow(margin_shares(store.table("product_profiles"))).to_pylist()
    revenue = sum(row["revenue_total"] for row in known)
    if not revenue:
        return None, None
    sources = {row["margin_source"] for row in known}
    share = sum(row["margin"] for row in known) / revenue
    return (
        (share, "category_default" if "category_default" in sources else "given")
        if share > 0
        else (None, None)
    )


def _first_unseen(visits: Sequence[Past]) -> date:
    last = EPOCH + max(visit.ended_at for visit in visits) * MILLISECOND
    return last.date() + timedelta(1)
