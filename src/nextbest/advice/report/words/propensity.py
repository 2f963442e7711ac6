"""The sentences over the charts of models: who will buy, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nextbest.advice.report.spec import Model, Row
from nextbest.advice.report.words.reader import Caption, Reader
from nextbest.base.messages import Message
from nextbest.models.propensity import factor_name

_LARGE: Final = 10_000
_NAMED: Final = 12


def candidate(reader: Reader, name: str) -> str:
    """Name a candidate model."""
    return reader.name(f"propensity.model.{name}", name.replace("_", " "))


def gain_caption(reader: Reader, model: Model, top: Row) -> Caption:
    """Say what the first fifth of the list holds, beside the baseline's."""
    beside = model.baseline_top
    title = reader.say(
        f"gain.title.{'alone' if beside is None else 'beside'}",
        target=model.target,
        depth=top["depth"],
        gain=top["gain"],
        lift=top["gain_lift"],
        baseline=None if beside is None else beside["gain"],
    )
    chosen = model.chosen
    subtitle = reader.say(
        f"gain.subtitle.{'flat' if chosen['kind'] == 'flat' else 'history'}",
        n=chosen["n"],
        n_positive=chosen["n_positive"],
        model=candidate(reader, chosen["model"]),
    )
    parts = [
        reader.say("gain.point", depth=row["depth"], gain=row["gain"], low=row["ci_low"], high=row["ci_high"])
        for row in model.gains[chosen["model"]]
        if row["depth"] in (0.1, 0.2, 0.3, 0.5)
    ]
    return Caption(title, subtitle, reader.listing(parts or [title]))


def calibration_caption(reader: Reader, model: Model) -> Caption:
    """Say how far what is said is from what was seen."""
    top = model.calibration[-1]
    title = reader.say(
        "calibration.title", target=model.target, predicted=top["predicted"], observed=top["observed"]
    )
    error = model.chosen["calibration_error"]
    parts = [
        reader.say("calibration.point", predicted=row["predicted"], observed=row["observed"])
        for row in model.calibration
    ]
    return Caption(title, reader.say("calibration.subtitle", error=error), reader.listing(parts))


def direction(reader: Reader, factor: Row) -> str:
    """Say which way a factor points: towards yes when higher, lower, mixed, or at one value."""
    way = factor["direction"]
    if way is None:
        return "–"
    return reader.name(f"propensity.direction.{way}", reader.say("direction.value", value=str(way)))


def factor(reader: Reader, model: Model, name: str) -> str:
    """Name a factor: columns of a flat table are called what their people call them, those of a history in words."""
    if model.chosen["kind"] == "flat":
        return name
    named = factor_name(name)
    return reader.name(named.code, name, **named.values)


def factors(reader: Reader, model: Model, rows: Sequence[Row]) -> list[str]:
    """Name factors, twelve at most."""
    return [factor(reader, model, row["factor"]) for row in rows[:_NAMED]]


def because(reader: Reader, model: Model, said: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """Say what raises and lowers one customer's probability, a phrase each."""
    return [
        reader.say(
            "because.raises" if part["adds"] > 0 else "because.lowers", reason=_reason(reader, model, part)
        )
        for part in said
    ]


def _reason(reader: Reader, model: Model, part: Mapping[str, Any]) -> Message:
    column = str(part["factor"])
    named = factor(reader, model, column)
    told = named if named == column else reader.say("because.factor", factor=named)
    return Message(f"propensity.reason.{part['saying']}", {"factor": told, "value": _shown(part["value"])})


def _shown(value: object) -> str:
    """Write a value as it stands in the data; numbers with four digits."""
    return f"{value:.4g}" if isinstance(value, float) and abs(value) < _LARGE else str(value)
