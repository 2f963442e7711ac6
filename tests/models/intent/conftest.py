"""A made-up shop whose visitors order with a known probability."""

from datetime import datetime, timedelta

import numpy as np
import pytest

START = datetime(2026, 1, 1)  # noqa: DTZ001


def simulated(n_visitors=600, seed=0):
    """Give rows of events.

    A visitor looks at products; each view is followed by putting one into the cart (chance 0.3). When the visit ends, it ends in an
    order with a chance that depends on the cart and on whether the visitor came back to a product.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n_visitors):
        at = START + timedelta(seconds=int(rng.integers(0, 60 * 86_400)))
        n_cart, seen, returns, own = 0, set(), 0, []
        for step in range(1 + int(rng.geometric(0.3))):
            at += timedelta(seconds=int(rng.integers(5, 120)))
            product = f"p{rng.integers(0, 6)}"
            returns += product in seen
            seen.add(product)
            is_add = step > 0 and rng.random() < 0.3
            n_cart += is_add
            own.append(
                {
                    "event_id": f"e{number}-{step}",
                    "anonymous_id": f"a{number}",
                    "type": "Product Added" if is_add else "Product Viewed",
                    "occurred_at": at,
                    "product_id": product,
                }
            )
        chance = 1 / (1 + np.exp(-(-3.0 + 1.8 * min(n_cart, 2) + 1.2 * min(returns, 2))))
        if rng.random() < chance:
            own.append(
                {
                    "event_id": f"o{number}",
                    "anonymous_id": f"a{number}",
                    "type": "Order Completed",
                    "occurred_at": at + timedelta(seconds=30),
                }
            )
        rows += own
    return rows


@pytest.fixture
def events():
    return simulated
