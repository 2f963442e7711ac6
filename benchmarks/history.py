"""History: who will buy which category of the Complete Journey, one hundred of them in one run, beside "bought it before"."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq

from benchmarks.data import complete_journey
from benchmarks.measuring import measure_command
from benchmarks.results import Part, Row, Target, at_most

_NEXTBEST = str(Path(sys.executable).with_name("nextbest"))
_SECONDS, _PEAK_MB = 120, 2048
_FIELDS = {
    "customer_id": "household_id",
    "order_id": "basket_id",
    "ordered_at": "transaction_timestamp",
    "net_revenue": "sales_value",
    "products.category": "product_category",
    "products.department": "department",
}
_MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Category:
    """One category on the test window."""

    name: str
    n_buyers: int
    auc: float
    auc_before: float
    gain: float
    gain_before: float


def run() -> list[Part]:
    """Measure one hundred categories and four origins from the command line."""
    return [_categories(100, _SECONDS)]


def run_small() -> list[Part]:
    """Measure ten categories."""
    return [_categories(10, _SECONDS)]


def _categories(n: int, seconds: float) -> Part:
    with tempfile.TemporaryDirectory() as folder:
        lines, out = Path(folder) / "lines.parquet", Path(folder) / "out"
        _write_lines(lines)
        maps = [word for ours, theirs in _FIELDS.items() for word in ("--map", f"{ours}={theirs}")]
        command = [_NEXTBEST, "run", "propensity", "--from", f"order_lines={lines}", *maps]
        took = measure_command(
            [*command, "--set", f"propensity.most_products={n}", "--out", str(out)],
            environment={"PYTHONDONTWRITEBYTECODE": ""},
        )
        found = _read(out / "propensity_models.parquet")
    auc = np.array([one.auc - one.auc_before for one in found])
    gain = np.array([one.gain - one.gain_before for one in found])
    n_more = int((auc > 0).sum())
    return Part(
        f"nextbest run propensity: {n} categories, 4 origins, from one file of 1.47 M lines",
        [
            Row(
                "loaded, customers seen on 5 days, models fitted, judged and explained",
                took,
                f"{len(found)} models",
            )
        ],
        [
            at_most("wall time", seconds, took, "wall"),
            at_most("peak memory", _PEAK_MB, took, "peak_mb"),
            Target(
                "categories whose AUC is above the plain list's", f"{n}", str(n_more), is_reached=n_more == n
            ),
        ],
        note="\n".join([_summary(auc, gain), "", *_shown(found)]),
    )


def _write_lines(path: Path) -> None:
    source, products = complete_journey("transactions"), complete_journey("products")
    joined = f"select t.*, p.product_category, p.department from '{source}' t left join '{products}' p using (product_id)"  # noqa: S608
    duckdb.sql(joined).write_parquet(str(path))


def _read(path: Path) -> list[Category]:
    """Put each category's chosen model beside the plain list."""
    rows = pq.read_table(path).to_pylist()
    before = {row["model_id"]: row for row in rows if row["model"] == "baseline"}
    return [
        Category(
            row["target"],
            row["n_positive"],
            row["cv_auc"],
            before[row["model_id"]]["cv_auc"],
            row["cv_top20_share"],
            before[row["model_id"]]["cv_top20_share"],
        )
        for row in rows
        if row["is_chosen"]
    ]


def _summary(auc: np.ndarray, gain: np.ndarray) -> str:
    return (
        f"Against customers ranked by how often, then how recently they bought it before, on a window that was not learnt from: "
        f"AUC {auc.mean():+.3f} in the mean ({auc.min():+.3f} to {auc.max():+.3f}); buyers within the first 20 % of the list "
        f"{100 * gain.mean():+.1f} points in the mean ({100 * gain.min():+.1f} to {100 * gain.max():+.1f}), fewer in "
        f"{int((gain < 0).sum())} of {len(gain)} categories."
    )


def _shown(found: Sequence[Category]) -> list[str]:
    """Show categories evenly from the most bought to the least."""
    some = sorted(found, key=lambda one: (-one.n_buyers, one.name))[:: max(1, len(found) // _MOST_SHOWN)]
    head = [
        "| category | buyers in the test | AUC | bought before | in the first 20 % | bought before |",
        "|---|---|---|---|---|---|",
    ]
    return head + [
        f"| {one.name} | {one.n_buyers} | {one.auc:.3f} | {one.auc_before:.3f} | {one.gain:.1%} | {one.gain_before:.1%} |"
        for one in some
    ]
