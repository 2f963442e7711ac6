"""Charts of one model: gain beside chance and baseline, calibration."""

from __future__ import annotations

from collections.abc import Sequence

from nextbest.advice.report.core import curves
from nextbest.advice.report.figures.drawing import draw
from nextbest.advice.report.spec import Chart, Model, Row
from nextbest.advice.report.words import propensity as words
from nextbest.advice.report.words.reader import Reader

_START = curves.Spot(0.0, 0.0, 0.0, 0.0)


def gain_chart(reader: Reader, model: Model, place: int) -> Chart | None:
    """Draw the share of all yes by depth of the list; ``None`` where nothing was measured."""
    top = model.top
    if top is None:
        return None
    chosen = model.gains[model.chosen["model"]]
    lines = [
        curves.Line(
            reader.say("gain.chance"), [curves.Spot(x / 10, x / 10) for x in range(11)], "chance", 0.7
        ),
        curves.Line(
            reader.say("gain.model"),
            [_START, *(_spot(row) for row in chosen)],
            "main",
            0.3,
            is_named_above=True,
        ),
    ]
    if "baseline" in model.gains:
        beside = [curves.Spot(row["depth"], row["gain"]) for row in model.gains["baseline"]]
        lines.insert(
            1, curves.Line(words.candidate(reader, "baseline"), [curves.Spot(0, 0), *beside], "beside", 0.45)
        )
    drawn = curves.curves(
        lines,
        x=curves.Axis(reader.say("axis.depth"), ".0%"),
        y=curves.Axis(reader.say("axis.gain"), ".0%"),
        marks=[curves.Spot(top["depth"], top["gain"])],
    )
    return draw(
        f"gain-{place}", words.gain_caption(reader, model, top), drawn, _gain_table(reader, model, chosen)
    )


def _spot(row: Row) -> curves.Spot:
    return curves.Spot(row["depth"], row["gain"], row["ci_low"], row["ci_high"])


def _gain_table(reader: Reader, model: Model, chosen: Sequence[Row]) -> list[list[str]]:
    beside = {row["depth"]: row["gain"] for row in model.gains.get("baseline", ())}
    columns = ("depth", "customers", "n_positive", "gain", "interval", "gain_lift", "baseline_gain")
    header = [reader.say(f"column.{name}") for name in columns]
    body = [
        [
            reader.percent(row["depth"]),
            reader.count(row["n"]),
            reader.count(row["n_positive"]),
            reader.percent(row["gain"]),
            reader.say("interval.share", low=row["ci_low"], high=row["ci_high"]),
            reader.ratio(row["gain_lift"]),
            reader.percent(beside.get(row["depth"])),
        ]
        for row in chosen
    ]
    return [header, *body]


def calibration_chart(reader: Reader, model: Model, place: int) -> Chart | None:
    """Draw what was seen beside what was said; ``None`` where nothing was measured."""
    if not model.calibration:
        return None
    spots = [
        curves.Spot(row["predicted"], row["observed"], row["ci_low"], row["ci_high"])
        for row in model.calibration
    ]
    drawn = curves.against_diagonal(
        spots,
        x=curves.Axis(reader.say("axis.predicted"), "~%"),
        y=curves.Axis(reader.say("axis.observed"), "~%"),
        ideal=reader.say("calibration.ideal"),
    )
    header = [
        reader.say(f"column.{name}") for name in ("tenth", "customers", "predicted", "observed", "interval")
    ]
    body = [
        [
            reader.count(row["bin"]),
            reader.count(row["n"]),
            reader.percent(row["predicted"]),
            reader.percent(row["observed"]),
            reader.say("interval.share", low=row["ci_low"], high=row["ci_high"]),
        ]
        for row in model.calibration
    ]
    return draw(f"calibration-{place}", words.calibration_caption(reader, model), drawn, [header, *body])
