"""What the segments say: who carries the shop, and who used to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from nextbest.base.findings import Finding
from nextbest.profiles.rfm.spec import SegmentTotals

_FEWEST: Final = 5


def findings(totals: Sequence[SegmentTotals]) -> list[Finding]:
    """Say which segment brings most revenue, and who bought often and has gone quiet.

    No money is at stake yet: revenue of the past is no margin of the future. A handful of customers is no segment
    to speak of.
    """
    totals = [row for row in totals if row.n_customers >= _FEWEST]
    held = {row.segment: row for row in totals}
    top = max(totals, key=lambda row: (row.revenue_share or 0, row.segment), default=None)
    said = [Finding("rfm.top_segment", _values(top), ref=top.segment)] if top and top.revenue_share else []
    quiet = [held[name] for name in ("cannot_lose", "at_risk") if name in held]
    return said + [
        Finding("rfm.quiet" if row.revenue_share else "rfm.quiet_customers", _values(row), ref=row.segment)
        for row in quiet
    ]


def _values(row: SegmentTotals) -> dict[str, str | int | float | None]:
    return asdict(row) | {"segment": f"rfm.{row.segment}"}
