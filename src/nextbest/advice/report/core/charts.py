"""The chart forms: bars with a reference tick, the map of rules, intervals. Rows in, Vega-Lite out.

Colours are the light tones of the palette; the stylesheet turns them into tokens. Words come from the caller.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from nextbest.advice.report.core.frame import (
    ACCENT,
    HEIGHT,
    INK,
    REFERENCE,
    WIDTH,
    across,
    finish,
    frame,
    text_width,
)
from nextbest.advice.report.core.labels import Place, Spot, place_labels

_MAP_WIDTH: Final = 560
_LABEL: Final = 320
_ROW: Final = 28
_LABELS: Final = 6
_MAP_PADDING: Final = 24
_OVERHANG: Final = 60
"""Labels may reach beyond the map by this many pixels; the page has room there."""
_AREAS: Final = (24, 600)
"""Circles of no money and of most money, square pixels."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, a reference beside it, and what is written at its end."""

    name: str
    value: float
    text: str
    reference: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One rule on the map."""

    name: str
    support: float
    size_lift: float
    low: float
    high: float
    money: float


@dataclass(frozen=True, slots=True)
class Interval:
    """A middle with its quartiles or its confidence limits, and what it is compared with."""

    name: str
    low: float
    middle: float
    high: float
    text: str
    reference: float | None = None
    is_quiet: bool = False
    """Drawn in grey: there to compare with, or not clear enough to be read."""


def bars(rows: Sequence[Bar], *, axis: str, number: str) -> dict[str, Any]:
    """Draw horizontal bars from 0, the reference as a grey tick."""
    ends = [max(r.value, r.reference or 0) for r in rows]
    names = _apart([r.name for r in rows])
    values = [
        {"name": name, "value": r.value, "text": r.text, "reference": r.reference, "end": end}
        for name, r, end in zip(names, rows, ends, strict=True)
    ]
    base = frame(values, height=_ROW * len(rows))
    x = across("value", axis, number, _room(ends, [r.text for r in rows]))
    y = _names(names)
    layers = [
        base.mark_bar(color=ACCENT, height=16).encode(x=x, y=y),
        base.mark_text(align="left", dx=8).encode(x="end:Q", y=y, text="text:N"),
    ]
    if any(r.reference is not None for r in rows):
        layers.append(base.mark_tick(color=INK, thickness=2, size=22).encode(x="reference:Q", y=y))
    return finish(alt.layer(*layers))


def rule_map(points: Sequence[Point], titles: Mapping[str, str]) -> dict[str, Any]:
    """Place rules by support and size_lift, whiskers for the interval, area for margin at stake.

    ``titles`` names ``support`` and ``size_lift``. Both axes grow by factors; the grey dashed line is chance.
    """
    places = _label_places(points)
    values = [
        {
            "support": p.support,
            "lift": p.size_lift,
            "low": p.low,
            "high": p.high,
            "money": p.money,
            "label": p.name if i in places else "",
        }
        | (places[i]._asdict() if i in places else {})
        for i, p in enumerate(points)
    ]
    base = frame(values, width=_MAP_WIDTH)
    x = across("support", titles["support"], ".2~%", _factors([p.support for p in points]), grid=False)
    scale = _factors([0.9, *(end for p in points for end in (p.low, p.high))], base=2)
    y = alt.Y("lift:Q", title=titles["size_lift"], scale=scale, axis=alt.Axis(format="~r", tickCount=5))
    chance = frame([{"lift": 1}], width=_MAP_WIDTH).mark_rule(color=REFERENCE, strokeDash=[4, 4])
    size = alt.Size("money:Q", legend=None, scale=alt.Scale(range=list(_AREAS), zero=True))
    return finish(
        alt.layer(
            chance.encode(y=y),
            base.mark_rule(color=REFERENCE, strokeWidth=1).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
            base.mark_circle(color=ACCENT, opacity=0.75).encode(x=x, y=y, size=size),
            _labels(base).encode(x=x, y=y, text="label:N"),
        )
    )


def intervals(rows: Sequence[Interval], *, axis: str, number: str) -> dict[str, Any]:
    """Draw a line from the low to the high end and a dot in the middle, one row each; the reference as a tick.

    Where rows reach below 0, a line stands at 0.
    """
    names = _apart([r.name for r in rows])
    values = [
        {
            "name": name,
            "low": r.low,
            "middle": r.middle,
            "high": r.high,
            "end": max(r.high, r.reference or r.high),
            "text": r.text,
            "reference": r.reference,
            "tone": REFERENCE if r.is_quiet else ACCENT,
        }
        for name, r in zip(names, rows, strict=True)
    ]
    base = frame(values, height=_ROW * len(rows))
    ends = [e for r in rows for e in (r.low, r.high, r.reference or 0.0)]
    room = _room(ends, [r.text for r in rows])
    x = across("low", axis, number, room)
    y = _names(names)
    tone = alt.Color("tone:N", scale=None)
    layers = [
        base.mark_rule(strokeWidth=5, opacity=0.35).encode(x=x, x2="high:Q", y=y, color=tone),
        base.mark_circle(size=90, opacity=1).encode(x="middle:Q", y=y, color=tone),
        base.mark_text(align="left", dx=10).encode(x="end:Q", y=y, text="text:N"),
    ]
    if any(r.reference is not None for r in rows):
        layers.append(base.mark_tick(color=INK, thickness=2, size=22).encode(x="reference:Q", y=y))
    if min(ends) < 0:
        zero = frame([{"zero": 0}], height=_ROW * len(rows)).mark_rule(color=REFERENCE)
        layers.insert(0, zero.encode(x=across("zero", axis, number, room)))
    return finish(alt.layer(*layers))


def _labels(base: alt.Chart) -> alt.Chart:
    """Write each label where there was found room for it."""
    dx, dy, align = (alt.expr(f"datum.{name}") for name in Place._fields)
    labels: alt.Chart = base.transform_filter("datum.label != ''").mark_text(dx=dx, dy=dy, align=align)
    return labels


def _label_places(points: Sequence[Point]) -> dict[int, Place]:
    """Find room for up to six labels, most money first."""
    along = _pixels([p.support for p in points], [p.support for p in points], _MAP_WIDTH)
    ends = [0.9, *(end for p in points for end in (p.low, p.high))]
    up = _pixels([p.size_lift for p in points], ends, HEIGHT)
    order = sorted(range(len(points)), key=lambda i: (-points[i].money, i))
    most = max(p.money for p in points) or 1
    spots = [
        Spot(along[i], HEIGHT - up[i], _radius(points[i].money / most), text_width(points[i].name))
        for i in order
    ]
    placed = place_labels(spots, width=_MAP_WIDTH + _OVERHANG, height=HEIGHT, at_most=_LABELS)
    return {order[k]: place for k, place in placed.items()}


def _radius(part: float) -> float:
    """Give a circle's radius in pixels; its area grows with ``part``."""
    return math.sqrt((_AREAS[0] + part * (_AREAS[1] - _AREAS[0])) / math.pi)


