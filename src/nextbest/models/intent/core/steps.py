"""What is learnt from: every step of every visit, and whether the visit went on to an order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nextbest.models.intent.core.visit import Visit, features, update
from nextbest.models.intent.spec import FEATURES, IDLE_MS, MOST_STEPS, Act

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Past:
    """One visit that is over."""

    visitor: str
    number: int
    started_at: int
    ended_at: int
    """Its last act, milliseconds."""
    has_order: bool
    steps: tuple[tuple[float, ...], ...]
    """Features after each act before the order."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Steps of visits as arrays, sorted by visitor and time."""

    features: Floats
    """Shape (n, n_features)."""
    target: Bools
    """The visit went on to an order."""
    visitor: NDArray[np.object_]

    @classmethod
    def of(cls, visits: Sequence[Past]) -> Self:
        """Put visits one after the other."""
        ordered = sorted(visits, key=lambda visit: (visit.visitor, visit.number))
        n = [len(visit.steps) for visit in ordered]
        rows = [step for visit in ordered for step in visit.steps]
        return cls(
            np.array(rows, np.float64).reshape(len(rows), len(FEATURES)),
            np.repeat(np.array([visit.has_order for visit in ordered], np.bool_), n),
            np.repeat(np.array([visit.visitor for visit in ordered], np.object_), n),
        )

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: Ints | Bools) -> Self:
        """Give some of the steps."""
        return type(self)(self.features[rows], self.target[rows], self.visitor[rows])

    def column(self, name: str) -> Floats:
        """Give one feature."""
        return self.features[:, FEATURES.index(name)]


def visits_of(visitors: Mapping[str, Sequence[Act]], *, until: int) -> list[Past]:
    """Cut the acts of visitors into visits, those that may still have been running at ``until`` left out.

    Neither the order itself nor anything of the same instant is a step: a step is a moment at which the outcome was open.

    Parameters
    ----------
    visitors
        Acts by visitor, oldest first.
    until
        Nothing was seen on or after this instant, milliseconds.

    Examples
    --------
    >>> acts = [Act(0, "a", "view", "tea"), Act(9_000, "b", "add", "tea", 1.0), Act(20_000, "c", "order")]
    >>> [(visit.has_order, len(visit.steps)) for visit in visits_of({"ann": acts}, until=10**9)]
    [(True, 2)]
    """
    found = [visit for visitor, acts in visitors.items() for visit in _cut(visitor, acts)]
    over = (visit for visit in found if visit.ended_at + IDLE_MS < until)
    return sorted((visit for visit in over if visit.steps), key=_age)


def _cut(visitor: str, acts: Sequence[Act]) -> Iterator[Past]:
    state, steps = Visit(), list[tuple[int, tuple[float, ...]]]()
    for act in acts:
        after = update(state, act)
        if after.number != state.number:
            if state.number and not state.is_over:
                yield _past(visitor, state, steps)
            steps = []
        state = after
        if state.is_over:
            yield _past(visitor, state, [step for step in steps if step[0] < act.at])
        else:
            steps.append((act.at, features(state)))
    if state.number and not state.is_over:
        yield _past(visitor, state, steps)


def _past(visitor: str, state: Visit, steps: Sequence[tuple[int, tuple[float, ...]]]) -> Past:
    seen = tuple(step for _, step in steps[:MOST_STEPS])
    return Past(visitor, state.number, state.started_at, state.last_at, state.is_over, seen)


def varies(steps: Steps) -> bool:
    """Tell whether any feature is not the same after each step."""
    return any(len(np.unique(values[~np.isnan(values)])) > 1 for values in steps.features.T)


def split(visits: Sequence[Past], share: float = 0.2) -> tuple[list[Past], list[Past]]:
    """Give older and newest visits; those that run across the border belong to neither.

    Parameters
    ----------
    visits
        Oldest first.
    share
        Of the visits, the newest.
    """
    border = visits[min(int(len(visits) * (1 - share)), len(visits) - 1)].started_at
    older = [visit for visit in visits if visit.ended_at < border]
    return older, [visit for visit in visits if visit.started_at >= border]


def drawn(visits: Sequence[Past], most_rows: int, seed: int) -> list[Past]:
    """Draw whole visits until there are enough steps; the same ones whatever the order."""

    def chance(visit: Past) -> tuple[str, str, int]:
        text = f"{seed}\x1f{visit.visitor}\x1f{visit.number}"
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest(), visit.visitor, visit.number

    kept: list[Past] = []
    rows = 0
    for visit in sorted(visits, key=chance):
        rows += len(visit.steps)
        if rows > most_rows and kept:
            break
        kept.append(visit)
    return sorted(kept, key=_age)


def _age(visit: Past) -> tuple[int, str, int]:
    return visit.started_at, visit.visitor, visit.number
