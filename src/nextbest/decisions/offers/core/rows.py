"""Candidates as arrays: one row per customer and product, as guardrails and ranking see them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Candidates; shape (rows,) each. One request of one customer is the same, only shorter."""

    customer: Ints
    """Code of the customer."""
    product: Ints
    """Code of the product; decides ties, so codes follow the order of the ids."""
    category: Ints
    """Code of the product's category, -1 where it has none."""
    name: Ints
    """Code of the product's line: its name without size, colour and pack."""
    source: Ints
    """Place in ``SOURCES``."""
    kind: Ints
    """Place in the sorted kinds."""
    place: Ints
    """Place in the source's own order, 1 first."""
    probability: Floats
    """Buys within the horizon, 0-1; NaN: not known."""
    margin: Floats
    """Per order with the product, in the shop's currency; NaN: not known."""
    own_orders: Floats
    """Orders of the customer with the product."""
    own_days: Floats
    """Days since the customer last bought it; NaN: never, or not known when."""
    gap_days: Floats
    """Usual days from one purchase of it to the next; NaN: not known."""
    is_replenishable: Bools
    """Is bought again when used up."""
    n_alike: Floats
    """Other products of the same name that the customer has."""
    is_active: Bools
    is_never: Bools
    """On the list of what is never proposed, or without a name."""
    is_fading: Bools
    """Hardly bought any more."""
    again_ratio: Floats
    """Share of the product's customers who buy it again, over that of the shop's products; NaN: not known."""
    on_hand: Floats
    """Units in stock; NaN: not counted."""
    product_risk: Floats
    """1 to 5; NaN: not known."""
    customer_risk: Floats
    """Highest risk the customer may take; NaN: not assessed."""
    is_rejected: Bools
    """A person rejected the rule."""
    is_losing: Bools
    """Customers' profit fell after first purchases of the rule's head."""

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, rows: NDArray[np.int64] | Bools) -> Rows:
        """Pick rows."""
        return Rows(*(getattr(self, field.name)[rows] for field in fields(self)))