def _factors(ends: Sequence[float], base: int = 10) -> alt.Scale:
    """Grow by factors, with room at both ends."""
    domain = [min(ends), max(ends)]
    return alt.Scale(type="log", base=base, domain=domain, nice=False, padding=_MAP_PADDING)


def _pixels(values: Sequence[float], ends: Sequence[float], length: float) -> list[float]:
    """Place values as ``_factors`` does."""
    low = math.log(min(ends))
    span = (math.log(max(ends)) - low) or 1.0
    inner = length - 2 * _MAP_PADDING
    return [_MAP_PADDING + (math.log(value) - low) / span * inner for value in values]


def _names(names: Sequence[str]) -> alt.Y:
    """Keep room for the longest name: the reader's font may be wider than the one measured here."""
    room = min(max(text_width(name) for name in names), 1.15 * _LABEL)
    axis = alt.Axis(labelColor=INK, labelLimit=_LABEL, grid=False, minExtent=room + 8)
    return alt.Y("name:N", sort=None, title=None, axis=axis)


def _apart(names: Sequence[str]) -> list[str]:
    """Keep rows of one name apart by spaces without width.

    Examples
    --------
    >>> [len(name) for name in _apart(["milk", "tea", "milk"])]
    [4, 3, 5]
    """
    return [name + "\u200b" * names[:i].count(name) for i, name in enumerate(names)]


def _room(ends: Sequence[float], texts: Sequence[str]) -> alt.Scale:
    """Reach from 0, or from below it, and leave room for the text at the end of the longest row."""
    room = max(text_width(text) for text in texts) + 12
    low, high = min(0.0, *ends), max(0.0, *ends)
    span = ((high - low) or 1.0) * WIDTH / (WIDTH - room)
    return alt.Scale(domain=[low, low + span], nice=False)
