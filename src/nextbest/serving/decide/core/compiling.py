"""A policy made ready once: its conditions are checked, its placements found by name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nextbest.base.expressions import Expression, parse
from nextbest.serving.decide.core.shop import Bools
from nextbest.serving.decide.spec import COLUMNS, CUSTOMER_COLUMNS, STATE_COLUMNS
from nextbest.serving.policy import CONTACT_CHANNELS, ContactCap, Placement, Policy


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition and the columns that it needs."""

    columns: tuple[str, ...]
    _evaluate: Callable[[Mapping[str, ArrayLike]], np.ma.MaskedArray[Any, Any]]

    @classmethod
    @functools.lru_cache(maxsize=4096)
    def of(cls, expression: Expression) -> Condition:
        """Check it and make it ready."""
        expression.check(COLUMNS, "boolean")
        return cls(expression.columns or ("is_known",), expression.compiled(COLUMNS))

    @property
    def is_of_everybody(self) -> bool:
        """Whether it names neither age nor what is held."""
        return not STATE_COLUMNS.keys() & set(self.columns)

    def holds(self, columns: Mapping[str, ArrayLike]) -> Bools:
        """Tell where it holds; where it is not known, it does not."""
        return np.asarray(self._evaluate(columns).filled(False))


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """A rule of the policy, ready to be asked."""

    name: str
    stage: str
    where: Condition
    when: Condition | None
    placements: frozenset[str]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A policy, ready for decisions."""

    policy: Policy
    placements: Mapping[str, Placement]
    sources: Mapping[str, Sequence[tuple[bool, str]]]
    """Of each placement, in their order: whether it only fills what is left, and its name."""
    rules: tuple[ReadyRule, ...]
    levers: tuple[tuple[Condition, float], ...]
    mandatory: tuple[Condition | None, ...]
    channels: frozenset[str]
    """Channels on which it decides."""
    capped: Mapping[str, Sequence[tuple[ContactCap, timedelta | None]]]
    """Caps by the channel on which they hold, each with its window."""
    columns: frozenset[str]
    """Columns of customers that its conditions name; a snapshot is to be loaded with them."""


def compile_policy(policy: Policy) -> Compiled:
    """Make a policy ready.

    Parameters
    ----------
    policy
        One that ``nextbest.serving.policy.check`` finds nothing wrong with.

    Examples
    --------
    >>> sorted(compile_policy(Policy.read({"arbitration": {"levers": [
    ...     {"name": "milk", "where": "product_category = 'milk' and n_orders > 2", "factor": 2}]}}, "policy")).columns)
    ['n_orders']
    """
    rules = tuple(
        ReadyRule(
            rule.name,
            rule.stage,
            _ready(rule.where),
            _ready(rule.when) if rule.when else None,
            frozenset(rule.placements),
        )
        for rule in policy.rules
    )
    levers = tuple((_ready(lever.where), lever.factor) for lever in policy.arbitration.levers)
    mandatory = tuple(_ready(message.where) if message.where else None for message in policy.mandatory)
    conditions = [
        *(rule.where for rule in rules),
        *(rule.when for rule in rules),
        *(condition for condition, _ in levers),
        *mandatory,
    ]
    named = {name for condition in conditions if condition is not None for name in condition.columns}
    return Compiled(
        policy,
        {placement.id: placement for placement in policy.placements},
        {placement.id: _sources(placement) for placement in policy.placements},
        rules,
        levers,
        mandatory,
        frozenset({*CONTACT_CHANNELS, *policy.own_channels}),
        _capped(policy),
        frozenset(named & set(CUSTOMER_COLUMNS)),
    )


def _capped(policy: Policy) -> dict[str, list[tuple[ContactCap, timedelta | None]]]:
    capped: dict[str, list[tuple[ContactCap, timedelta | None]]] = {}
    for cap in policy.caps:
        window = None if cap.for_ever or cap.days is None else timedelta(days=cap.days)
        for channel in dict.fromkeys(cap.channels):
            capped.setdefault(channel, []).append((cap, window))
    return capped


def _sources(placement: Placement) -> list[tuple[bool, str]]:
    """List the sources; ``offers`` holds what ``repeat`` and ``discover`` after it would bring."""
    named = [*((False, name) for name in placement.sources), *((True, name) for name in placement.fill)]
    at = placement.sources.index("offers") if "offers" in placement.sources else len(named)
    return [one for place, one in enumerate(named) if place <= at or one[1] not in {"repeat", "discover"}]


def _ready(text: str) -> Condition:
    return Condition.of(parse(text))
