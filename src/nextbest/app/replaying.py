"""What another policy would have decided in the last days: for whom something else, and what that would have brought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from nextbest.app.serving import Service, now
from nextbest.base.messages import Message
from nextbest.serving import decide, log
from nextbest.serving.policy import Changed, Estimate, Policy

Reward = Literal["accepted", "clicked"]
MOST: Final = 20_000
"""Decisions of one replay at most."""
_AT_ONCE: Final = 5_000
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Who would get something else, and what it would have brought."""

    n_decisions: int
    """First places that policy or chance filled, and that were asked again."""
    is_cut: bool
    """Whether there were more: the newest are used."""
    since: datetime | None
    """Instant of the oldest one used, UTC without zone."""
    n_changed: int
    n_emptied: int
    """Of these, where nothing would be offered."""
    changed_by_placement: Mapping[str, int]
    changed: Sequence[Changed]
    """The newest of them."""
    reward: Reward
    estimate: Estimate | None
    """Of the share of decisions that the reward followed."""
    refusal: Message | None
    """Why there is no estimate."""


def replayed(
    service: Service, candidate: Policy, *, days: float = 30, most: int = 2_000, reward: Reward = "accepted"
) -> Replayed:
    """Ask another policy what was asked in the last days; takes seconds, so call it in a thread of its own.

    Parameters
    ----------
    service
        Open.
    candidate
        A policy that has no ``problems``.
    days
        How far back.
    most
        Decisions at most, the newest; up to ``MOST``.
    reward
        What counts as success: the offer was accepted, or clicked.
    """
    with service.operations.reading() as connection:
        logged = log.first_places(connection, now() - timedelta(days), most=most + 1)
        is_cut, logged = len(logged) > most, logged[:most]
        ids = [one.decision_id for one in logged]
        parts = (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
        followed = [one for part in parts for one in log.outcomes(connection, part)]
    rewards = {one.decision_id: 1.0 for one in followed if one.verb == reward}
    ready = service.prepared(candidate)
    found = decide.replay(ready.snapshot, ready.compiled, logged, rewards)
    return Replayed(
        n_decisions=found.n_decisions,
        is_cut=is_cut,
        since=min((one.decided_at for one in logged), default=None),
        n_changed=found.n_changed,
        n_emptied=found.n_emptied,
        changed_by_placement=dict(sorted(Counter(one.placement for one in found.changed).items())),
        changed=found.changed[::-1][:_SHOWN],
        reward=reward,
        estimate=found.estimate,
        refusal=found.refusal,
    )
