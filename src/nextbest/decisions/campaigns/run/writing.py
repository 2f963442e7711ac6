"""The tables of a campaign: its audience with decisions and coupons, who is left out, its profit curve."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa

from nextbest.base.contract import Table
from nextbest.decisions.campaigns.core.adding import profit_of
from nextbest.decisions.campaigns.core.allocating import NOBODY
from nextbest.decisions.campaigns.core.excluding import IN
from nextbest.decisions.campaigns.core.planning import LevelPlan
from nextbest.decisions.campaigns.run.reading import Scene
from nextbest.decisions.campaigns.spec import CAMPAIGN_AUDIENCE, REASONS, CampaignSettings
from nextbest.models.profit import Purchases, best_depth, break_even_share, profit_curve

_ARROW: Final = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
}
_WEAKEST_FIRST: Final = ("assumed", "category_default", "given")


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign of the settings."""

    name: str
    settings: CampaignSettings
    starts_on: date | None
    seed: int

    @property
    def seed_text(self) -> str:
        """What the control group is drawn by, beside the customer's id."""
        return f"{self.name}:{self.seed}:"

    def decision_id(self, customer_id: str, offer_id: str) -> str:
        """Name one decision: the same in every run for the same campaign, first day, customer and offer."""
        what = "\n".join((self.name, str(self.starts_on or ""), customer_id, offer_id))
        return hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def table_of(contract: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Write rows as a contract has them; what a row does not name is null."""
    return pa.table(
        {
            column.name: pa.array([row.get(column.name) for row in rows], _ARROW[column.kind])
            for column in contract
        }
    )


def audience(scene: Scene, campaign: Campaign, plan: LevelPlan, values: Any, share: float) -> pa.Table:
    """List everybody of the plan, those held back too, most worth first."""
    own = np.flatnonzero(plan.contacts.choice != NOBODY)
    choice = plan.contacts.choice[own]
    own = own[np.lexsort((own, -values[own, choice]))]
    choice, held = plan.contacts.choice[own], plan.contacts.is_held[own]
    rows = scene.rows.take(pa.array(own))
    customers, offers = rows["customer_id"].to_pylist(), rows["offer_id"].to_pylist()
    decisions = [campaign.decision_id(*pair) for pair in zip(customers, offers, strict=True)]
    columns: dict[str, Any] = {name: rows[name] for name in rows.column_names if name in CAMPAIGN_AUDIENCE}
    columns |= _worth(scene, campaign, own, choice) | {
        "campaign_id": [campaign.name] * len(own),
        "rank": np.arange(1, len(own) + 1),
        "channel": [campaign.settings.channels[place] for place in choice],
        "group": np.where(held, "control", "treatment"),
        "assignment_probability": np.where(held, share, 1 - share),
        "decision_id": decisions,
        "coupon_code": _coupons(campaign.settings.coupon, decisions, offers, customers, held),
        "consent": [_consent(scene, campaign.settings.channels[place]) for place in choice],
    }
    return pa.table(
        {column.name: _array(columns[column.name], _ARROW[column.kind]) for column in CAMPAIGN_AUDIENCE}
    )


def _worth(scene: Scene, campaign: Campaign, own: Any, choice: Any) -> dict[str, Any]:
    costs = np.asarray(scene.limits.costs)
    cost = np.zeros(len(scene.people.offer))
    cost[own] = costs[choice]
    share = campaign.settings.incremental_share
    unknown = np.full(len(own), np.nan)
    return {
        "expected_profit": profit_of(scene.people, cost)[own] if scene.rules.has_money else unknown,
        "incremental_profit": profit_of(scene.people, cost, share)[own]
        if scene.rules.has_money and share is not None
        else unknown,
    }


def _array(values: Any, kind: pa.DataType) -> Any:
    """Turn a column into Arrow; not a number is null."""
    if isinstance(values, pa.ChunkedArray):
        return values.cast(kind)
    return pa.array(values, kind, from_pandas=True)


def _coupons(
    pattern: str | None, decisions: Sequence[str], offers: Sequence[str], customers: Sequence[str], held: Any
) -> list[str | None]:
    """Write one code per customer contacted."""
    if pattern is None:
        return [None] * len(decisions)
    return [
        None if is_held else pattern.format(decision_id=decision, offer_id=offer, customer_id=customer)
        for decision, offer, customer, is_held in zip(decisions, offers, customers, held, strict=True)
    ]


def _consent(scene: Scene, channel: str) -> str:
    if channel == "onsite":
        return "not_needed"
    return "granted" if scene.has_consents else "assumed"


def exclusions(reason: Any, plan: LevelPlan) -> list[tuple[str, int]]:
    """Count who has an offer and is not in the audience, by the first reason."""
    beyond = REASONS.index("beyond_limits")
    final = np.where((reason == IN) & (plan.contacts.choice == NOBODY), beyond, reason)
    counts = np.bincount(final[final != IN], minlength=len(REASONS))
    return [(name, int(count)) for name, count in zip(REASONS, counts, strict=True) if count]


def curve(scene: Scene, campaign: Campaign, values: Any) -> list[dict[str, Any]]:
    """Draw the profit of the whole list that may be contacted, by depth, before budget and capacities."""
    listed = np.flatnonzero(np.isfinite(values).any(axis=1))
    if not scene.rules.has_money or not len(listed):
        return []
    best = values[listed].argmax(axis=1)
    order = np.lexsort((listed, -values[listed, best]))
    purchases = _purchases(scene, listed[order], best[order])
    sources = scene.people.margin_source[listed]
    weakest = _WEAKEST_FIRST[int(sources[sources >= 0].min())] if (sources >= 0).any() else None
    is_tested = scene.rules.share is not None
    rows = []
    for share in scene.rules.shares:
        best_n = best_depth(purchases, share) if is_tested else 0
        rows += [
            {
                **asdict(point),
                "campaign_id": campaign.name,
                "incremental_share": share,
                "is_tested": is_tested,
                "is_best": point.n == best_n if is_tested else None,
                "margin_source": weakest,
            }
            for point in profit_curve(purchases, share, best_n)
        ]
    return rows


def break_even(scene: Scene, plan: LevelPlan) -> float | None:
    """Give the share of the purchases that the plan's contacts must cause to pay for themselves."""
    own = np.flatnonzero(plan.contacts.treated)
    if not scene.rules.has_money or not len(own):
        return None
    return break_even_share(_purchases(scene, own, plan.contacts.choice[own]))


def _purchases(scene: Scene, own: Any, choice: Any) -> Purchases:
    people = scene.people
    costs = np.asarray(scene.limits.costs)[choice]
    return Purchases(people.probability[own], people.earned[own], people.discount[own], costs)
