"""Recommend: how good the lists are beside their baselines, whether probabilities come true, time and memory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.data import complete_journey, shared
from benchmarks.measuring import Measured, Work, measure
from benchmarks.results import Part, Row, Target, at_most
from nextbest.app.catalogue import contracts
from nextbest.base.capability import Moment
from nextbest.engines.duckdb_store import DuckDBStore
from nextbest.models.recommend.run import run as recommend
from nextbest.models.recommend.spec import CLOSE, RecommendSettings

_TIME_CUT = date(2011, 9, 25)
"""80 % of Online Retail's period."""
_WINDOWS = 3
_TELLING = 100
_SYNTHETIC = {"n_customers": 100_000, "n_products": 20_000}
_SMALL = {"n_customers": 5_000, "n_products": 2_000}


@dataclass(frozen=True, slots=True)
class _Shop:
    """A shop and how its lists are judged."""

    title: str
    name: str
    settings: Sequence[Mapping[str, Any]]
    """Recall is the mean over these."""
    least_gain: float
    """Discoveries over popularity to reach."""


_SHOPS = (
    _Shop(
        "Complete Journey, products, the mean of each household's last three orders",
        "products",
        [{"orders_back": back} for back in range(3)],
        0.1,
    ),
    _Shop("Complete Journey, categories, last order", "categories", [{"level": "category"}], 0.1),
    _Shop(
        f"Online Retail, everything from {_TIME_CUT} on", "retail", [{"holdout": _TIME_CUT.isoformat()}], 1.0
    ),
)


def run() -> list[Part]:
    """Judge three shops, test their probabilities, and time two sizes."""
    parts = [_quality(shop) for shop in _SHOPS if _is_here(shop)]
    parts += [_calibration(shop) for shop in _SHOPS if _is_here(shop)]
    return [*parts, _speed(_SYNTHETIC)]


def run_small() -> list[Part]:
    """Judge and test one shop, and time a small one."""
    return [_quality(_SHOPS[1]), _calibration(_SHOPS[1]), _speed(_SMALL)]


def _is_here(shop: _Shop) -> bool:
    return shop.name != "retail" or shared("online_retail_2010_2011") is not None


def _quality(shop: _Shop) -> Part:
    runs = [_measured("judged", shop.name, settings) for settings in shop.settings]
    methods = [key for key in runs[0].answer if key.startswith(("discover", "repeat", "all"))]
    found = {
        key: np.mean([[one.answer[key][name] for name in ("recall", "se")] for one in runs], axis=0)
        for key in methods
    }
    rows = [
        Row(
            "everything the recipe does" if len(runs) == 1 else f"judged by order {at + 1} from the end",
            one,
            one.answer["sizes"],
        )
        for at, one in enumerate(runs)
    ]
    note = "; ".join(
        f"*{kind}* recall at 10: "
        + ", ".join(
            f"{name} {found[key][0]:.4f}" for key in methods if (name := _method(key, kind)) is not None
        )
        for kind in ("repeat", "discover", "all")
    )
    return Part(shop.title, rows, _reached(shop, found, runs), note + ".")


def _method(key: str, kind: str) -> str | None:
    own, _, name = key.partition(" ")
    return name if own == kind else None


def _reached(shop: _Shop, found: Mapping[str, Any], runs: Sequence[Measured]) -> list[Target]:
    ours, plain = found["repeat nextbest"], found["repeat personal_frequency"]
    gain = found["discover nextbest"][0] / found["discover popularity"][0] - 1
    targets = [
        Target(
            "repeat: recall at 10",
            f">= {plain[0] - plain[1]:.4f} (personal frequency less a standard error)",
            f"{ours[0]:.4f}",
            bool(ours[0] >= plain[0] - plain[1]),
        ),
        Target(
            "discover: recall at 10 above popularity",
            f">= +{shop.least_gain:.0%}",
            f"{gain:+.0%}",
            bool(gain >= shop.least_gain),
        ),
    ]
    if shop.name == "products":
        targets += [
            at_most("wall time", 30, runs[0], "wall"),
            at_most("CPU time", 15, runs[0], "cpu"),
        ]
    return targets


