"""A campaign: whom it contacts with what, what that may bring, and who is held back to prove it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nextbest.advice.report.spec.page import Row
from nextbest.base.contract import Column, Table

CAMPAIGN_CONSENTS: Final = Table(
    "campaign_consents",
    "one row per campaign, group and state of the consent",
    ("campaign_id", "group", "consent"),
    (
        Column("campaign_id", "string", "campaign"),
        Column("group", "string", "treatment or control"),
        Column("consent", "string", "granted, not_needed or assumed"),
        Column("n_customers", "int64", "customers"),
    ),
)


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign at its plan's budget."""

    campaign_id: str
    plan: Sequence[Row]
    """Rows of ``campaign_plan`` at budget level 1, most customers first."""
    budgets: Sequence[Row]
    """Rows of ``campaign_budgets``, smallest budget first."""
    curves: Mapping[float, Sequence[Row]]
    """By share of the purchases that the contact causes, rows of ``profit_curve``, shallowest first."""
    exclusions: Sequence[Row]
    n_consent_assumed: int
    """Customers to be contacted of whom nobody knows whether they agreed."""

    @property
    def level(self) -> Row | None:
        """The plan itself: the row of the budget that was asked for."""
        return next((row for row in self.budgets if row["budget_level"] == 1), None)

    @property
    def more_budget_is_idle(self) -> bool:
        """A budget is set, and a larger one would not be spent."""
        level = self.level
        return level is not None and level["budget"] is not None and self.budgets[-1]["cost"] == level["cost"]

    @property
    def best(self) -> Row | None:
        """Where a tested share says that contacting more stops paying; ``None`` where no share was tested."""
        rows = (row for rows in self.curves.values() for row in rows)
        return next((row for row in rows if row["is_tested"] and row["is_best"]), None)
