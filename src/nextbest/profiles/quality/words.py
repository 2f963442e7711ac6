"""Which gaps in the data cost insight, and what to do about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from nextbest.base.findings import Finding
from nextbest.profiles.quality.spec import QualitySettings

GAPS: Final = {
    ("order_lines", "customer_id"): "quality.guests",
    ("order_lines", "net_revenue"): "quality.no_amount",
    ("products", "category"): "quality.no_category",
}
"""Columns whose gaps everybody feels."""


def findings(rows: Iterable[Mapping[str, Any]], settings: QualitySettings) -> list[Finding]:
    """Name the gaps that are wide enough."""
    told = []
    for row in rows:
        code = GAPS.get((row["table"], row["column"]))
        share = row["n_missing"] / row["n_rows"] if row["n_rows"] else 0.0
        if code and share >= settings.findings_from:
            told.append(
                Finding(code, {"share": share, "n_missing": row["n_missing"], "n_rows": row["n_rows"]})
            )
    return told