def _calibration(shop: _Shop) -> Part:
    """Hold the lists of several days against the 28 days that followed each."""
    last = date.fromisoformat(_measured("last_day", shop.name, {}).answer)
    cuts = [last + timedelta(1) - timedelta(28 * back) for back in range(1, _WINDOWS + 1)]
    settings = [dict(shop.settings[0]) | {"holdout": cut.isoformat(), "orders_back": 0} for cut in cuts]
    runs = [_measured("came_true", shop.name, one) for one in settings]
    rows = [Row(f"lists of {cut}", one, _deciles(one.answer)) for cut, one in zip(cuts, runs, strict=True)]
    return Part(
        f"Predicted over observed purchases, {shop.title.split(', ')[0]}, {shop.name}",
        rows,
        [_close(kind, [one.answer for one in runs]) for kind in ("repeat", "discover")],
        f"Tenths of each list with {_TELLING} purchases or more in the 28 days held out, the least likely first; a tenth "
        "of 100 purchases has a standard error of a tenth or more itself.",
    )


def _deciles(answer: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{kind} {answer[kind]['total']:.2f} ({' '.join(f'{ratio:.2f}' for ratio in answer[kind]['ratios'])})"
        for kind in answer
    )


def _close(kind: str, answers: Sequence[Mapping[str, Any]]) -> Target:
    ratios = [ratio for answer in answers if kind in answer for ratio in answer[kind]["ratios"]]
    close = sum(abs(ratio - 1) <= CLOSE for ratio in ratios)
    return Target(f"{kind}: tenths within 10 %", "all", f"{close} of {len(ratios)}", close == len(ratios))


def _speed(size: Mapping[str, int]) -> Part:
    taken = measure("benchmarks.recommend:invented", json.dumps(size))
    return Part(
        f"{size['n_customers']:,} invented customers, {size['n_products']:,} products",
        [Row("all lists and judging", taken, taken.answer if taken else "")],
        [at_most("wall time", 300, taken, "wall"), at_most("peak memory", 4096, taken, "peak_mb")],
    )


def _measured(work: str, name: str, settings: Mapping[str, Any]) -> Measured:
    taken = measure(f"benchmarks.recommend:{work}", name, json.dumps(settings))
    assert taken is not None  # noqa: S101 - needs no library that may be missing
    return taken


def judged(name: str, settings: str) -> Work:
    """Make and judge a shop's lists; answer the recall of each method."""
    store = _store(name)
    return Work(lambda: _ran(store, settings), _recalls)


def came_true(name: str, settings: str) -> Work:
    """Make the lists of a day; answer how their probabilities did in the horizon that followed."""
    store = _store(name)
    return Work(lambda: _ran(store, settings), lambda done: _ratios(done, settings))


def last_day(name: str, settings: str) -> Work:  # noqa: ARG001 - every work takes the same
    """Answer the day of a shop's last order."""
    return Work(lambda: _lines(name), lambda lines: str(pc.max(lines["ordered_on"]).as_py()))


def invented(size: str) -> Work:
    """Make and judge the lists of an invented shop."""
    lines = invented_lines(**json.loads(size))
    store = DuckDBStore(contracts(), {"order_lines": lines})
    return Work(lambda: _ran(store, "{}"), lambda _: f"{lines.num_rows:,} order lines")


