"""A campaign's plan: a million customers, twenty offers, three channels, from a model's scores to the audience."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measuring import Work, measure
from benchmarks.results import Part, Row, at_most
from nextbest.app.catalogue import contracts
from nextbest.base.capability import Moment
from nextbest.decisions.campaigns import CARD, CampaignSettings
from nextbest.engines.duckdb_store import DuckDBStore

_OFFERS = 20
_FULL, _SMALL = 1_000_000, 20_000
_SETTINGS = {
    "channels": ["email", "sms", "phone"],
    "contact_cost": {"email": 0.002, "sms": 0.05, "phone": 3.0},
    "capacity": {"email": 300_000, "sms": 100_000, "phone": 5_000},
    "budget": 20_000.0,
    "margin": {f"m{number:02}": 5.0 + 5 * number for number in range(_OFFERS)},
    "control_share": 0.1,
}


def planned(n_customers: str) -> Work:
    """Plan: Parquet in, Parquet out."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    tables = _write(folder, int(n_customers))
    settings = CampaignSettings.read(_SETTINGS, "[campaign]")

    def do() -> Path:
        store = DuckDBStore(contracts(), tables, folder=folder, threads=2)
        CARD.load()(store, settings, Moment(date(2026, 3, 1), 1))
        return folder

    return Work(do, _answer)


def _write(folder: Path, n: int) -> dict[str, list[Path]]:
    """Make up scores, customers and consents."""
    rng = np.random.default_rng(0)
    ids = pa.array([f"customer-{number}" for number in range(n)])
    with pq.ParquetWriter(folder / "scores.parquet", _scores(ids, 0, rng).schema) as file:
        for number in range(_OFFERS):
            file.write_table(_scores(ids, number, rng))
    people = {
        "customer_id": ids,
        "email": ids,
        "phone": pa.array(["1"] * n, mask=rng.random(n) < 0.2),
    }
    pq.write_table(pa.table(people), folder / "customers.parquet")
    said = np.where(rng.random(n) < 0.9, "granted", "denied")
    at = pa.array(np.full(n, np.datetime64("2026-01-01T00:00:00", "us")))
    word = {"customer_id": ids, "purpose": ["marketing"] * n, "status": said, "changed_at": at}
    pq.write_table(pa.table(word), folder / "consents.parquet")
    names = {"propensity_scores": "scores", "customers": "customers", "consents": "consents"}
    return {table: [folder / f"{file}.parquet"] for table, file in names.items()}


def _scores(ids: pa.Array, number: int, rng: np.random.Generator) -> pa.Table:
    n, model = len(ids), f"m{number:02}"
    return pa.table(
        {
            "model_id": pa.array([model] * n),
            "target": pa.array([model] * n),
            "customer_id": ids,
            "propensity": rng.beta(1, 20 + 4 * number, n),
            "reasons": pa.array([f"has {number}"] * n),
            "row": np.arange(1, n + 1),
        }
    )


def _answer(folder: Path) -> dict[str, Any]:
    levels = pq.read_table(folder / "campaign_budgets.parquet").to_pylist()
    (level,) = (row for row in levels if row["budget_level"] == 1)
    return {name: level[name] for name in ("n", "n_control", "cost", "expected_profit", "gap")}


def run() -> list[Part]:
    """Plan for a million customers."""
    return _parts(_FULL, limit=60.0)


def run_small() -> list[Part]:
    """Plan for few."""
    return _parts(_SMALL, limit=10.0)


def _parts(n: int, limit: float) -> list[Part]:
    took = measure("benchmarks.campaign:planned", str(n))
    found = ""
    if took is not None:
        found = (
            f"{took.answer['n']:,} contacted, {took.answer['n_control']:,} held back, cost {took.answer['cost']:,.0f}, "
            f"expected profit {took.answer['expected_profit']:,.0f}, gap {took.answer['gap']:,.2f}"
        )
    targets = [at_most("CPU", limit, took, "cpu"), at_most("memory", 4096, took, "peak_mb")]
    note = "Scores, contacts and consents in Parquet; budget, capacities on three channels, control group, five budget levels, curve."
    return [
        Part(
            f"Campaign plan: {n:,} customers x {_OFFERS} offers",
            [Row("nextbest", took, found)],
            targets,
            note,
        )
    ]
