"""How good the lists are: every method on the same held-out orders, beside popularity and personal frequency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from nextbest.models.recommend.core.choosing import Choice, truth_of
from nextbest.models.recommend.core.methods import LISTS, batches, make_lists
from nextbest.models.recommend.core.metrics import Quality, quality
from nextbest.models.recommend.core.orders import Ints, Trial
from nextbest.models.recommend.core.ranking import first_of_rows, one_after_other
from nextbest.models.recommend.core.scene import Scene

LENGTHS: Final = (10, 20)
OURS: Final = "nextbest"
BASELINES: Final = ("popularity", "personal_frequency")


@dataclass(frozen=True, slots=True)
class Judged:
    """One method on one kind of list at one length."""

    method: str
    uses: str
    """The method behind ``nextbest``; the method itself otherwise."""
    kind: str
    k: int
    quality: Quality


def judge(scene: Scene, trial: Trial, choices: Mapping[str, Choice]) -> list[Judged]:
    """Measure every method that was tried, the baselines, and the chosen one as ``nextbest``.

    Parameters
    ----------
    scene
        What may be seen in the trial.
    trial
        Customers and what they bought next; nothing of it was used to choose.
    choices
        From an earlier trial.
    """
    longest = max(LENGTHS)
    methods = {kind: choices[kind].tried for kind in LISTS}
    described = batches(scene, trial.customers, trial.as_of)
    lists = make_lists(scene, described, len(trial.customers), methods, longest)
    lists["discover", "personal_frequency"] = lists["discover", "popularity"]
    uses = {(kind, name): name for kind, name in lists}
    for kind in LISTS:
        lists[kind, OURS] = lists[kind, choices[kind].chosen.name]
        uses[kind, OURS] = choices[kind].chosen.name
    lists |= _whole(scene, trial, lists, longest)
    uses["all", OURS] = f"{uses['repeat', OURS]} + {uses['discover', OURS]}"
    truths = {kind: truth_of(kind, scene, trial) for kind in LISTS} | {"all": trial.truth}
    return [
        Judged(name, uses.get((kind, name), name), kind, k, quality(made, truths[kind], k))
        for (kind, name), made in sorted(lists.items())
        for k in LENGTHS
    ]


def _whole(
    scene: Scene, trial: Trial, lists: Mapping[tuple[str, str], Ints], k: int
) -> dict[tuple[str, str], Ints]:
    """Make one list of both: what is popular; or what they repeat, filled up with what they may discover."""
    popular = first_of_rows(scene.popularity[None, :].astype(np.float32), k)
    whole = {("all", "popularity"): np.repeat(popular, len(trial.customers), axis=0)}
    for name in ("personal_frequency", OURS):
        whole["all", name] = one_after_other(lists["repeat", name], lists["discover", name], k)
    return whole
