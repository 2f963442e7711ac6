"""Where customers step up, and where nothing shows that they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from nextbest.base.findings import Finding
from nextbest.models.ladders.spec import BestStep, LadderTotals


def findings(totals: LadderTotals, best: Sequence[BestStep]) -> list[Finding]:
    """Name the better versions that customers move to most, or say that none was found."""
    if not (totals.n_pairs or totals.n_given):
        return [Finding("ladders.nothing")]
    if totals.n_pairs and not totals.n_supported:
        return [Finding("ladders.none", asdict(totals))]
    return [Finding("ladders.step", asdict(step), ref=step.upgrade) for step in best]
