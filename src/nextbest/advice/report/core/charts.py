"""The chart forms: bars with a reference tick, the map of rules, intervals. Rows in, Vega-Lite out.

Colours are the light tones of the palette; the stylesheet turns them into tokens. Words come from the caller.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from nextbest.advice.report.core.labels import Place, Spot, place_labels
from nextbest.advice.report.spec import PALETTE

INK, MUTED, ACCENT = PALETTE["ink"].light, PALETTE["muted"].light, PALETTE["accent"].light
REFERENCE, HAIRLINE = PALETTE["reference"].light, PALETTE["hairline"].light

_WIDTH: Final = 420
_MAP_WIDTH: Final = 560
_HEIGHT: Final = 320
_LABEL: Final = 320
_ROW: Final = 28
_LABELS: Final = 6
_MAP_PADDING: Final = 24
_OVERHANG: Final = 60
"""Labels may reach beyond the map by this many pixels; the page has room there."""
_AREAS: Final = (24, 600)
"""Circles of no money and of most money, square pixels."""
_CONFIG: Final[dict[str, Any]] = {
    "aria": False,
    "background": None,
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "gridColor": HAIRLINE,
        "labelColor": MUTED,
        "titleColor": MUTED,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelPadding": 8,
        "titlePadding": 10,
    },
    "text": {"color": INK, "fontSize": 12},
}


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
    """A middle with its quartiles or its confidence limits."""

    name: str
    low: float
    middle: float
    high: float
    text: str


def bars(rows: Sequence[Bar], *, axis: str, number: str) -> dict[str, Any]:
    """Draw horizontal bars from 0, the reference as a grey tick."""
    ends = [max(r.value, r.reference or 0) for r in rows]
    values = [
        {"name": r.name, "value": r.value, "text": r.text, "reference": r.reference, "end": end}
        for r, end in zip(rows, ends, strict=True)
    ]
    base = _chart(values, height=_ROW * len(rows))
    x = _x("value", axis, number, _from_zero(ends, [r.text for r in rows]))
    y = _names([r.name for r in rows])
    layers = [
        base.mark_bar(color=ACCENT, height=16).encode(x=x, y=y),
        base.mark_text(align="left", dx=8).encode(x="end:Q", y=y, text="text:N"),
    ]
    if any(r.reference is not None for r in rows):
        layers.append(base.mark_tick(color=INK, thickness=2, size=22).encode(x="reference:Q", y=y))
    return _finish(alt.layer(*layers))


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
    base = _chart(values, width=_MAP_WIDTH)
    x = _x("support", titles["support"], ".2~%", _factors([p.support for p in points]), grid=False)
    scale = _factors([0.9, *(end for p in points for end in (p.low, p.high))], base=2)
    y = alt.Y("lift:Q", title=titles["size_lift"], scale=scale, axis=alt.Axis(format="~r", tickCount=5))
    chance = _chart([{"lift": 1}], width=_MAP_WIDTH).mark_rule(color=REFERENCE, strokeDash=[4, 4])
    size = alt.Size("money:Q", legend=None, scale=alt.Scale(range=list(_AREAS), zero=True))
    return _finish(
        alt.layer(
            chance.encode(y=y),
            base.mark_rule(color=REFERENCE, strokeWidth=1).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
            base.mark_circle(color=ACCENT, opacity=0.75).encode(x=x, y=y, size=size),
            _labels(base).encode(x=x, y=y, text="label:N"),
        )
    )


def intervals(rows: Sequence[Interval], *, axis: str, number: str) -> dict[str, Any]:
    """Draw a line from the low to the high end and a dot in the middle, one row each."""
    values = [
        {"name": r.name, "low": r.low, "middle": r.middle, "high": r.high, "text": r.text} for r in rows
    ]
    base = _chart(values, height=_ROW * len(rows))
    x = _x("low", axis, number, _from_zero([r.high for r in rows], [r.text for r in rows]))
    y = _names([r.name for r in rows])
    return _finish(
        alt.layer(
            base.mark_rule(color=ACCENT, strokeWidth=5, opacity=0.35).encode(x=x, x2="high:Q", y=y),
            base.mark_circle(color=ACCENT, size=90, opacity=1).encode(x="middle:Q", y=y),
            base.mark_text(align="left", dx=10).encode(x="high:Q", y=y, text="text:N"),
        )
    )


def _labels(base: alt.Chart) -> alt.Chart:
    """Write each label where there was found room for it."""
    dx, dy, align = (alt.expr(f"datum.{name}") for name in Place._fields)
    labels: alt.Chart = base.transform_filter("datum.label != ''").mark_text(dx=dx, dy=dy, align=align)
    return labels


def _label_places(points: Sequence[Point]) -> dict[int, Place]:
    """Find room for up to six labels, most money first."""
    across = _pixels([p.support for p in points], [p.support for p in points], _MAP_WIDTH)
    ends = [0.9, *(end for p in points for end in (p.low, p.high))]
    up = _pixels([p.size_lift for p in points], ends, _HEIGHT)
    order = sorted(range(len(points)), key=lambda i: (-points[i].money, i))
    most = max(p.money for p in points) or 1
    spots = [
        Spot(across[i], _HEIGHT - up[i], _radius(points[i].money / most), text_width(points[i].name))
        for i in order
    ]
    placed = place_labels(spots, width=_MAP_WIDTH + _OVERHANG, height=_HEIGHT, at_most=_LABELS)
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


def _chart(values: Sequence[Mapping[str, Any]], *, height: int = _HEIGHT, width: int = _WIDTH) -> alt.Chart:
    data = alt.Data(values=list(values))  # type: ignore[no-untyped-call]
    return alt.Chart(data, width=width, height=height)


def _names(names: Sequence[str]) -> alt.Y:
    """Keep room for the longest name: the reader's font may be wider than the one measured here."""
    room = min(max(text_width(name) for name in names), 1.15 * _LABEL)
    axis = alt.Axis(labelColor=INK, labelLimit=_LABEL, grid=False, minExtent=room + 8)
    return alt.Y("name:N", sort=None, title=None, axis=axis)


def _from_zero(ends: Sequence[float], texts: Sequence[str]) -> alt.Scale:
    """Start at 0 and leave room for the text at the end of the longest bar."""
    room = max(text_width(text) for text in texts) + 12
    return alt.Scale(domain=[0, (max(ends) or 1) * _WIDTH / (_WIDTH - room)], nice=False)


def text_width(text: str) -> float:
    """Estimate the width of a chart's text in pixels; Chinese characters are as wide as they are high.

    Examples
    --------
    >>> text_width("milk"), text_width("MILK"), text_width("牛奶")
    (28.0, 34.0, 24.0)
    """
    return sum(
        12.0 if unicodedata.east_asian_width(character) in "WF" else 8.5 if character.isupper() else 7.0
        for character in text
    )


def _x(field: str, title: str, number: str, scale: alt.Scale, *, grid: bool = True) -> alt.X:
    axis = alt.Axis(format=number, tickCount=5, grid=grid)
    return alt.X(f"{field}:Q", title=title, scale=scale, axis=axis)


def _finish(chart: alt.LayerChart | alt.FacetChart) -> dict[str, Any]:
    spec: dict[str, Any] = chart.to_dict()
    return spec | {"config": _CONFIG}
