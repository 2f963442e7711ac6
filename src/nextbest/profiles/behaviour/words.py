"""What the trends say: who spends much less than before."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from nextbest.base.findings import Finding
from nextbest.profiles.behaviour.spec import FALLING_BELOW, Change

_FEWEST: Final = 5


def findings(change: Change) -> list[Finding]:
    """Say how many customers spend much less than they used to; a handful is no crowd."""
    if change.n_customers < _FEWEST:
        return []
    return [Finding("behaviour.falling", asdict(change) | {"below": FALLING_BELOW})]