def invented_lines(n_customers: int, n_products: int) -> pa.Table:
    """Invent a year of order lines: tastes in 50 groups, popular products, habits; the same every time."""
    rng = np.random.default_rng(1)
    n_orders = 1 + rng.poisson(8, n_customers)
    customer = np.repeat(np.arange(n_customers), n_orders)
    day = rng.integers(0, 365, len(customer))
    sizes = 1 + rng.poisson(5, len(customer))
    order = np.repeat(np.arange(len(customer)), sizes)
    rank = (n_products * rng.random(len(order)) ** 3).astype(np.int64)
    taste = (customer[order] % 50) * (n_products // 50)
    product = np.where(rng.random(len(order)) < 0.6, (taste + rank // 50) % n_products, rank)
    on = pa.array((day[order] + 20_000).astype(np.int32)).cast(pa.date32())
    return pa.table(
        {
            "order_id": pa.array(order).cast(pa.string()),
            "customer_id": pa.array(customer[order]).cast(pa.string()),
            "product_id": pa.array(product).cast(pa.string()),
            "ordered_at": on.cast(pa.timestamp("us")),
            "ordered_on": on,
        }
    )


def _ran(store: DuckDBStore, settings: str) -> DuckDBStore:
    recommend(store, RecommendSettings(**json.loads(settings)), Moment(None))
    return store


def _recalls(store: DuckDBStore) -> dict[str, Any]:
    rows = [row for row in _written(store, "recommend_evaluation").to_pylist() if row["k"] == 10]
    shown = {
        f"{row['list']} {row['method']}": {"recall": row["recall"], "se": row["recall_se"]} for row in rows
    }
    n = max(row["n_customers"] for row in rows)
    return shown | {
        "sizes": f"{n:,} customers judged, {_written(store, 'recommendations').num_rows:,} rows listed"
    }


def _written(store: DuckDBStore, name: str) -> pa.Table:
    table = store.written[name]
    assert isinstance(table, pa.Table)  # noqa: S101 - the store has no folder to write to
    return table


def _ratios(store: DuckDBStore, settings: str) -> dict[str, Any]:
    cut = date.fromisoformat(json.loads(settings)["holdout"])
    rows = [row for row in _written(store, "recommend_calibration").to_pylist() if row["starts_on"] == cut]
    found = {}
    for kind in ("repeat", "discover"):
        own = [row for row in rows if row["list"] == kind]
        if own:
            told = [row for row in own if row["n_bought"] >= _TELLING]
            total = sum(row["predicted"] * row["n"] for row in own) / sum(row["n_bought"] for row in own)
            found[kind] = {"total": total, "ratios": [row["predicted"] / row["observed"] for row in told]}
    return found


def _store(name: str) -> DuckDBStore:
    tables = {"order_lines": _lines(name)}
    if name != "retail":
        kinds = pq.read_table(complete_journey("products"))
        tables["products"] = pa.table(
            {
                "product_id": kinds["product_id"].cast(pa.string()),
                "category": kinds["product_category"],
                "department": kinds["department"],
            }
        )
    return DuckDBStore(contracts(), tables)


def _lines(name: str) -> pa.Table:
    names = _RETAIL if name == "retail" else _JOURNEY
    sold = _retail() if name == "retail" else pq.read_table(complete_journey("transactions"))
    at = sold[names["ordered_at"]].cast(pa.timestamp("us"))
    ids = {key: sold[names[key]].cast(pa.string()) for key in ("order_id", "customer_id", "product_id")}
    return pa.table(ids | {"ordered_at": at, "ordered_on": at.cast(pa.date32())})


_JOURNEY = {
    "order_id": "basket_id",
    "customer_id": "household_id",
    "product_id": "product_id",
    "ordered_at": "transaction_timestamp",
}
_RETAIL = {
    "order_id": "InvoiceNo",
    "customer_id": "CustomerID",
    "product_id": "StockCode",
    "ordered_at": "InvoiceDate",
}


def _retail() -> pa.Table:
    """Read the sales of Online Retail whose customer is known."""
    folder = shared("online_retail_2010_2011")
    assert folder is not None  # noqa: S101 - asked before
    rows = pq.read_table(folder / "transactions.parquet")
    sold = (pc.field("Quantity") > 0) & (pc.field("UnitPrice") > 0) & pc.field("CustomerID").is_valid()
    return rows.filter(sold)
