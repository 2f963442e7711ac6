"""A shop whose truth is known: who orders how often, what an order earns, and what a first purchase changes."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

START = date(2026, 1, 1)
N_DAYS = 300
HEADS = [f"h{number}" for number in range(8)]


@pytest.fixture
def make_shop():
    return shop


@pytest.fixture
def rules():
    return [rule(name) for name in HEADS]


def rule(head_id, **own):
    return {
        "rule_id": f"r-{head_id}",
        "level": "product",
        "body_ids": "bread",
        "head_id": head_id,
        "head": head_id.upper(),
        "sign": "+",
        "is_ordered": False,
        "is_redundant": False,
        "size_lift": 2.0,
        "size_q_value": 0.01,
        "origin": "mined",
        "margin_at_stake": 10.0,
    } | own


def shop(seed, *, n_customers=500, effect=0.0, growth=0.0):
    """Draw order lines: one line of bread an order, and each head bought once on a random order day.

    Every fourth customer comes later than the first day.

    ``effect`` is what each order earns more after the purchase of h0, ``growth`` what h0's buyers earn more with every ten
    days from the start.
    """
    rng = np.random.default_rng(seed)
    rate = rng.gamma(4.0, 0.04, n_customers).clip(0.03, 0.5)
    rows = []
    for number in range(n_customers):
        days = np.flatnonzero(rng.random(N_DAYS) < rate[number])
        days = days[days >= (0 if number % 4 else rng.integers(0, 200))]
        if not len(days):
            continue
        margin = rng.gamma(4.0, 1.5, len(days)) * rng.gamma(8.0, 0.125)
        first = {name: rng.choice(days) for name in HEADS if rng.random() < 0.5}
        if "h0" in first:
            margin = margin + growth * days / 10 + effect * (days > first["h0"])
        rows += [(number, day, "bread", earned) for day, earned in zip(days, margin, strict=True)]
        rows += [(number, day, name, 0.5) for name, day in first.items()]
    return pa.table(
        {
            "order_id": [f"o{number}-{day}" for number, day, _, _ in rows],
            "customer_id": [f"c{number:03}" for number, _, _, _ in rows],
            "product_id": [product for _, _, product, _ in rows],
            "ordered_on": pa.array([START + timedelta(days=int(day)) for _, day, _, _ in rows], pa.date32()),
            "quantity": [1.0] * len(rows),
            "net_revenue": pa.array([round(2 * earned, 4) for *_, earned in rows]).cast(
                pa.decimal128(18, 4), safe=False
            ),
        }
    )
