"""How many customers there is something to say to."""

from __future__ import annotations

from dataclasses import asdict

from nextbest.base.findings import Finding
from nextbest.decisions.audiences.spec import Reach


def findings(reach: Reach) -> list[Finding]:
    """Say how many customers have an open rule; what each rule is worth, the rules say themselves."""
    return [Finding("audiences.reach", asdict(reach))] if reach.n_customers else []
