"""What comes next after what: counted by hand, against shuffled days, seasons and planted orders."""

import numpy as np
import pytest

from nextbest.models.rules import Plan, Source, mine_later
from nextbest.models.rules.core.source import NO_DAY, Written

DAYS_IN_YEAR = 365


def source_of(rows):
    """Build baskets from rows (customer, day, product); a customer's day is a basket."""
    visits = sorted({(customer, day) for customer, day, _ in rows})
    number = {visit: at for at, visit in enumerate(visits)}
    pairs = sorted({(number[customer, day], product) for customer, day, product in rows})
    basket, product = (np.array(side, dtype=np.int32) for side in zip(*pairs, strict=True))
    customers, days = (np.array(side, dtype=np.int32) for side in zip(*visits, strict=True))
    return Source(basket, product, len(visits), customers, days)


def found_by(rows, **plan):
    found = mine_later(source_of(rows), Plan(**({"floor": 1} | plan)))
    keys = [(int(body), int(head)) for (body,), head in zip(found.bodies, found.heads, strict=True)]
    return {key: {name: column[at] for name, column in found.columns.items()} for at, key in enumerate(keys)}


def test_first_days_in_order_and_within_the_window_are_counted():
    rows = [
        ("ann", 0, 7), ("ann", 10, 8),  # after 10 days
        ("bob", 0, 7), ("bob", 20, 8), ("bob", 30, 8),  # after 20: the first counts
        ("cat", 5, 7), ("cat", 5, 8),  # the same day
        ("dan", 0, 7), ("dan", 99, 8),  # too late
        ("eve", 3, 8), ("eve", 4, 7),  # the other way round
    ]  # fmt: skip
    names = {name: at for at, name in enumerate(["ann", "bob", "cat", "dan", "eve"])}
    found = found_by([(names[who], day, product) for who, day, product in rows], within_days=91)
    assert set(found) == {(7, 8), (8, 7)}
    rule = found[7, 8]
    assert (rule["n_orders"], rule["n_body"], rule["n_head"], rule["n_both"]) == (5, 5, 5, 2)
    assert (rule["days_between_low"], rule["days_between"], rule["days_between_high"]) == (12.5, 15, 17.5)
    assert rule["n_audience"] == 0
    assert found[8, 7]["n_both"] == 1


def test_baskets_without_customer_or_day_are_not_seen():
    rows = [(0, 0, 7), (0, 10, 8), (1, 0, 7), (1, 10, 8)]
    source = source_of(rows)
    source.days[3] = NO_DAY
    assert mine_later(source, Plan(1)).columns["n_both"].tolist() == [1]
    source.customers[:] = -1
    assert mine_later(source, Plan(1)) is None


def test_a_written_order_is_measured_below_the_floor():
    found = found_by(
        [(0, 0, 7), (0, 10, 8), (1, 0, 8)], floor=5, written=(Written((7,), 8, is_ordered=True),)
    )
    assert found[7, 8]["n_both"] == 1
    assert np.isnan(found[7, 8]["q_value"])


def test_frequency_alone_does_not_make_an_order():
    """A product bought on every visit comes before one bought once, in half of all shuffled orders and more."""
    rng = np.random.default_rng(0)
    rows = []
    for customer in range(300):
        days = np.sort(rng.choice(DAYS_IN_YEAR, 10, replace=False))
        rows += [(customer, int(day), 0) for day in days]
        rows.append((customer, int(rng.choice(days)), 1))
    rule = found_by(rows, within_days=400)[0, 1]
    assert rule["size_lift"] == pytest.approx(1, abs=0.05)
    assert rule["size_p_value"] > 0.05


def test_shuffled_days_hold_about_no_order():
    rng = np.random.default_rng(1)
    rows = shop(rng)
    found = found_by(shuffled(rows, rng), floor=10)
    assert len(found) > 200
    assert sum(rule["size_q_value"] < 0.05 for rule in found.values()) <= 1
    assert sum(rule["size_p_value"] < 0.05 for rule in found.values()) < 0.08 * len(found)


def test_a_season_does_not_make_an_order():
    """Eggs in spring, candles in winter: everybody buys them in that order, whatever they bought before."""
    rng = np.random.default_rng(2)
    rows = shop(rng)
    for customer in range(400):
        rows.append((customer, int(rng.integers(80, 110)), 100))
        rows.append((customer, int(rng.integers(140, 170)), 101))
    found = found_by(rows, floor=10)
    assert found[100, 101]["size_q_value"] > 0.05
    assert not any(rule["size_q_value"] < 0.05 for rule in found.values())


def test_a_planted_order_is_found():
    rng = np.random.default_rng(3)
    rows = shop(rng)
    for customer in range(0, 400, 2):
        start = int(rng.integers(0, DAYS_IN_YEAR - 60))
        rows += [(customer, start, 100), (customer, start + int(rng.integers(20, 40)), 101)]
    found = found_by(rows, floor=10)
    sure = {key for key, rule in found.items() if rule["size_q_value"] < 0.05}
    assert sure == {(100, 101)}
    assert 20 <= found[100, 101]["days_between"] <= 40


def shop(rng):
    """Invent 400 customers with their own habits: 5 to 30 visits a year, 30 products of very different frequency."""
    weights = 1 / np.arange(1, 31)
    rows = []
    for customer in range(400):
        days = rng.choice(DAYS_IN_YEAR, int(rng.integers(5, 30)), replace=False)
        habits = weights * rng.gamma(1, 1, 30)
        for day in days:
            bought = rng.choice(30, int(rng.integers(1, 6)), replace=False, p=habits / habits.sum())
            rows += [(customer, int(day), int(product)) for product in bought]
    return rows


def shuffled(rows, rng):
    """Give each customer's baskets the customer's days in another order."""
    days = {}
    for customer, day, _ in rows:
        days.setdefault(customer, set()).add(day)
    new = {}
    for customer, own in days.items():
        for day, other in zip(sorted(own), rng.permutation(sorted(own)), strict=True):
            new[customer, day] = int(other)
    return [(customer, new[customer, day], product) for customer, day, product in rows]
