"""Which customers get which channel, so that the plan is worth most within budget and capacities?

One customer gets at most one channel, contacts cost what their channel costs: a knapsack with few limits. Lagrangian
relaxation [1]_ puts a price on each limit; at given prices every customer decides alone, and the sum is an upper bound
of every plan. Prices are found by cutting planes [2]_; a plan within the limits is made of them greedily, and the few
hundred customers for whom the prices leave it open are decided exactly by HiGHS. What the bound and the plan's value
differ by is stated.

References
----------
.. [1] Fisher (1981), *The Lagrangian relaxation method for solving integer programming problems*, Management Science 27.
.. [2] Kelley (1960), *The cutting-plane method for solving convex programs*, J. SIAM 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array, vstack

from nextbest.decisions.campaigns.spec import Limits

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

NOBODY: Final = -1
_CLOSE: Final = 1e-9
_CLOSE_TO_TIE: Final = 1e-6
"""Share of the largest value under which two choices are alike."""
_MOST_CUTS: Final = 200
_OPEN: Final = 300
"""Customers whom the prices leave open and HiGHS decides."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """A plan."""

    choice: Ints
    """Column of the channel per customer; -1: no contact."""
    value: float
    bound: float
    """No plan within the limits is worth more."""
    budget_price: float | None
    """What one more unit of budget would bring; ``None`` without budget."""

    @property
    def gap(self) -> float:
        """How much better any plan could be, at most."""
        return max(self.bound - self.value, 0.0)


def allocate(values: Floats, limits: Limits) -> Allocation:
    """Choose at most one channel per customer.

    Parameters
    ----------
    values
        What a contact is worth, (n_customers, n_channels); minus infinity where there may be none. Only contacts worth
        more than nothing are made.
    limits
        What may be spent.

    Examples
    --------
    >>> values = np.array([[5.0, 6.0], [4.0, 1.0], [3.0, 2.5]])
    >>> plan = allocate(values, Limits(costs=(0.0, 1.0), capacities=(1, None), budget=2.0))
    >>> plan.choice.tolist(), plan.value, plan.gap
    ([1, 0, 1], 12.5, 0.0)
    """
    rows = np.flatnonzero((values > 0).any(axis=1))
    worth = values[rows]
    market = _Market(worth, limits)
    prices = _prices(market)
    filled = _fill(worth, market.of_channels(prices.best), limits)
    chosen = _decide_open(worth, market.of_channels(prices.best), filled, limits)
    choice = np.full(len(values), NOBODY)
    choice[rows] = chosen
    value = _value(worth, chosen)
    budget_price = float(prices.best[0]) if limits.budget is not None else None
    return Allocation(choice, value, max(prices.bound, value), budget_price)


class _Market:
    """The customers, each of whom decides alone once the limits have prices."""

    def __init__(self, worth: Floats, limits: Limits) -> None:
        self._worth = worth
        costs = np.asarray(limits.costs, np.float64)
        capped = [place for place, room in enumerate(limits.capacities) if room is not None]
        rows = [] if limits.budget is None else [costs]
        self.use = np.array([*rows, *np.eye(len(costs))[capped]]).reshape(-1, len(costs))
        """How much of each limit one contact on each channel uses."""
        rooms = [float(room) for room in limits.capacities if room is not None]
        self.room = np.array([*([] if limits.budget is None else [limits.budget]), *rooms])
        dearest = float(worth.max(initial=0.0))
        cheapest = costs[costs > 0].min(initial=np.inf)
        self.most = np.full(len(self.room), dearest)
        if limits.budget is not None:
            self.most[0] = dearest / cheapest

    def of_channels(self, prices: Floats) -> Floats:
        """Give the price of a contact on each channel."""
        channel_prices: Floats = prices @ self.use
        return channel_prices

    def asked(self, prices: Floats) -> tuple[float, Floats]:
        """Give the dual's value and slope at these prices: what is left of each limit when everybody has chosen."""
        reduced = self._worth - self.of_channels(prices)
        best = reduced.argmax(axis=1)
        top = np.take_along_axis(reduced, best[:, None], axis=1)[:, 0]
        wanted = np.bincount(best[top > 0], minlength=self._worth.shape[1])
        return float(np.maximum(top, 0.0).sum() + prices @ self.room), self.room - self.use @ wanted


@dataclass(frozen=True, slots=True)
class _Prices:
    best: Floats
    bound: float


def _prices(market: _Market) -> _Prices:
    """Find the prices at which the dual is least, by cutting planes."""
    prices = np.zeros(len(market.room))
    best = _Prices(prices, np.inf)
    cuts: list[Floats] = []
    for _ in range(_MOST_CUTS):
        value, slope = market.asked(prices)
        if value < best.bound:
            best = _Prices(prices, value)
        if not len(prices) or (not (slope < 0).any() and not prices.any()):
            break
        cuts.append(np.array([*slope, -1.0, slope @ prices - value]))
        lowest, prices = _lowest(np.array(cuts), market.most)
        if best.bound - lowest <= _CLOSE * max(1.0, abs(best.bound)):
            break
    return best


def _lowest(cuts: Floats, most: Floats) -> tuple[float, Floats]:
    """Find where the planes through what is known so far are lowest."""
    bounds = [(0.0, float(top)) for top in most] + [(0.0, None)]
    target = np.append(np.zeros(len(most)), 1.0)
    found = linprog(target, A_ub=cuts[:, :-1], b_ub=cuts[:, -1], bounds=bounds, method="highs")
    return float(found.fun), np.asarray(found.x[:-1])


