import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from nextbest.decisions.campaigns.core.allocating import NOBODY, allocate
from nextbest.decisions.campaigns.spec import Limits


def oracle(values, limits):
    """Let HiGHS solve the whole plan, written down in the plainest way."""
    n, k = values.shape
    costs = np.tile(np.asarray(limits.costs), n)
    constraints = [LinearConstraint(np.kron(np.eye(n), np.ones(k)), ub=1)]
    for channel, room in enumerate(limits.capacities):
        if room is not None:
            constraints.append(LinearConstraint(np.tile(np.eye(k)[channel], n), ub=room))
    if limits.budget is not None:
        constraints.append(LinearConstraint(costs, ub=limits.budget))
    flat = np.where(np.isfinite(values), values, 0).ravel()
    top = np.where(np.isfinite(values), 1, 0).ravel()
    found = milp(
        -flat,
        constraints=constraints,
        integrality=np.ones(n * k),
        bounds=Bounds(0, top),
        options={"mip_rel_gap": 0},
    )
    return -found.fun


@st.composite
def plans(draw):
    n, k = draw(st.integers(1, 12)), draw(st.integers(1, 3))
    worth = st.one_of(st.floats(-5, 20), st.sampled_from([1.0, 2.0, -np.inf]))
    values = np.array(draw(st.lists(worth, min_size=n * k, max_size=n * k))).reshape(n, k)
    costs = tuple(draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.7]), min_size=k, max_size=k)))
    rooms = tuple(draw(st.lists(st.one_of(st.none(), st.integers(0, n)), min_size=k, max_size=k)))
    return values, Limits(costs, rooms, draw(st.one_of(st.none(), st.floats(0.1, 12))))


def check_within(values, limits, plan):
    made = plan.choice >= 0
    counts = np.bincount(plan.choice[made], minlength=values.shape[1])
    assert all(room is None or count <= room for room, count in zip(limits.capacities, counts, strict=True))
    assert limits.budget is None or counts @ np.asarray(limits.costs) <= limits.budget * (1 + 1e-9)
    assert np.all(values[np.flatnonzero(made), plan.choice[made]] > 0)


@given(plans())
def test_small_plans_are_worth_what_highs_finds(drawn):
    values, limits = drawn
    plan = allocate(values, limits)
    check_within(values, limits, plan)
    best = oracle(values, limits)
    assert plan.value == pytest.approx(best, abs=1e-6)
    assert plan.bound >= best - 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_larger_plans_keep_within_their_stated_gap(seed):
    rng = np.random.default_rng(seed)
    probability = rng.beta(1, 20, 3000)
    costs = (0.0, 0.05, 3.0)
    values = np.round(probability[:, None] * 50 * [0.6, 0.8, 1.0], rng.integers(0, 4)) - costs
    values[rng.random(values.shape) < 0.2] = -np.inf
    limits = Limits(costs, (500, 900, None), 700.0)
    plan = allocate(values, limits)
    check_within(values, limits, plan)
    assert plan.value + plan.gap >= oracle(values, limits) - 1e-6
    assert plan.gap <= 1e-3 * plan.value


def test_equal_customers_fill_the_room_the_first_come_first():
    plan = allocate(np.ones((2000, 1)), Limits((1.0,), (None,), 700.0))
    assert (plan.choice == 0).sum() == 700
    assert plan.gap == pytest.approx(0, abs=1e-6)


def test_without_limits_everybody_worth_something_gets_the_best_channel():
    plan = allocate(np.array([[1.0, 2.0], [-1.0, -np.inf], [0.5, 0.5]]), Limits((0.0, 9.0), (None, None)))
    assert plan.choice.tolist() == [1, NOBODY, 0]
    assert plan.gap == 0


def test_nobody_and_nothing_are_a_plan_too():
    assert allocate(np.empty((0, 2)), Limits((0.0, 0.0), (1, None), 5.0)).value == 0
    assert allocate(np.full((3, 1), -1.0), Limits((0.0,), (1,), 5.0)).choice.tolist() == [NOBODY] * 3


def test_a_budget_tells_what_more_of_it_would_bring():
    plan = allocate(np.array([[5.0], [3.0], [2.0]]), Limits((1.0,), (None,), 1.5))
    assert plan.value == 5
    assert plan.budget_price == pytest.approx(3)


def test_who_does_not_care_about_the_channel_leaves_the_room_to_who_has_no_other():
    rng = np.random.default_rng(0)
    worth = rng.gamma(2, 2, 5000)
    values = worth[:, None] - [0.002, 0.05, 3.0]
    values[rng.random(5000) < 0.2, 1:] = -np.inf
    limits = Limits((0.002, 0.05, 3.0), (1500, 500, 25), 100.0)
    plan = allocate(values, limits)
    check_within(values, limits, plan)
    assert plan.gap <= 1e-4 * plan.value


@pytest.mark.parametrize("digits", [0, 1, 2])
def test_many_equal_values_are_no_trouble(digits):
    rng = np.random.default_rng(1)
    values = np.round(rng.gamma(2, 2, 4000)[:, None] * [0.6, 0.8, 1.0], digits) - [0.002, 0.05, 3.0]
    values[rng.random(values.shape) < 0.2] = -np.inf
    limits = Limits((0.002, 0.05, 3.0), (1200, 400, 20), 80.0)
    plan = allocate(values, limits)
    check_within(values, limits, plan)
    assert plan.gap <= 3e-3 * plan.value
