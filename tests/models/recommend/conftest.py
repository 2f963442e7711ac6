"""A store that also knows the tables of this room, and shops typed in a line."""

from datetime import date, timedelta

import numpy as np
import pytest

from nextbest.models.recommend.core.orders import Orders


@pytest.fixture
def shop(make_store):
    return make_store


@pytest.fixture
def orders_of():
    """Turn (customer, day, products) into coded orders; a customer of -1 is a guest, a day of None is unknown."""

    def make(rows, n_customers=None, n_products=None):
        rows = sorted(rows, key=lambda row: (row[0], row[1]))
        is_dated = all(row[1] is not None for row in rows)
        lines = [(at, product) for at, row in enumerate(rows) for product in sorted(set(row[2]))]
        customers = np.array([row[0] for row in rows], np.int32)
        products = np.array([product for _, product in lines], np.int32)
        return Orders(
            customers,
            np.array([row[1] for row in rows], np.int32) if is_dated else None,
            np.array([at for at, _ in lines], np.int32),
            products,
            n_customers or int(customers.max(initial=-1)) + 1,
            n_products or int(products.max(initial=-1)) + 1,
        )

    return make


FIRST = date(2026, 1, 5)


@pytest.fixture
def lived():
    """Make a year of a shop whose customers have habits: rows of order_lines, the same for the same seed."""

    def make(n_customers=60, n_weeks=26, seed=0):
        rng = np.random.default_rng(seed)
        taste = rng.integers(0, 3, n_customers)
        rows = []
        for customer in range(n_customers):
            usual = rng.choice(6, 2, replace=False) + 10 * taste[customer]
            for week in range(n_weeks):
                if rng.random() < 0.5:
                    continue
                other = rng.choice(10, 2) + 10 * taste[customer]
                basket = {*usual[rng.random(2) < 0.7], *other.tolist(), int(rng.integers(0, 30))}
                day = FIRST + timedelta(days=7 * week + customer % 7)
                rows += [
                    {
                        "line_id": f"{customer}-{week}-{product}",
                        "order_id": f"o{customer:03}-{week:02}",
                        "customer_id": f"c{customer:03}",
                        "product_id": f"p{product:02}",
                        "ordered_at": f"{day}T10:00:00",
                    }
                    for product in sorted(basket)
                ]
        return rows

    return make
