"""Which terms each section uses; the last section of the page defines them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

TERMS: Final[Mapping[str, Sequence[str]]] = {
    "customers": ("rfm", "segment", "lifecycle", "net_revenue"),
    "together": (
        "support",
        "confidence",
        "rule_lift",
        "size_lift",
        "interval",
        "q_value",
        "stability",
        "substitutes",
        "n_audience",
        "margin_at_stake",
        "margin_source",
    ),
    "next": ("days_between", "confidence", "size_lift", "q_value"),
    "audiences": ("n_audience", "margin_at_stake", "margin_source"),
    "offers": (
        "recall",
        "probability",
        "expected_profit",
        "incremental_profit",
        "margin_source",
        "step_up",
        "guardrail",
    ),
    "propensity": (
        "propensity",
        "gain",
        "gain_lift",
        "baseline",
        "auc",
        "log_loss",
        "calibration",
        "strength",
        "leak",
        "psi",
        "window",
    ),
    "campaign": (
        "expected_profit",
        "incremental_profit",
        "incremental_share",
        "profit_curve",
        "break_even",
        "control",
        "margin_source",
    ),
    "profit": ("followed_by", "placebo", "verdict", "leaving", "payback", "margin_source"),
    "changes": ("change",),
    "quality": ("accounting",),
}
"""By section; each term is ``report.define.<term>``, ``.text`` and ``.formula``."""
