"""Campaigns: who is contacted with which offer on which channel, what it should bring, and who is held back to prove it.

Reads ``next_best_offers`` or ``propensity_scores``, ``customers``, ``consents``, ``tags`` and ``exposures``; writes
``campaign_plan``, ``campaign_budgets``, ``campaign_audience``, ``campaign_exclusions`` and ``profit_curve``. ``outgoing``
makes the file that goes out to a platform, ``sort_out`` reads what comes back.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from nextbest.decisions.campaigns.spec import (
    CAMPAIGN_AUDIENCE,
    CAMPAIGN_BUDGETS,
    CAMPAIGN_EXCLUSIONS,
    CAMPAIGN_PLAN,
    CARD,
    CHANNELS,
    CHINESE,
    OUTGOING,
    PRESETS,
    SENT,
    UNSUBSCRIBED,
    CampaignSettings,
    fields_of,
    response_of,
)

if TYPE_CHECKING:
    from nextbest.decisions.campaigns.core.returning import Decision, Ledger, Report, Returned, sort_out
    from nextbest.decisions.campaigns.run import UNNAMED
    from nextbest.decisions.campaigns.run.sending import Mailing, Outgoing, outgoing

__all__ = [
    "CAMPAIGN_AUDIENCE",
    "CAMPAIGN_BUDGETS",
    "CAMPAIGN_EXCLUSIONS",
    "CAMPAIGN_PLAN",
    "CARD",
    "CHANNELS",
    "CHINESE",
    "OUTGOING",
    "PRESETS",
    "SENT",
    "UNNAMED",
    "UNSUBSCRIBED",
    "CampaignSettings",
    "Decision",
    "Ledger",
    "Mailing",
    "Outgoing",
    "Report",
    "Returned",
    "fields_of",
    "outgoing",
    "response_of",
    "sort_out",
]

_AT: Final = {
    **dict.fromkeys(("Decision", "Ledger", "Report", "Returned", "sort_out"), "core.returning"),
    **dict.fromkeys(("Mailing", "Outgoing", "outgoing"), "run.sending"),
    "UNNAMED": "run",
}


def __getattr__(name: str) -> Any:
    if name in _AT:
        return getattr(importlib.import_module(f"nextbest.decisions.campaigns.{_AT[name]}"), name)
    raise AttributeError(name)
