"""What the stages say: who slows down now, and who has fallen silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from nextbest.base.findings import Finding
from nextbest.profiles.lifecycle.spec import StageTotals

_FEWEST: Final = 5


def findings(totals: Sequence[StageTotals]) -> list[Finding]:
    """Say how many customers slow down, are dormant and are gone; a handful is no crowd."""
    held = {row.stage: row for row in totals}
    return [
        Finding(f"lifecycle.{name}_customers", asdict(held[name]), ref=name)
        for name in ("slowing", "dormant", "gone")
        if name in held and held[name].n_customers >= _FEWEST
    ]
