"""Campaigns: who is contacted with which offer on which channel, what it should bring, and who is held back to prove it.

Reads ``next_best_offers`` or ``propensity_scores``, ``customers``, ``consents``, ``tags`` and ``exposures``; writes
``campaign_plan``, ``campaign_budgets``, ``campaign_audience``, ``campaign_exclusions`` and ``profit_curve``.
"""

from nextbest.decisions.campaigns.spec import (
    CAMPAIGN_AUDIENCE,
    CAMPAIGN_BUDGETS,
    CAMPAIGN_EXCLUSIONS,
    CAMPAIGN_PLAN,
    CARD,
    CHANNELS,
    CampaignSettings,
)

__all__ = [
    "CAMPAIGN_AUDIENCE",
    "CAMPAIGN_BUDGETS",
    "CAMPAIGN_EXCLUSIONS",
    "CAMPAIGN_PLAN",
    "CARD",
    "CHANNELS",
    "CampaignSettings",
]
