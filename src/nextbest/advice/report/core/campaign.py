"""Campaigns as they are planned, by offer and channel, and their profit by depth."""

from __future__ import annotations

from collections.abc import Sequence

from nextbest.advice.report.core.reading import rows_of
from nextbest.advice.report.spec import Campaign, Row, Tables


def campaigns_of(tables: Tables) -> Sequence[Campaign]:
    """Gather campaigns by name; none where nothing was planned."""
    plans = rows_of(tables, "campaign_plan")
    return [_campaign(tables, campaign_id) for campaign_id in sorted({row["campaign_id"] for row in plans})]


def _campaign(tables: Tables, campaign_id: str) -> Campaign:
    def own(name: str) -> list[Row]:
        return [row for row in rows_of(tables, name) if row["campaign_id"] == campaign_id]

    plan = [row for row in own("campaign_plan") if row["budget_level"] == 1]
    assumed = [
        row for row in own("campaign_consents") if (row["group"], row["consent"]) == ("treatment", "assumed")
    ]
    return Campaign(
        campaign_id=campaign_id,
        plan=sorted(plan, key=lambda row: (-row["n"], row["offer_id"], row["channel"])),
        budgets=sorted(own("campaign_budgets"), key=lambda row: row["budget_level"]),
        curves=_curves(own("profit_curve")),
        exclusions=sorted(own("campaign_exclusions"), key=lambda row: (-row["n_customers"], row["reason"])),
        n_consent_assumed=sum(row["n_customers"] for row in assumed),
    )


def _curves(curve: Sequence[Row]) -> dict[float, list[Row]]:
    curves: dict[float, list[Row]] = {}
    for row in sorted(curve, key=lambda row: (row["incremental_share"], row["depth"])):
        curves.setdefault(row["incremental_share"], []).append(row)
    return curves
