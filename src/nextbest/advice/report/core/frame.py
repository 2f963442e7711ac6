"""What all charts share: colours, sizes, fonts, axes, and the room that text takes.

Colours are the light tones of the palette; the stylesheet turns them into tokens.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

from nextbest.advice.report.spec import PALETTE

INK, MUTED, ACCENT = PALETTE["ink"].light, PALETTE["muted"].light, PALETTE["accent"].light
REFERENCE, HAIRLINE = PALETTE["reference"].light, PALETTE["hairline"].light
WIDTH: Final = 420
HEIGHT: Final = 320
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


def frame(values: Sequence[Mapping[str, Any]], *, height: float = HEIGHT, width: float = WIDTH) -> alt.Chart:
    """Open a chart on rows typed in place."""
    data = alt.Data(values=list(values))  # type: ignore[no-untyped-call]
    return alt.Chart(data, width=width, height=height)


def across(field: str, title: str, number: str, scale: alt.Scale, *, grid: bool = True) -> alt.X:
    """Lay a number out from left to right."""
    axis = alt.Axis(format=number, tickCount=5, grid=grid)
    return alt.X(f"{field}:Q", title=title, scale=scale, axis=axis)


def upward(field: str, title: str, number: str, scale: alt.Scale) -> alt.Y:
    """Lay a number out from the bottom to the top."""
    return alt.Y(f"{field}:Q", title=title, scale=scale, axis=alt.Axis(format=number, tickCount=5))


def finish(chart: alt.LayerChart | alt.FacetChart) -> dict[str, Any]:
    """Close a chart: Vega-Lite with the look of the page."""
    spec: dict[str, Any] = chart.to_dict()
    return spec | {"config": _CONFIG}


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
