"""What a plan adds up to: per offer and channel, in all, and what its control group will show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nextbest.assignment.control import power_of_rates, smallest_share
from nextbest.decisions.campaigns.spec import SHARES, Limits, Rules
from nextbest.models.profit import contact_profit

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Ints: TypeAlias = NDArray[np.int64]

_WEAKEST_FIRST = ("assumed", "category_default", "given")


@dataclass(frozen=True, slots=True)
class People:
    """Customers and the one offer each may get; arrays of equal length, ordered by customer_id."""

    offer: Ints
    """Number of the offer."""
    probability: Floats
    earned: Floats
    """By one purchase; not a number where the margin is not known."""
    discount: Floats
    margin_source: Ints
    """Place in the sources, weakest first; -1: none."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """Who gets which channel, and who of them is held back."""

    choice: Ints
    """Column of the channel; -1: none."""
    is_held: Flags

    @property
    def treated(self) -> Flags:
        """Contacted."""
        made: Flags = (self.choice >= 0) & ~self.is_held
        return made

    @property
    def control(self) -> Flags:
        """Would have been contacted, and is held back."""
        held: Flags = (self.choice >= 0) & self.is_held
        return held


def source_places(sources: Sequence[str | None]) -> Ints:
    """Give margin sources their number, weakest first.

    Examples
    --------
    >>> source_places(["given", None, "assumed"]).tolist()
    [2, -1, 0]
    """
    places = {source: place for place, source in enumerate(_WEAKEST_FIRST)}
    return np.array([places.get(source or "", -1) for source in sources], np.int64)


def profit_of(people: People, cost: Floats | float, share: float = 1.0) -> Floats:
    """Give what each contact brings if it causes a share of the purchase."""
    brought: Floats = contact_profit(people.probability, people.earned, people.discount, cost, share)
    return brought


def money_of(people: People, rows: Flags, choice: Ints, limits: Limits, rules: Rules) -> dict[str, Any]:
    """Add up cost and profit of some contacts; profit is ``None`` without margins."""
    own = np.flatnonzero(rows)
    costs = np.asarray(limits.costs)[choice[own]]
    some = People(*(getattr(people, name)[own] for name in People.__slots__))
    known = rules.has_money and len(own) > 0

    def brought(share: float) -> float | None:
        return float(profit_of(some, costs, share).sum()) if known else None

    sources = some.margin_source[some.margin_source >= 0]
    return {
        "cost": float(costs.sum()),
        "expected_profit": brought(1.0),
        "incremental_profit": None if rules.share is None else brought(rules.share),
        **{f"incremental_profit_{round(share * 100):02}": brought(share) for share in SHARES},
        "margin_source": _WEAKEST_FIRST[int(sources.min())] if known and len(sources) else None,
    }


def plan_rows(people: People, contacts: Contacts, limits: Limits, rules: Rules) -> list[dict[str, Any]]:
    """Add up a plan by offer and channel: numbers of both, n, n_control, probability and the money."""
    made = contacts.choice >= 0
    rows = []
    for offer, channel in np.unique(np.column_stack([people.offer, contacts.choice])[made], axis=0):
        here = made & (people.offer == offer) & (contacts.choice == channel)
        treated = here & ~contacts.is_held
        n = int(treated.sum())
        rows.append(
            {
                "offer": int(offer),
                "channel": int(channel),
                "n": n,
                "n_control": int(here.sum()) - n,
                "probability": float(people.probability[treated].mean()) if n else None,
                **money_of(people, treated, contacts.choice, limits, rules),
            }
        )
    return rows


def seen_by(people: People, contacts: Contacts, visible_share: float) -> dict[str, Any]:
    """Say what the control group will show: purchase_rate, power and smallest_share."""
    n, n_control = int(contacts.treated.sum()), int(contacts.control.sum())
    if not n:
        return {"purchase_rate": None, "power": None, "smallest_share": None}
    rate = float(people.probability[contacts.treated].mean())
    return {
        "purchase_rate": rate,
        "power": power_of_rates(rate, rate * (1 - visible_share), n, n_control) if n_control else None,
        "smallest_share": smallest_share(rate, n, n_control),
    }
