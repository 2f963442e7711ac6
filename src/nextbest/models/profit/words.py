"""What followed, who stays and who has paid back, as findings: code and numbers; the sentences live in the catalogues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nextbest.base.findings import Finding
from nextbest.base.messages import Value
from nextbest.models.profit.spec import PlaceboCheck, ProfitSettings

_MOST_SAID: Final = 5
_FEWEST: Final = 5
_VALUES: Final = (
    "head",
    "n_buyers",
    "n_matched",
    "profit_before",
    "profit_after",
    "control_before",
    "control_after",
    "difference",
    "ci_low",
    "ci_high",
    "q_value",
    "pre_trend",
)

Row = Mapping[str, Any]


def heads_found(rows: Sequence[Row], null: PlaceboCheck | None, settings: ProfitSettings) -> list[Finding]:
    """Say which first purchases were followed by more or less profit, most money first; else why none is named."""
    if null is None:
        return [Finding("profit.no_comparison", {"n_heads": len(rows), "caliper": settings.caliper})]
    checked: dict[str, Value] = {
        "n_heads": len(rows),
        "n_placebos": null.n_placebos,
        "share_rejected": null.share_rejected,
        "window_days": settings.window_days,
    }
    if not null.is_calibrated:
        return [Finding("profit.cannot_be_told", checked)]
    said = [_head_found(row, checked) for verdict in ("more", "less") for row in _most_money(rows, verdict)]
    return said or [_nothing_found(rows, checked)]


def _nothing_found(rows: Sequence[Row], checked: Mapping[str, Value]) -> Finding:
    """Say that nothing was found, and how large a difference would have had to be."""
    n_on_the_way = sum(row["verdict"] == "cannot_be_told" for row in rows)
    reach = sorted((row["ci_high"] - row["ci_low"]) / 2 for row in rows if row["ci_low"] is not None)
    values: dict[str, Value] = {"n_on_the_way": n_on_the_way, "reach": reach[len(reach) // 2]}
    code = "profit.no_evidence_but_trends" if n_on_the_way else "profit.no_evidence"
    return Finding(code, dict(checked) | values)


def _most_money(rows: Sequence[Row], verdict: str) -> list[Row]:
    told = [row for row in rows if row["verdict"] == verdict]
    return sorted(told, key=lambda row: (-_money(row), row["level"], row["head_id"]))[:_MOST_SAID]


def _head_found(row: Row, checked: Mapping[str, Value]) -> Finding:
    values = {name: row[name] for name in _VALUES} | {"size": abs(row["difference"])}
    code = "profit.followed_by_more" if row["verdict"] == "more" else "profit.followed_by_less"
    return Finding(
        code,
        values | dict(checked),
        money=_money(row),
        margin_source=row["margin_source"],
        ref=f"{row['level']}:{row['head_id']}",
    )


def _money(row: Row) -> float:
    return float(abs(row["difference"]) * row["n_matched"])


def products_held(rows: Sequence[Row], settings: ProfitSettings) -> list[Finding]:
    """Say how many of those with little and of those with much have left."""
    enough = [row for row in rows if row["n_customers"] >= settings.min_buyers]
    if len(enough) < 2 or sum(row["n_left"] for row in enough) < _FEWEST:  # noqa: PLR2004
        return []
    few, many = enough[0], enough[-1]
    values: dict[str, Value] = {"days": settings.left_after_days}
    for name, row in (("few", few), ("many", many)):
        values |= {f"n_{name}": row["n_products_held"], f"n_customers_{name}": row["n_customers"]}
        values |= {f"share_{name}": row["share_left"]}
        values |= {f"low_{name}": row["share_low"], f"high_{name}": row["share_high"]}
    return [Finding(f"profit.leaving_by_{few['counted']}", values)]


def payback(rows: Sequence[Row]) -> list[Finding]:
    """Say when the average new customer has paid back, or what one brings where no cost is given."""
    if not rows:
        return []
    last = rows[-1]
    values: dict[str, Value] = {
        "n_customers": rows[0]["n_customers"],
        "n_months": last["month"],
        "margin": last["margin_mean"],
        "margin_low": last["margin_low"],
        "margin_high": last["margin_high"],
        "cost": last["acquisition_cost"],
    }
    if last["acquisition_cost"] is None:
        code = "profit.brings"
    elif not last["is_paid_back"]:
        code = "profit.not_paid_back"
    else:
        reached = {name: _first_month(rows, name) for name in ("margin_mean", "margin_high", "margin_low")}
        code = "profit.paid_back" if reached["margin_low"] else "profit.paid_back_about"
        values |= {
            "n_months_needed": reached["margin_mean"],
            "first_month": reached["margin_high"],
            "sure_month": reached["margin_low"],
        }
    return [Finding(code, values, margin_source=last["margin_source"])]


def _first_month(rows: Sequence[Row], name: str) -> int | None:
    """Find the first month in which a margin reaches the cost."""
    return next((row["month"] for row in rows if row[name] >= row["acquisition_cost"]), None)


def no_dates() -> Finding:
    """Say that before and after cannot be told apart."""
    return Finding("profit.no_dates")


def no_profit() -> Finding:
    """Say that nobody knows what customers earn."""
    return Finding("profit.no_profit")


def no_heads() -> Finding:
    """Say that there is no rule whose head could be looked at."""
    return Finding("profit.no_heads")


def too_few_buyers(n_heads: int, settings: ProfitSettings) -> Finding:
    """Say that no head has enough first purchases with history on both sides."""
    values: dict[str, Value] = {
        "n_heads": n_heads,
        "min_buyers": settings.min_buyers,
        "window_days": settings.window_days,
    }
    return Finding("profit.too_few_buyers", values)