def _fill(worth: Floats, prices: Floats, limits: Limits) -> Ints:
    """Admit customers to the channel they want most until nothing more fits.

    First come those who would lose most by getting their second best, or nothing: at the right prices many do not care
    which of two channels they get, and must leave the room to those who have no other.
    """
    costs = np.asarray(limits.costs)
    rooms = np.array([np.inf if room is None else room for room in limits.capacities])
    money = np.inf if limits.budget is None else limits.budget * (1 + _CLOSE)
    choice = np.full(len(worth), NOBODY)
    left = np.arange(len(worth))
    while len(left):
        open_channels = (rooms > 0) & (costs <= money)
        reduced = np.where(open_channels & (worth[left] > 0), worth[left] - prices, -np.inf)
        want = reduced.argmax(axis=1)
        top = np.take_along_axis(reduced, want[:, None], axis=1)[:, 0]
        np.put_along_axis(reduced, want[:, None], 0.0, axis=1)
        regret = _rounded(top - reduced.max(axis=1).clip(min=0.0), _CLOSE_TO_TIE * float(worth.max()))
        order = np.lexsort((left, -top, -regret))[: np.count_nonzero(np.isfinite(top))]
        n_fit = _fitting(want[order], costs, rooms, money)
        admitted = order[:n_fit]
        choice[left[admitted]] = want[admitted]
        rooms = rooms - np.bincount(want[admitted], minlength=len(costs))
        money -= float(costs[want[admitted]].sum())
        left = np.sort(left[order[n_fit:]])
    return choice


def _rounded(numbers: Floats, least: float) -> Floats:
    """Take what is smaller than the prices are exact for nothing."""
    return np.where(np.abs(numbers) < least, 0.0, numbers)


def _fitting(want: Ints, costs: Floats, rooms: Floats, money: float) -> int:
    """Count how many of a queue fit before the first who does not."""
    n_fit = int(np.searchsorted(np.cumsum(costs[want]), money, side="right"))
    for channel, room in enumerate(rooms):
        queue = np.flatnonzero(want == channel)
        if len(queue) > room:
            n_fit = min(n_fit, int(queue[int(room)]))
    return n_fit


def _decide_open(worth: Floats, prices: Floats, choice: Ints, limits: Limits) -> Ints:
    """Decide exactly those for whom the best and the second best are closest at these prices; the others stay."""
    if limits.budget is None and all(room is None for room in limits.capacities):
        return choice
    outside = np.column_stack([worth - prices, np.zeros(len(worth))])
    ranked = np.sort(outside, axis=1)
    undecided = np.sort(np.argsort(ranked[:, -1] - ranked[:, -2], kind="stable")[:_OPEN])
    decided = np.setdiff1d(np.arange(len(worth)), undecided, assume_unique=True)
    spent = np.bincount(choice[decided][choice[decided] >= 0], minlength=worth.shape[1])
    better = choice.copy()
    better[undecided] = _exactly(worth[undecided], _remaining(limits, spent))
    fits = _fits(better, limits)
    return better if fits and _value(worth, better) > _value(worth, choice) else choice


def _remaining(limits: Limits, spent: Ints) -> Limits:
    return Limits(
        limits.costs,
        tuple(
            None if room is None else room - int(used)
            for room, used in zip(limits.capacities, spent, strict=True)
        ),
        None if limits.budget is None else limits.budget - float(np.asarray(limits.costs) @ spent),
    )


def _exactly(worth: Floats, limits: Limits) -> Ints:
    """Solve a small plan as a 0-1 programme."""
    customer, channel = np.nonzero(worth > 0)
    n = len(customer)
    if not n:
        return np.full(len(worth), NOBODY)
    ones, own = np.ones(n), np.arange(n)
    rows = [coo_array((ones, (customer, own)), (len(worth), n))]
    tops = [np.ones(len(worth))]
    rows.append(coo_array((ones, (channel, own)), (worth.shape[1], n)))
    tops.append(np.array([np.inf if room is None else room for room in limits.capacities]))
    if limits.budget is not None:
        rows.append(coo_array(np.asarray(limits.costs)[channel][None, :]))
        tops.append(np.array([limits.budget]))
    found = milp(
        -worth[customer, channel],
        constraints=LinearConstraint(vstack(rows).tocsr(), ub=np.concatenate(tops)),
        integrality=ones,
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": _CLOSE, "node_limit": 2000},
    )
    choice = np.full(len(worth), NOBODY)
    if found.x is not None:
        taken = found.x > 0.5  # noqa: PLR2004
        choice[customer[taken]] = channel[taken]
    return choice


def _fits(choice: Ints, limits: Limits) -> bool:
    counts = np.bincount(choice[choice >= 0], minlength=len(limits.costs))
    spent = float(np.asarray(limits.costs) @ counts)
    within = limits.budget is None or spent <= limits.budget * (1 + _CLOSE)
    return within and all(
        room is None or count <= room for room, count in zip(limits.capacities, counts, strict=True)
    )


def _value(worth: Floats, choice: Ints) -> float:
    made = np.flatnonzero(choice >= 0)
    return float(worth[made, choice[made]].sum())
