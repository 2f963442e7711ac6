"""What followed a first purchase, whether more products go with staying, and when a customer has paid back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nextbest.advice.report.spec.page import Row


@dataclass(frozen=True, slots=True)
class Profit:
    """Rows of ``head_profit``, ``placebo_check``, ``products_held`` and ``payback`` as they are shown."""

    heads: Sequence[Row]
    """Surest first."""
    n_heads: int
    """Heads with a comparison."""
    n_clear: int
    """Of these, followed by clearly more or less."""
    check: Row | None
    held: Sequence[Row]
    payback: Sequence[Row]

    @property
    def is_calibrated(self) -> bool:
        """The comparison did right on made-up heads, so its verdicts may be read."""
        return bool(self.check and self.check["is_calibrated"])
