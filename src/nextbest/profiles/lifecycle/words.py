"""What the stages say: who slows down now, and who has fallen silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from nextbest.base.findings import Finding
from nextbest.profiles.lifecycle.spec import StageTotals


def findings(totals: Sequence[StageTotals]) -> list[Finding]:
    """Say how many customers slow down, are dormant and are gone."""
    held = {row.stage: row for row in totals}
    return [
        Finding(f"lifecycle.{name}_customers", asdict(held[name]), ref=name)
        for name in ("slowing", "dormant", "gone")
        if name in held
    ]
