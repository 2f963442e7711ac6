"""What the parts of a campaign hand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from nextbest.models.profit import Terms

BUDGET_LEVELS: Final = (0.5, 0.75, 1.0, 1.5, 2.0)
"""The plan is drawn up for these multiples of the budget; 1 is the plan."""

Objective = Literal["incremental", "expected", "purchases"]
SHARES: Final = (0.05, 0.10, 0.20)
"""Shares of the purchases that a contact may cause, where no test says it: drawn, and none called best."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan may spend; one entry per channel, in the order of the settings."""

    costs: tuple[float, ...]
    """Of one contact."""
    capacities: tuple[int | None, ...]
    """Contacts that can be made."""
    budget: float | None = None

    def scaled(self, share: float) -> Limits:
        """Give the same limits for a group of another size."""
        return Limits(
            self.costs,
            tuple(None if room is None else round(room * share) for room in self.capacities),
            None if self.budget is None else self.budget * share,
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """What makes a purchase worth something, read from the settings."""

    terms: Terms
    share: float | None
    """Tested share of the purchases that the contact causes."""

    has_money: bool
    """Margins are known; without, purchases are counted."""

    @property
    def objective(self) -> Objective:
        """What is made largest."""
        if not self.has_money:
            return "purchases"
        return "expected" if self.share is None else "incremental"

    @property
    def shares(self) -> tuple[float, ...]:
        """Shares of the purchases for which the profit is drawn."""
        return SHARES if self.share is None else (self.share,)


@dataclass(frozen=True, slots=True)
class LevelTotals:
    """One row of ``campaign_budgets``; money is null without margins."""

    campaign_id: str
    budget_level: float
    budget: float | None
    n: int
    n_control: int
    cost: float
    expected_profit: float | None
    incremental_profit: float | None
    incremental_profit_05: float | None
    incremental_profit_10: float | None
    incremental_profit_20: float | None
    margin_source: str | None
    objective: Objective
    gap: float
    worth_of_more: float | None
    control_share: float
    purchase_rate: float | None
    power: float | None
    smallest_share: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What there is to say of one campaign."""

    plan: LevelTotals
    levels: tuple[LevelTotals, ...]
    n_asked: int
    """Customers with an offer."""
    n_offers: int
    product: str | None
    """Name of what most are offered."""
    break_even_share: float | None
    excluded: tuple[tuple[str, int], ...]
    """Reasons and customers."""
    has_consents: bool
    unreached: tuple[str, ...]
    """Channels for which no contact column is there, so that everybody counts as reached."""
