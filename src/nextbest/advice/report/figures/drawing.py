"""Drawing: a chart's form and words made into a picture with the table of its numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import vl_convert

from nextbest.advice.report.core.paint import tidy
from nextbest.advice.report.spec import Chart
from nextbest.advice.report.words.reader import Caption


def draw(name: str, caption: Caption, drawn: Mapping[str, Any], table: Sequence[Sequence[str]]) -> Chart:
    """Draw a chart; ``table`` opens with its header."""
    # vl-convert escapes the text it draws, so the template takes it as it is.
    svg = vl_convert.vegalite_to_svg(json.dumps(drawn), vl_version="6.4", allowed_base_urls=[])
    return Chart(name, caption.title, caption.subtitle, caption.summary, tidy(svg), table[0], table[1:])
