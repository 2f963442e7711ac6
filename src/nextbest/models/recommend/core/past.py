"""Earlier lists and what followed: the ground on which probabilities are learnt, and tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from nextbest.models.recommend.core.chance import Chance, fit_chance
from nextbest.models.recommend.core.listing import Rows, activity, list_rows
from nextbest.models.recommend.core.methods import LISTS, Method
from nextbest.models.recommend.core.orders import Bools, Floats, Ints, Orders, Trial, window
from nextbest.models.recommend.core.scene import Scene

N_LEARNT = 4
"""Windows that probabilities are learnt from."""
N_TESTED = 2
"""Windows that they are tested on, by what was learnt from those before."""
_N_PARTS = 10
_MOST_CUSTOMERS = 5_000
_SURE = 1.96
"""Standard errors on either side of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Past:
    """One list of an earlier day, row by row, and what was bought of it within the horizon."""

    day: int
    """Day of the list, days since 1970; nothing on or after it was seen."""
    customer: Ints
    features: NDArray[np.float32]
    bought: Bools
    rows: Rows | None = None
    """The list itself."""


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of a list by probability: what was predicted and what followed."""

    kind: str
    day: int
    """Day of the list, days since 1970."""
    decile: int
    """1 holds the least likely, 10 the most likely; 0 is all ten together."""
    n: int
    n_bought: int
    predicted: float
    """Mean probability."""
    observed: float
    """Share that was bought."""
    low: float
    """95 % interval of the share, customers taken as drawn at random."""
    high: float


def described(scene: Scene, rows: Rows, as_of: int) -> NDArray[np.float32]:
    """Put what is known of the product and of the customer side by side, one line per row of a list.

    Each feature less its mean over the list: counts grow with the length of a history and swell before Christmas, and
    what such a shift of all rows means for sales is learnt from window to window (the level), not from row to row.
    """
    place = np.log(rows.rank.astype(np.float32))[:, None]
    known = np.concatenate([rows.features, activity(scene, as_of)[rows.customer], place], axis=1)
    mean = known.mean(axis=0, dtype=np.float64) if len(known) else 0.0
    return (known - mean).astype(np.float32)


def windows(orders: Orders, as_of: int, days: int) -> list[Trial]:
    """Give the windows that end before a day, the latest first.

    One odd month does not decide; each has at least its own length of history before it, save the latest.
    """
    if orders.day is None or not orders.n_orders:
        return []
    first = int(orders.day.min())
    starts = [as_of - days * number for number in range(1, N_LEARNT + N_TESTED)]
    return [window(orders, start, days) for start in starts if start - first >= days or start == starts[0]]


def look_back(
    seen: Iterable[tuple[Scene, Trial]], methods: Mapping[str, Method], k: int
) -> dict[str, list[Past]]:
    """Make the lists that each window's customers would have had, and mark what they bought of them.

    Parameters
    ----------
    seen
        What was seen on each window's first day; every customer who had ordered by then, and what they bought in it.
    methods
        The method of each list.
    k
        Length of a list.
    """
    past: dict[str, list[Past]] = {kind: [] for kind in LISTS}
    for scene, trial in seen:
        if len(trial.customers):
            some = np.arange(0, len(trial.customers), max(1, -(-len(trial.customers) // _MOST_CUSTOMERS)))
            day = day_of(trial)
            listed = list_rows(scene, trial.customers[some], day, methods, k, with_because=False)
            for kind, rows in listed.items():
                past[kind].append(followed(scene, rows, trial))
    return past


def followed(scene: Scene, rows: Rows, trial: Trial) -> Past:
    """Describe the rows of a list and mark what the trial's customers bought of them."""
    day = day_of(trial)
    return Past(day, rows.customer, described(scene, rows, day), was_bought(rows, trial), rows)


def day_of(trial: Trial) -> int:
    """Give the first day of a window."""
    assert trial.as_of is not None  # noqa: S101 - a window has days
    return int(trial.as_of[0])


def was_bought(rows: Rows, trial: Trial) -> Bools:
    """Tell which rows of a list were bought in the trial."""
    truth: sp.csr_matrix = trial.truth
    n = np.int64(truth.shape[1])
    bought = np.repeat(trial.customers, np.diff(truth.indptr)) * n + truth.indices
    return np.isin(rows.customer * n + rows.product, bought)


def learn_chance(past: Sequence[Past]) -> Chance | None:
    """Learn the probabilities of a list from some windows, the latest first."""
    if not past:
        return None
    earliest_first = past[::-1]
    return fit_chance(
        np.concatenate([part.features for part in earliest_first]),
        np.concatenate([part.bought for part in earliest_first]),
        np.repeat(np.arange(len(past)), [len(part.bought) for part in earliest_first]),
    )


def foretold(past: Sequence[Past]) -> list[tuple[Past, Floats]]:
    """Give the latest windows with the probabilities that the windows before each of them foretold, the latest first."""
    chances = [learn_chance(past[number + 1 : number + 1 + N_LEARNT]) for number in range(N_TESTED)]
    return [
        (part, chance(part.features))
        for part, chance in zip(past, chances, strict=False)
        if chance is not None
    ]


def compare(kind: str, part: Past, chance: Floats) -> list[Tenth]:
    """Set what was predicted beside what followed, a tenth of the rows at a time.

    Examples
    --------
    >>> rows = Past(0, np.arange(20), np.zeros((20, 1), np.float32), np.arange(20) % 2 == 1)
    >>> first = compare("repeat", rows, np.linspace(0, 1, 20))[0]
    >>> first.n, first.n_bought, round(first.predicted, 3), first.observed
    (2, 1, 0.026, 0.5)
    """
    order = np.argsort(chance, kind="stable")
    parts = [rows for rows in np.array_split(order, _N_PARTS) if len(rows)]
    return [
        _tenth(kind, part, chance, rows, number)
        for number, rows in enumerate(parts, start=1 + _N_PARTS - len(parts))
    ]


def overall(kind: str, part: Past, chance: Floats) -> Tenth:
    """Set what was predicted of all rows beside what followed."""
    return _tenth(kind, part, chance, np.arange(len(chance)), 0)


def _tenth(kind: str, part: Past, chance: Floats, rows: Ints, decile: int) -> Tenth:
    bought = part.bought[rows]
    share = float(bought.mean())
    low, high = _wilson(share, _independent(part.customer[rows], bought, share))
    return Tenth(
        kind,
        part.day,
        decile,
        len(rows),
        int(bought.sum()),
        float(chance[rows].mean()),
        share,
        low,
        high,
    )


def _independent(customer: Ints, bought: Bools, share: float) -> float:
    """Say how many rows of different customers would tell as much: purchases of one customer come together."""
    n = len(bought)
    by_customer = np.bincount(customer, weights=bought - share)
    clustered = float((by_customer**2).sum())
    alone = n * share * (1 - share)
    return n * min(1.0, alone / clustered) if clustered > 0 else n


def _wilson(share: float, n: float) -> tuple[float, float]:
    """Give the 95 % interval of a share (Wilson 1927); also of none and of all."""
    spread = _SURE**2 / n
    centre = (share + spread / 2) / (1 + spread)
    error = _SURE * float(np.sqrt(share * (1 - share) / n + spread / n / 4)) / (1 + spread)
    return min(max(centre - error, 0.0), share), max(min(centre + error, 1.0), share)
