"""The recipe of campaigns: each customer's best offer, who may be contacted, the plan, its control group, its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from nextbest.assignment.control import held_back
from nextbest.base.capability import Moment
from nextbest.base.findings import Finding
from nextbest.decisions.campaigns.core.adding import money_of, plan_rows, seen_by
from nextbest.decisions.campaigns.core.excluding import first_reason, values_of
from nextbest.decisions.campaigns.core.planning import LevelPlan, control_share_of, level_plan
from nextbest.decisions.campaigns.run.reading import Scene, read
from nextbest.decisions.campaigns.run.writing import (
    Campaign,
    audience,
    break_even,
    curve,
    exclusions,
    table_of,
)
from nextbest.decisions.campaigns.spec import (
    BUDGET_LEVELS,
    CARD,
    CampaignSettings,
    LevelTotals,
    Summary,
)
from nextbest.decisions.campaigns.words import findings, no_probability
from nextbest.tables.store import Store

UNNAMED = "campaign"
"""Id of the campaign whose settings have no name."""


def run(store: Store, settings: CampaignSettings, moment: Moment) -> list[Finding]:
    """Plan every campaign of the settings."""
    tables: dict[str, list[pa.Table]] = {table.name: [] for table in CARD.writes}
    said: list[Finding] = []
    for name, own in settings.instances().items():
        campaign = Campaign(name or UNNAMED, own, own.starts_on or moment.as_of, moment.seed)
        scene = read(store, own, campaign.starts_on)
        if scene is None:
            said.append(no_probability())
        elif scene.rows.num_rows:
            written, found = _planned(scene, campaign)
            said += found
            for title, rows in written.items():
                tables[title].append(rows)
    for table in CARD.writes:
        parts = tables[table.name]
        store.write(table.name, pa.concat_tables(parts) if parts else table_of(table, []))
    return said


def _planned(scene: Scene, campaign: Campaign) -> tuple[Mapping[str, pa.Table], list[Finding]]:
    """Plan one campaign at every level of the budget."""
    settings, people = campaign.settings, scene.people
    values = values_of(scene.worth, scene.limits.costs, scene.facts.may, has_money=scene.rules.has_money)
    share = control_share_of(values, people.probability, scene.limits, settings)
    is_held = held_back(campaign.seed_text, scene.rows["customer_id"].to_pylist(), share)
    plans = [level_plan(values, is_held, scene.limits, level) for level in BUDGET_LEVELS]
    levels = [_totals(scene, campaign, plan, share) for plan in plans]
    plan = plans[BUDGET_LEVELS.index(1.0)]
    left_out = exclusions(first_reason(scene.facts, values), plan)
    tables = {
        "campaign_plan": [row for each in plans for row in _plan(scene, campaign, each)],
        "campaign_budgets": [_as_row(level) for level in levels],
        "campaign_exclusions": [
            {"campaign_id": campaign.name, "reason": reason, "n_customers": n} for reason, n in left_out
        ],
        "profit_curve": curve(scene, campaign, values),
    }
    written = {
        table.name: table_of(table, tables[table.name]) for table in CARD.writes if table.name in tables
    }
    written["campaign_audience"] = audience(scene, campaign, plan, values, share)
    summary = Summary(
        plan=levels[BUDGET_LEVELS.index(1.0)],
        levels=tuple(levels),
        n_asked=scene.rows.num_rows,
        n_offers=len({row["offer_id"] for row in _plan(scene, campaign, plan)}),
        product=_most_offered(scene, plan),
        break_even_share=break_even(scene, plan),
        excluded=tuple(left_out),
        has_consents=scene.has_consents,
        unreached=scene.unreached,
    )
    return written, findings(summary, settings.visible_share, settings.no_control_because)


def _totals(scene: Scene, campaign: Campaign, plan: LevelPlan, share: float) -> LevelTotals:
    contacts, treated = plan.contacts, plan.treated
    set_budget = campaign.settings.budget
    return LevelTotals(
        campaign_id=campaign.name,
        budget_level=plan.level,
        budget=None if set_budget is None else set_budget * plan.level,
        n=int(contacts.treated.sum()),
        n_control=int(contacts.control.sum()),
        **money_of(scene.people, contacts.treated, contacts.choice, scene.limits, scene.rules),
        objective=scene.rules.objective,
        gap=treated.gap,
        worth_of_more=None if set_budget is None else treated.budget_price,
        control_share=share,
        **seen_by(scene.people, contacts, campaign.settings.visible_share),
    )


def _plan(scene: Scene, campaign: Campaign, plan: LevelPlan) -> list[dict[str, Any]]:
    """Name what the numbers stand for."""
    rows = plan_rows(scene.people, plan.contacts, scene.limits, scene.rules)
    names = ("offer_id", "product_id", "product")
    return [
        row
        | dict(zip(names, scene.offers[row["offer"]], strict=True))
        | {"campaign_id": campaign.name, "budget_level": plan.level}
        | {"channel": campaign.settings.channels[row["channel"]]}
        for row in rows
    ]


def _as_row(totals: LevelTotals) -> dict[str, Any]:
    return {name: getattr(totals, name) for name in LevelTotals.__slots__}


def _most_offered(scene: Scene, plan: LevelPlan) -> str | None:
    made: Sequence[int] = np.bincount(
        scene.people.offer[plan.contacts.treated], minlength=len(scene.offers)
    ).tolist()
    return scene.offers[int(np.argmax(made))][2] if any(made) else None
