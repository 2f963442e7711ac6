"""A new policy on logged decisions: who would get something else, and what that would bring."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from nextbest.base.errors import DataError
from nextbest.base.messages import Message
from nextbest.serving.decide.core.compiling import Compiled
from nextbest.serving.decide.core.shop import Snapshot
from nextbest.serving.decide.recording import asked_again
from nextbest.serving.decide.run import decide
from nextbest.serving.decide.spec import Answer, Result
from nextbest.serving.log import Decision
from nextbest.serving.policy import LEAST_ESS, Changed, Replay, effective_size, estimate


def replay(
    snapshot: Snapshot, compiled: Compiled, logged: Sequence[Decision], rewards: Mapping[str, float]
) -> Replay:
    """Ask a new policy what was asked before.

    Parameters
    ----------
    snapshot
        Of the run that decided, or a newer one.
    compiled
        The new policy.
    logged
        Rows of the decision log. First places count: what the policy or chance decided, with its probability.
    rewards
        What followed, by decision_id, such as a margin or 1 for "accepted"; what is missing brought 0.

    Raises
    ------
    DataError
        For a probability that is not above 0.
    """
    first = [one for one in logged if one.rank == 1 and one.assignment_reason in {"policy", "explore"}]
    for one in first:
        if not 0 < one.assignment_probability <= 1:
            got = str(one.assignment_probability)
            raise DataError("decide.policy.probability", decision_id=one.decision_id, got=got)
    first.sort(key=lambda one: (one.decided_at, one.decision_id))
    answers = [result.answers[-1] for result in _asked(snapshot, compiled, first)]
    chances = np.array(
        [_chance(compiled, answer, one.offer_id) for answer, one in zip(answers, first, strict=True)]
    )
    return _told(first, answers, chances, rewards)


def _asked(snapshot: Snapshot, compiled: Compiled, logged: Sequence[Decision]) -> list[Result]:
    """Ask each at its own moment, without chance: its share is added by formula."""
    policy = compiled.policy
    calm = policy.model_copy(
        update={
            "exploration": policy.exploration.model_copy(update={"epsilon": 0.0}),
            "holdout": policy.holdout.model_copy(update={"share": 0.0}),
        }
    )
    ready = dataclasses.replace(compiled, policy=calm)
    results: list[Result] = []
    for now, same in groupby(logged, key=lambda one: one.decided_at):
        requests = [dataclasses.replace(asked_again(one), explain=True) for one in same]
        results += decide(snapshot, ready, requests, now=now)
    return results


def _chance(compiled: Compiled, answer: Answer, offer_id: str | None) -> float:
    """Give the chance that the new policy puts an offer first."""
    pool = {one.offer_id for one in answer.trace if one.stage in {"decided", "limit"}}
    if offer_id not in pool:
        return 0.0
    epsilon = compiled.policy.exploration.epsilon
    is_best = answer.offers[0].offer_id == offer_id
    return (1 - compiled.policy.holdout.share) * (epsilon / len(pool) + (1 - epsilon) * is_best)


def _told(
    first: Sequence[Decision],
    answers: Sequence[Answer],
    chances: np.ndarray[tuple[int], np.dtype[np.float64]],
    rewards: Mapping[str, float],
) -> Replay:
    logged = np.array([one.assignment_probability for one in first])
    found = estimate([rewards.get(one.decision_id, 0.0) for one in first], logged, chances) if first else None
    size = effective_size(chances / logged) if first else 0.0
    changed = [
        Changed(one.decision_id, one.placement, one.customer_id, one.offer_id, best)
        for one, best in zip(first, map(_best, answers), strict=True)
        if best != one.offer_id
    ]
    refusal = Message("decide.policy.too_few", {"ess": round(size, 1), "least": LEAST_ESS})
    return Replay(
        n_decisions=len(first),
        n_changed=len(changed),
        n_emptied=sum(not answer.offers for answer in answers),
        estimate=found,
        refusal=None if found else refusal,
        changed=changed,
    )


def _best(answer: Answer) -> str | None:
    return answer.offers[0].offer_id if answer.offers else None
