"""What the margins say about themselves: where nobody knows them, say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from nextbest.base.findings import Finding
from nextbest.profiles.products.spec import MarginTotals


def findings(totals: Sequence[MarginTotals], *, assumed_margin_share: float) -> list[Finding]:
    """Name the products whose margin is assumed."""
    return [
        Finding(
            "products.assumed_margin",
            asdict(row) | {"assumed_margin_share": assumed_margin_share},
            margin_source=row.margin_source,
        )
        for row in totals
        if row.margin_source == "assumed" and row.revenue_share is not None
    ]
