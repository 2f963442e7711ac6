"""The same plan twice, for those contacted and for those held back, at every level of the budget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from nextbest.assignment.control import sized_share
from nextbest.decisions.campaigns.core.adding import Contacts
from nextbest.decisions.campaigns.core.allocating import NOBODY, Allocation, allocate
from nextbest.decisions.campaigns.spec import CampaignSettings, Limits

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LevelPlan:
    """A plan at one multiple of the budget."""

    level: float
    limits: Limits
    contacts: Contacts
    treated: Allocation


def control_share_of(
    values: Floats, probability: Floats, limits: Limits, settings: CampaignSettings
) -> float:
    """Give the share to hold back: as set, or as needed to see ``visible_share`` of the purchases caused.

    Counted on the plan as it would be if nobody were held back.
    """
    if settings.control_share is not None:
        return settings.control_share
    made = allocate(values, limits).choice >= 0
    if not made.any():
        return 0.0
    rate = float(probability[made].mean())
    return sized_share(rate, settings.visible_share, int(made.sum()), settings.most_control)


def level_plan(values: Floats, is_held: Flags, limits: Limits, level: float) -> LevelPlan:
    """Plan at a multiple of the budget; where there is none, of the number of contacts without one.

    The control group is chosen by the same rule, within the same limits in proportion to its size, so that it holds those
    who would have been contacted.
    """
    limits_here = _at_level(values[~is_held], limits, level)
    treated = allocate(values[~is_held], limits_here)
    n_treated = int((values[~is_held] > 0).any(axis=1).sum())
    n_held = int((values[is_held] > 0).any(axis=1).sum())
    held = allocate(values[is_held], limits_here.scaled(n_held / max(n_treated, 1)))
    choice = np.full(len(values), NOBODY)
    choice[~is_held] = treated.choice
    choice[is_held] = held.choice
    return LevelPlan(level, limits_here, Contacts(choice, is_held), treated)


def _at_level(values: Floats, limits: Limits, level: float) -> Limits:
    if limits.budget is not None:
        return replace(limits, budget=limits.budget * level)
    if level >= 1:
        return limits
    n = int((allocate(values, limits).choice >= 0).sum())
    return (
        Limits(tuple(1.0 for _ in limits.costs), limits.capacities, max(1.0, n * level // 1)) if n else limits
    )
