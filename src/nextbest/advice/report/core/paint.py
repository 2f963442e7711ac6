"""Colours as tokens: the palette as CSS variables, and drawn charts that follow them."""

from __future__ import annotations

import re
from typing import Final

from nextbest.advice.report.spec import PALETTE

_SHAPE: Final = re.compile(r'(?<= d=")[^"]+|(?<= transform=")[^"]+')


def tokens() -> str:
    """Write the palette as CSS: light, both schemes where the browser knows ``light-dark``, and drawn charts."""
    light = "".join(f"--{name}:{tone.light};" for name, tone in PALETTE.items())
    both = "".join(f"--{name}:light-dark({tone.light},{tone.dark});" for name, tone in PALETTE.items())
    drawn = "".join(
        f'.drawing [{part}="{tone.light}"]{{{part}:var(--{name})}}'
        for name, tone in PALETTE.items()
        for part in ("fill", "stroke")
    )
    return f":root{{{light}}}@supports (color:light-dark(red,red)){{:root{{{both}}}}}{drawn}\n"


def tidy(svg: str) -> str:
    """Make a drawn chart fit for the page: hidden from readers who get the summary, without leftovers of the drawing.

    Examples
    --------
    >>> tidy('<svg role="img"><path d="M0.1234,2" opacity="1"/><text>1.2345</text></svg>')
    '<svg aria-hidden="true" focusable="false"><path d="M0.1,2"/><text>1.2345</text></svg>'
    """
    slim = re.sub(r' (?:aria-[a-z]+|role|pointer-events|opacity)="(?:[a-z-]+|1)"', "", svg)
    slim = re.sub(r'<path class="(?:fore|back)ground"[^>]*/>', "", slim)
    slim = _SHAPE.sub(lambda shape: re.sub(r"(\d+\.\d)\d+", r"\1", shape[0]), slim)
    return slim.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)
