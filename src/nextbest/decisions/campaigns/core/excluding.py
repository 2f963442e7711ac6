"""Who may be contacted on which channel, and what is the first thing that forbids it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nextbest.decisions.campaigns.spec import REASONS

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

IN: Final = -1
"""Nothing forbids it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the customers; flags per customer, or (n_customers, n_channels)."""

    in_where: Flags
    is_young: Flags
    is_tagged: Flags
    is_lately: Flags
    is_reached: Flags
    """There is a contact, per channel."""
    is_granted: Flags
    """Consent was given, or none is needed, per channel."""
    is_denied: Flags
    """Consent was refused or taken back, per channel."""

    @property
    def may(self) -> Flags:
        """Per channel: nothing forbids a contact."""
        allowed = self.in_where & ~self.is_young & ~self.is_tagged & ~self.is_lately
        open_channels: Flags = allowed[:, None] & self.is_reached & self.is_granted
        return open_channels


def values_of(worth: Floats, costs: Sequence[float], may: Flags, *, has_money: bool) -> Floats:
    """Give what a contact on each channel is worth, (n_customers, n_channels); minus infinity where there may be none.

    Parameters
    ----------
    worth
        Of a contact that costs nothing; not a number where it is not known.

    Examples
    --------
    >>> values_of(np.array([2.0, np.nan]), [0.5], np.array([[True], [True]]), has_money=True).tolist()
    [[1.5], [-inf]]
    """
    net = worth[:, None] - (np.asarray(costs) if has_money else np.zeros(len(costs)))
    return np.where(may & ~np.isnan(net), net, -np.inf)


def first_reason(facts: Facts, values: Floats) -> NDArray[np.int64]:
    """Give, per customer, the place in ``REASONS`` of the first thing that forbids a contact; -1: nothing.

    ``not_worth_it`` is the last that is asked here; who is ``beyond_limits`` is known when the plan is made.
    """
    reached = facts.is_reached.any(axis=1)
    granted = (facts.is_reached & facts.is_granted).any(axis=1)
    denied = (facts.is_reached & facts.is_denied).any(axis=1)
    known = values.max(axis=1, initial=-np.inf)
    asked = {
        "where": ~facts.in_where,
        "under_age": facts.is_young,
        "do_not_disturb": facts.is_tagged,
        "contacted_lately": facts.is_lately,
        "no_contact": ~reached,
        "consent_denied": ~granted & denied,
        "consent_unknown": ~granted,
        "no_worth": np.isneginf(known),
        "not_worth_it": known <= 0,
    }
    reason = np.full(len(values), IN)
    for name, holds in reversed(asked.items()):
        reason[holds] = REASONS.index(name)
    return reason
