"""What a simple model of purchase knows of a customer and a candidate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextbest.decisions.offers.core.rows import Floats, Ints
from nextbest.decisions.offers.spec import SOURCES


@dataclass(frozen=True, slots=True)
class Known:
    """Shape (rows,) each."""

    source: Ints
    """Place in ``SOURCES``."""
    n_recent: Floats
    """Known customers who bought the product of late."""
    n_products: Floats
    """Products the customer has had."""
    n_recent_products: Floats
    """Of these, bought of late."""
    silence_days: Floats
    """Days since the customer bought anything."""
    category_orders: Floats
    """Products times orders of the customer in the product's category."""
    strength: Floats
    """size_lift of a rule, share that steps up a ladder; NaN: not known."""


def described(known: Known) -> NDArray[np.float32]:
    """Put the features of each row side by side, shape (rows, features).

    A rule's confidence is none of them; what its ``size_lift`` is worth is learnt from what customers bought.
    """
    is_rule = known.source == SOURCES.index("rule")
    is_upgrade = known.source == SOURCES.index("upgrade")
    strength = np.where(np.isnan(known.strength), 1.0, np.maximum(known.strength, 1e-3))
    habit = np.log1p(known.category_orders)
    columns = (
        np.log1p(known.n_recent),
        np.log1p(known.n_products),
        np.log1p(known.n_recent_products),
        np.log1p(np.maximum(known.silence_days, 0)),
        habit,
        habit * np.log1p(known.n_recent),
        is_rule,
        np.where(is_rule, np.log(strength), 0.0),
        is_upgrade,
        np.where(is_upgrade, np.minimum(strength, 1.0), 0.0),
        known.source == SOURCES.index("new_arrival"),
    )
    return np.stack([np.asarray(column, dtype=np.float32) for column in columns], axis=1)
