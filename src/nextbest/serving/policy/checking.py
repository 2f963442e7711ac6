"""Is a policy sound? Everything that is wrong with it, each in a sentence, before it holds."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping

from nextbest.base.contract import Kind
from nextbest.base.errors import ExpressionError, SettingsError
from nextbest.base.expressions import parse
from nextbest.base.messages import Message
from nextbest.serving.policy.spec import CONTACT_CHANNELS, SOURCES, Policy


def read(text: str, where: str = "policy") -> Policy:
    """Read a policy from JSON or TOML.

    Raises
    ------
    SettingsError
        Naming what cannot be read, or the setting that is not as it should be.

    Examples
    --------
    >>> read('version = 3').version, read('{"version": 4}').version
    (3, 4)
    """
    try:
        values = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError("decide.policy.parse", where=where, problem=str(error)[:200]) from None
    return Policy.read(values, where)


def check(policy: Policy, columns: Mapping[str, Kind]) -> list[Message]:
    """List everything that is wrong with a policy; an empty list: it may be published.

    Parameters
    ----------
    policy
        Read already: its settings are of the right kinds.
    columns
        What conditions may name: ``nextbest.serving.decide.COLUMNS``.
    """
    return [
        *_names(policy),
        *_sources(policy),
        *_caps(policy),
        *_channels(policy),
        *(problem for where, text in _conditions(policy) for problem in _condition(where, text, columns)),
    ]


def _names(policy: Policy) -> Iterator[Message]:
    known = [placement.id for placement in policy.placements]
    lists = {
        "placements": known,
        "rules": [rule.name for rule in policy.rules],
        "arbitration.levers": [lever.name for lever in policy.arbitration.levers],
        "mandatory": [message.offer_id for message in policy.mandatory],
    }
    for where, names in lists.items():
        for name in sorted({one for one in names if names.count(one) > 1}):
            yield Message("decide.policy.twice", {"where": where, "name": name})
    asked = [(f"rules.{rule.name}", name) for rule in policy.rules for name in rule.placements]
    asked += [(f"mandatory.{one.offer_id}", name) for one in policy.mandatory for name in one.placements]
    for where, name in asked:
        if name not in known:
            yield Message("decide.policy.placement", {"where": where, "name": name, "known": known})


def _sources(policy: Policy) -> Iterator[Message]:
    for placement in policy.placements:
        named = [("sources", name) for name in placement.sources]
        named += [("fill", name) for name in placement.fill]
        for setting, name in named:
            where = f"placements.{placement.id}.{setting}"
            if name.startswith("list:"):
                if name.removeprefix("list:") not in policy.lists:
                    yield Message("decide.policy.list", {"where": where, "name": name.removeprefix("list:")})
            elif name not in SOURCES:
                yield Message("decide.policy.sources", {"where": where, "name": name, "known": SOURCES})


def _caps(policy: Policy) -> Iterator[Message]:
    for number, cap in enumerate(policy.caps, start=1):
        where = {"where": f"caps, number {number}"}
        if cap.days is None and not cap.for_ever:
            yield Message("decide.policy.cap_window", where)
        if cap.days is not None and cap.for_ever:
            yield Message("decide.policy.cap_both", where)
        if not cap.channels:
            yield Message("decide.policy.cap_channel", where)


def _channels(policy: Policy) -> Iterator[Message]:
    """Name channels that do not exist: a cap or quiet hours on them would protect nobody."""
    known = (*CONTACT_CHANNELS, *policy.own_channels)
    asked = {
        "quiet_hours.channels": policy.quiet_hours.channels,
        **{f"caps, number {number}": cap.channels for number, cap in enumerate(policy.caps, start=1)},
        **{f"placements.{one.id}.channels": one.channels for one in policy.placements},
    }
    for where, channels in asked.items():
        for name in channels:
            if name not in known:
                yield Message("decide.policy.channel", {"where": where, "name": name, "known": known})


def _conditions(policy: Policy) -> Iterable[tuple[str, str]]:
    for rule in policy.rules:
        yield f"rules.{rule.name}.where", rule.where
        if rule.when is not None:
            yield f"rules.{rule.name}.when", rule.when
    for lever in policy.arbitration.levers:
        yield f"arbitration.levers.{lever.name}.where", lever.where
    for message in policy.mandatory:
        if message.where is not None:
            yield f"mandatory.{message.offer_id}.where", message.where


def _condition(where: str, text: str, columns: Mapping[str, Kind]) -> Iterator[Message]:
    try:
        parse(text).check(columns, "boolean")
    except ExpressionError as error:
        yield Message("decide.policy.expression", {"where": where, "problem": error.message})
