"""Curves: lines with the band of their interval, beside what they are compared with. Rows in, Vega-Lite out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

import altair as alt

from nextbest.advice.report.core.frame import (
    ACCENT,
    HEIGHT,
    INK,
    MUTED,
    REFERENCE,
    across,
    finish,
    frame,
    text_width,
    upward,
)

Role = Literal["main", "beside", "chance"]
_TONES: Final[Mapping[Role, str]] = {"main": ACCENT, "beside": MUTED, "chance": REFERENCE}
_DASHES: Final[Mapping[Role, Sequence[int]]] = {"main": [1, 0], "beside": [6, 3], "chance": [2, 3]}
_LINE: Final = 17.0
"""Height of a line of text in pixels."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point of a line, and the ends of its interval."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line, named at its right end, or above or below the point nearest to ``named_at``."""

    name: str
    spots: Sequence[Spot]
    role: Role = "main"
    named_at: float | None = None
    is_named_above: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows, and how its numbers are written."""

    title: str
    number: str


def curves(
    lines: Sequence[Line], *, x: Axis, y: Axis, marks: Sequence[Spot] = (), level: float | None = None
) -> dict[str, Any]:
    """Draw lines, the bands of their intervals, dots at ``marks``, and a dashed line at ``level``."""
    ends = [
        e for line in lines for spot in line.spots for e in (spot.y, spot.low, spot.high) if e is not None
    ]
    low, high = min(0.0, *ends, level or 0.0), max(0.0, *ends, level or 0.0)
    last = max(spot.x for line in lines for spot in line.spots)
    room = max((text_width(line.name) for line in lines if line.named_at is None), default=0.0) + 10
    along = across("x", x.title, x.number, alt.Scale(domain=[0, last], nice=False))
    up = upward("y", y.title, y.number, alt.Scale(domain=[low, high or 1.0], nice=False))
    layers = [_level(level, up)] if level is not None else []
    layers += [_band(line, along, up) for line in lines if line.spots[0].low is not None]
    layers += [_line(line, along, up) for line in lines]
    if marks:
        layers.append(
            frame([{"x": m.x, "y": m.y} for m in marks])
            .mark_circle(color=ACCENT, size=90, opacity=1)
            .encode(x=along, y=up)
        )
    layers += _names(lines, along, up, pixels=HEIGHT / ((high or 1.0) - low))
    drawn = finish(alt.layer(*layers))
    return drawn | {"padding": {"left": 5, "top": 8, "bottom": 5, "right": room}}


def _level(level: float, up: alt.Y) -> alt.Chart:
    drawn: alt.Chart = frame([{"y": level}]).mark_rule(color=REFERENCE, strokeDash=[4, 4]).encode(y=up)
    return drawn


def _line(line: Line, along: alt.X, up: alt.Y) -> alt.Chart:
    base = frame([{"x": spot.x, "y": spot.y} for spot in line.spots])
    width = 2.5 if line.role == "main" else 1.75
    drawn: alt.Chart = base.mark_line(
        color=_TONES[line.role], strokeWidth=width, strokeDash=list(_DASHES[line.role])
    ).encode(x=along, y=up)
    return drawn


def _band(line: Line, along: alt.X, up: alt.Y) -> alt.Chart:
    base = frame([{"x": spot.x, "y": spot.low, "high": spot.high} for spot in line.spots])
    drawn: alt.Chart = base.mark_area(color=_TONES[line.role], opacity=0.18).encode(
        x=along, y=up, y2="high:Q"
    )
    return drawn


def _names(lines: Sequence[Line], along: alt.X, up: alt.Y, *, pixels: float) -> list[alt.Chart]:
    """Name each line; names at the right end move down as far as the name above needs."""
    ended = sorted((line for line in lines if line.named_at is None), key=lambda line: -line.spots[-1].y)
    shifts = label_shifts([line.spots[-1].y * pixels for line in ended])
    placed = [
        _name(line, line.spots[-1], dx=8, dy=dy, align="left") for line, dy in zip(ended, shifts, strict=True)
    ]
    for line in lines:
        if line.named_at is not None:
            spot = min(line.spots, key=lambda spot: abs(spot.x - (line.named_at or 0.0)))
            above = line.is_named_above
            placed.append(
                _name(
                    line,
                    spot,
                    dx=-8 if above else 8,
                    dy=-8 if above else 12,
                    align="right" if above else "left",
                )
            )
    return [
        frame([name])
        .mark_text(align=name["align"], dx=name["dx"], dy=name["dy"])
        .encode(x=along, y=up, text="name:N", color=alt.value(name["tone"]))
        for name in placed
    ]


def _name(line: Line, spot: Spot, *, dx: float, dy: float, align: str) -> dict[str, Any]:
    tone = ACCENT if line.role == "main" else INK
    return {"x": spot.x, "y": spot.y, "name": line.name, "dx": dx, "dy": dy, "align": align, "tone": tone}


def label_shifts(heights: Sequence[float]) -> list[float]:
    """Tell by how many pixels each name moves down, so that none covers another.

    Parameters
    ----------
    heights
        Where the lines end, in pixels from the bottom, highest first.

    Examples
    --------
    >>> label_shifts([100.0, 95.0, 20.0])
    [0.0, 12.0, 0.0]
    """
    shifts = [0.0] * min(len(heights), 1)
    for above, here in pairwise(heights):
        shifts.append(max(0.0, _LINE - (above - shifts[-1] - here)))
    return shifts


def against_diagonal(spots: Sequence[Spot], *, x: Axis, y: Axis, ideal: str) -> dict[str, Any]:
    """Draw dots with their intervals beside the line on which both axes agree; both grow by the same step."""
    most = 1.04 * max(e for spot in spots for e in (spot.x, spot.y, spot.high) if e is not None) or 1.0
    scale = alt.Scale(domain=[0, most], nice=False)
    along, up = across("x", x.title, x.number, scale), upward("y", y.title, y.number, scale)
    diagonal = Line(ideal, [Spot(0.0, 0.0), Spot(most, most)], "chance")
    base = frame([{"x": s.x, "y": s.y, "low": s.low, "high": s.high} for s in spots])
    whiskers = base.mark_rule(color=ACCENT, strokeWidth=2, opacity=0.45)
    layers = [
        _line(diagonal, along, up),
        whiskers.encode(x=along, y=alt.Y("low:Q"), y2="high:Q"),
        base.mark_circle(color=ACCENT, size=80, opacity=1).encode(x=along, y=up),
        *_names([diagonal], along, up, pixels=HEIGHT / most),
    ]
    drawn = finish(alt.layer(*layers))
    return drawn | {"padding": {"left": 5, "top": 8, "bottom": 5, "right": text_width(ideal) + 10}}
