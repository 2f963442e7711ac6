"""The shop as a whole: its totals, and what became of the rows that were read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nextbest.advice.report.core.reading import latest, rows, total
from nextbest.advice.report.spec import Limits, Loading, Quality, Row, Shop, Tables

_COUNTS = ("n_read", "n_kept", "n_merged", "n_quarantined")


def shop_of(tables: Tables) -> Shop:
    """Sum up the shop: from ``shop_totals``, and what it lacks from the profiles.

    Examples
    --------
    >>> shop_of({"rfm": pa.table({"customer_id": ["ann", "bob"], "n_orders": [3, 1]})}).n_customers
    2
    """
    given: dict[str, Any] = dict(rows(tables["shop_totals"])[0]) if tables.get("shop_totals") else {}
    known = {name: given.get(name) for name in Shop.__dataclass_fields__}
    filled = {name: value for name, value in _from_profiles(tables).items() if known[name] is None}
    revenue = (known | filled)["revenue_total"]
    return Shop(**known | filled | {"revenue_total": None if revenue is None else float(revenue)})


def _from_profiles(tables: Tables) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "rules" in tables and tables["rules"].num_rows:
        found["n_orders"] = _baskets(tables["rules"])
    if "rfm" in tables:
        found["n_customers"] = latest(tables["rfm"]).num_rows
    if "product_profiles" in tables:
        products = latest(tables["product_profiles"])
        found |= {"n_products": products.num_rows, "revenue_total": total(products, "revenue_total")}
    return found


def _baskets(rules: pa.Table) -> int | None:
    together = rules.filter(pc.invert(rules["is_ordered"]))
    most: int | None = pc.max(together["n_orders"]).as_py()
    return most


def loading_of(tables: Tables) -> Loading | None:
    """Add up what loading did; ``None`` where nothing was loaded.

    Examples
    --------
    >>> counts = {"n_read": [10], "n_kept": [8], "n_merged": [1], "n_quarantined": [1]}
    >>> loading_of({"load_report": pa.table({"file": ["orders.csv"], **counts})}).n_kept
    8
    """
    report = tables.get("load_report")
    if report is None:
        return None
    sums = {name: int(total(report, name) or 0) for name in _COUNTS}
    return Loading(**sums, files=rows(report), reasons=_reasons(tables.get("load_reasons")))


def _reasons(reasons: pa.Table | None) -> list[dict[str, Any]]:
    """Sum up each rule over the files, most rows first; one example is enough."""
    if reasons is None or not reasons.num_rows:
        return []
    # min, not first: the same example whatever the order of rows
    summed = reasons.group_by(["rule", "effect"], use_threads=False).aggregate(
        [("n_rows", "sum"), ("example", "min")]
    )
    found = [
        {
            "rule": row["rule"],
            "effect": row["effect"],
            "n_rows": row["n_rows_sum"],
            "example": _readable(row["example_min"]),
        }
        for row in rows(summed)
    ]
    return sorted(found, key=lambda row: (-row["n_rows"], row["rule"], row["effect"]))


def _readable(example: str | None) -> str | None:
    """Write the cells of a row one after the other, without braces and quotes; other examples as they are.

    Examples
    --------
    >>> _readable('{"order_id": "o1", "quantity": 0.0}'), _readable("3 of 7")
    ('order_id o1 · quantity 0.0', '3 of 7')
    """
    if not example or not example.startswith("{"):
        return example
    cells = json.loads(example)
    return " · ".join(f"{name} {value}" for name, value in cells.items() if value not in ("", None))


def limits_of(tables: Tables) -> Limits | None:
    """Lay out what cut the search for rules; limits that cut nothing are left out."""
    found = rows(tables["rule_limits"].sort_by("limit")) if "rule_limits" in tables else []
    told = [row for row in found if row["n_left_out"] or row["limit"].startswith("n_")]
    searches = sorted({(row["level"], row["is_ordered"]) for row in told}, key=lambda search: search[::-1])
    by_key = {(row["limit"], row["level"], row["is_ordered"]): row for row in told}
    # Counts first: how much was searched, then what was left out of it.
    names = sorted({row["limit"] for row in told}, key=lambda name: (not name.startswith("n_"), name))
    return Limits(searches, {n: [by_key.get((n, *s)) for s in searches] for n in names}) if told else None


def quality_of(tables: Tables) -> list[Quality]:
    """Tell per table which columns are filled, and which the data do not give."""
    found = rows(tables["data_quality"]) if "data_quality" in tables else []
    return [
        _quality(table, [row for row in found if row["table"] == table])
        for table in sorted({row["table"] for row in found})
    ]


def _quality(table: str, columns: Sequence[Row]) -> Quality:
    given = [dict(row, low=_plain(row["low"]), high=_plain(row["high"])) for row in columns if _is_given(row)]
    ranked = sorted(given, key=lambda row: (-row["n_missing"], row["column"]))
    return Quality(table, ranked, sorted(row["column"] for row in columns if not _is_given(row)))


def _is_given(row: Row) -> bool:
    return bool(row["n_missing"] < row["n_rows"])


def _plain(number: str | None) -> str | None:
    """Take the empty decimals off an amount.

    Examples
    --------
    >>> _plain("840.5000"), _plain("12.0"), _plain("2024-01-10")
    ('840.5', '12', '2024-01-10')
    """
    return number.rstrip("0").rstrip(".") if number and "." in number else number
