"""Campaign: who is contacted with which offer on which channel, what it should bring, and who is held back to prove it."""

from __future__ import annotations

from typing import Final

from nextbest.base.capability import Capability
from nextbest.decisions.campaigns.spec.presets import (
    CHINESE,
    OUTGOING,
    PRESETS,
    SENT,
    UNSUBSCRIBED,
    Preset,
    fields_of,
    response_of,
)
from nextbest.decisions.campaigns.spec.results import (
    BUDGET_LEVELS,
    SHARES,
    LevelTotals,
    Limits,
    Objective,
    Rules,
    Summary,
)
from nextbest.decisions.campaigns.spec.settings import ANY, CHANNELS, TEXT_VALUES, CampaignSettings
from nextbest.decisions.campaigns.spec.tables import (
    CAMPAIGN_AUDIENCE,
    CAMPAIGN_BUDGETS,
    CAMPAIGN_EXCLUSIONS,
    CAMPAIGN_PLAN,
    REASONS,
)
from nextbest.models.profit import PROFIT_CURVE

__all__ = [
    "ANY",
    "BUDGET_LEVELS",
    "CAMPAIGN_AUDIENCE",
    "CAMPAIGN_BUDGETS",
    "CAMPAIGN_EXCLUSIONS",
    "CAMPAIGN_PLAN",
    "CARD",
    "CHANNELS",
    "CHINESE",
    "OUTGOING",
    "PRESETS",
    "REASONS",
    "SENT",
    "SHARES",
    "TEXT_VALUES",
    "UNSUBSCRIBED",
    "CampaignSettings",
    "LevelTotals",
    "Limits",
    "Objective",
    "Preset",
    "Rules",
    "Summary",
    "fields_of",
    "response_of",
]

CARD: Final = Capability(
    name="campaign",
    question="Whom do we contact with what, what should it bring, and who is held back to prove it?",
    recipe="nextbest.decisions.campaigns.run:run",
    settings=CampaignSettings,
    writes=(CAMPAIGN_PLAN, CAMPAIGN_BUDGETS, CAMPAIGN_AUDIENCE, CAMPAIGN_EXCLUSIONS, PROFIT_CURVE),
    requires=("next_best_offers.customer_id | propensity_scores.customer_id",),
    uses=(
        "products",
        "product_profiles",
        "customers",
        "consents",
        "tags",
        "exposures",
    ),
)
