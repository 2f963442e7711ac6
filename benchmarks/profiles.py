"""The behaviour profile, by the room's own recipe and by the form of the query one would write first."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import ibis
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.data import ready
from benchmarks.measuring import Work
from nextbest.app.catalogue import contracts
from nextbest.base.capability import Moment
from nextbest.engines.duckdb_store import DuckDBStore
from nextbest.profiles.behaviour import CARD, WINDOW_DAYS, BehaviourSettings

AS_OF = date(2018, 1, 1)
"""The day after the last order."""


def ours(name: str) -> Work:
    """Run the recipe: Parquet in, Parquet out."""
    return Work(partial(_run, CARD.load(), name), _answer)


def naive(name: str) -> Work:
    """Count orders, products and categories of each window by distinct counts."""
    return Work(partial(_run, _naive_recipe, name), _answer)


def _run(recipe: Callable[..., Any], name: str) -> Path:
    given = ready(name)
    tables = {table: [given / f"{table}.parquet"] for table in ("order_lines", "products")}
    folder = Path(tempfile.mkdtemp(dir=given.parent))
    recipe(DuckDBStore(contracts(), tables, folder=folder, threads=2), BehaviourSettings(), Moment(AS_OF))
    return folder / "behaviour.parquet"


def _naive_recipe(store: Any, _settings: object, moment: Any) -> None:
    lines, products = store.table("order_lines"), store.table("products").select("product_id", "category")
    seen = lines.filter(lines.ordered_on < ibis.date(moment.as_of)).left_join(products, "product_id")
    columns: dict[str, Any] = {}
    for days in WINDOW_DAYS:
        within = seen.ordered_on >= ibis.date(moment.as_of) - ibis.interval(days=days)
        columns |= {
            f"revenue_{days}d": seen.net_revenue.sum(where=within).fill_null(0),
            f"n_orders_{days}d": seen.order_id.nunique(where=within),
            f"n_lines_{days}d": within.sum(),
            f"n_products_{days}d": seen.product_id.nunique(where=within),
            f"n_categories_{days}d": seen.category.nunique(where=within),
        }
    drawn = seen.group_by("customer_id").aggregate(**columns)
    store.write("behaviour", drawn.mutate(as_of=ibis.date(moment.as_of)))


def _answer(file: Path) -> dict[str, Any]:
    """Count customers and filled columns, sum up those that both ways give, and clear away."""
    table = pq.read_table(file)
    both = ("revenue", "n_orders", "n_lines", "n_products", "n_categories")
    names = [f"{what}_{days}d" for what in both for days in WINDOW_DAYS]
    file.unlink()
    file.parent.rmdir()
    return {
        "n": table.num_rows,
        "columns": sum(table[name].null_count < table.num_rows for name in table.column_names) - 2,
        "sums": {name: f"{pc.sum(table[name]).as_py():.4f}" for name in names},
    }
