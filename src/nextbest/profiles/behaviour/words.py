"""What the trends say: who spends much less than before."""

from __future__ import annotations

from dataclasses import asdict

from nextbest.base.findings import Finding
from nextbest.profiles.behaviour.spec import FALLING_BELOW, Change


def findings(change: Change) -> list[Finding]:
    """Say how many customers spend much less than they used to."""
    if not change.n_customers:
        return []
    return [Finding("behaviour.falling", asdict(change) | {"below": FALLING_BELOW})]
