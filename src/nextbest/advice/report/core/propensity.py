"""Models of who will buy: the chosen candidate, its proof, its factors and whom to call first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Final

import pyarrow as pa

from nextbest.advice.report.core.reading import product_names, rows
from nextbest.advice.report.spec import DRIFT_PSI, Model, Models, Row, Tables

_TABLES: Final = (
    "propensity_models",
    "propensity_lift",
    "propensity_calibration",
    "propensity_factors",
    "propensity_windows",
    "first_scores",
    "scored_customers",
)
_REASONS: Final = 3
"""Reasons named for each customer."""


def models_of(tables: Tables, *, at_most: int, in_full: int) -> Models | None:
    """Gather models, furthest above their baseline first; ``None`` where there is none.

    Of the table on lift, only the chosen candidate and the baseline are read.
    """
    if "propensity_models" not in tables or not tables["propensity_models"].num_rows:
        return None
    parts = {name: _by_model(tables[name]) if name in tables else {} for name in _TABLES}
    names = product_names(
        tables, [row["target"] for found in parts["propensity_models"].values() for row in found]
    )
    models = [
        _model(model_id, {name: found.get(model_id, []) for name, found in parts.items()}, names)
        for model_id, tried in parts["propensity_models"].items()
        if any(row["is_chosen"] for row in tried)
    ]
    ranked = sorted(models, key=lambda model: (-model.advantage, model.model_id))
    return Models(ranked[:at_most], len(ranked), ranked[:in_full]) if ranked else None


def _by_model(table: pa.Table) -> dict[str, list[Row]]:
    found = sorted(rows(table), key=_model_id)
    return {model_id: list(group) for model_id, group in groupby(found, key=_model_id)}


def _model_id(row: Row) -> str:
    return str(row["model_id"])


def _model(model_id: str, parts: Mapping[str, Sequence[Row]], names: Mapping[str, str]) -> Model:
    tried = sorted(parts["propensity_models"], key=_goodness)
    chosen = next(row for row in tried if row["is_chosen"])
    factors = parts["propensity_factors"]
    scored = next(iter(parts["scored_customers"]), {})
    return Model(
        model_id=model_id,
        target=names.get(chosen["target"], chosen["target"]),
        chosen=chosen,
        candidates=tried,
        gains=_gains(parts["propensity_lift"]),
        calibration=sorted(parts["propensity_calibration"], key=lambda row: row["bin"]),
        factors=_ranked([row for row in factors if row["strength"]], lambda row: row["strength"]),
        leaks=_ranked([row for row in factors if row["is_leak"]], lambda row: row["auc"] or 0),
        suspects=_ranked([row for row in factors if row["is_suspect"]], lambda row: row["strength"] or 0),
        drifted=_ranked([row for row in factors if _has_drifted(row)], lambda row: row["psi"]),
        windows=sorted(parts["propensity_windows"], key=lambda row: (row["origin_on"], row["part"])),
        first=[_said(row) for row in sorted(parts["first_scores"], key=lambda row: row["rank"])],
        n_scored=scored.get("n_customers"),
        mean_propensity=scored.get("propensity"),
    )


def _has_drifted(factor: Row) -> bool:
    return factor["psi"] is not None and factor["psi"] > DRIFT_PSI


def _ranked(factors: Sequence[Row], by: Callable[[Row], float]) -> list[Row]:
    return sorted(factors, key=lambda row: (-by(row), row["factor"]))


def _goodness(candidate: Row) -> tuple[bool, bool, float, str]:
    """Put the chosen one first and the baseline last; between them the smaller log-loss is the better."""
    loss = candidate["cv_log_loss"]
    return (
        not candidate["is_chosen"],
        candidate["model"] == "baseline",
        float("inf") if loss is None else loss,
        candidate["model"],
    )


def _gains(lift: Sequence[Row]) -> dict[str, list[Row]]:
    gains: dict[str, list[Row]] = {}
    for row in sorted(lift, key=lambda row: row["depth"]):
        gains.setdefault(row["model"], []).append(row)
    return gains


def _said(score: Row) -> Row:
    """Read what raises and lowers a customer's probability, most first."""
    told = json.loads(score["because"] or "[]")
    strongest = sorted(told, key=lambda part: (-abs(part["adds"]), str(part["factor"])))
    return {**score, "said": strongest[:_REASONS]}
