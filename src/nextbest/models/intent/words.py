"""What the visits say: whether intent can be told, and for whom a coupon pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nextbest.base.findings import Finding
from nextbest.models.intent.spec import IntentSettings


@dataclass(frozen=True, slots=True)
class Found:
    """Figures of the newest visits, which no model had seen."""

    n_visits: int
    n_steps: int
    model: Mapping[str, Any]
    baseline: Mapping[str, Any]
    settings: IntentSettings
    margin_share: float | None
    """``None``: no margin is known."""
    margin_source: str | None
    least: float
    """Share of all steps that led to an order: below it a visit is less likely than usual."""
    below: float | None
    """Probability up to which a coupon pays."""
    hesitating_share: float | None
    """Of the steps, from ``least`` up to ``below``."""
    anyway_share: float | None
    """Of the steps, above both."""


def too_few(n_visits: int, n_orders: int, fewest: int) -> list[Finding]:
    """Say that nothing can be learnt yet."""
    return [Finding("intent.too_few", {"n_visits": n_visits, "n_orders": n_orders, "fewest": fewest})]


def findings(found: Found, *, is_kept: bool) -> list[Finding]:
    """Say how well intent can be told, and where margins are known, for whom a coupon pays."""
    values = {
        "n_visits": found.n_visits,
        "n_steps": found.n_steps,
        "auc": found.model["auc"],
        "baseline_auc": found.baseline["auc"],
        "log_loss": found.model["log_loss"],
        "baseline_log_loss": found.baseline["log_loss"],
        "calibration_error": found.model["calibration_error"],
    }
    if not is_kept:
        return [Finding("intent.no_better", values)]
    return [Finding("intent.learnt", values), *_coupon(found)]


def _coupon(found: Found) -> list[Finding]:
    if found.below is None:
        return []
    values = {
        "coupon_share": found.settings.coupon_share,
        "coupon_odds": found.settings.coupon_odds,
        "margin_share": found.margin_share,
        "least": found.least,
        "below": found.below,
        "hesitating_share": found.hesitating_share,
        "anyway_share": found.anyway_share,
    }
    code = "intent.coupon" if found.below > found.least else "intent.no_coupon"
    return [Finding(code, values, margin_source=found.margin_source)]
