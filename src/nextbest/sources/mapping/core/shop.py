"""What a file betrays of its shop: a Chinese one by its headers, the currency by codes and signs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from nextbest.sources import values
from nextbest.sources.mapping.core.matching import Shapes, own_kind
from nextbest.sources.mapping.spec import Match

_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
_CURRENCY_IN_HEADER: Final = re.compile(
    r"[(\[（](USD|EUR|GBP|CNY|RMB|JPY|CHF|AUD|CAD|元)[)\]）]", re.IGNORECASE
)
_CURRENCY_NAMES: Final = {"元": "CNY", "RMB": "CNY"}


def is_chinese(shapes: Shapes) -> bool:
    """Tell whether half the headers or more are Chinese."""
    return sum(_CHINESE.search(name) is not None for name in shapes) >= len(shapes) / 2


def currency_of(matches: Mapping[str, Match], shapes: Shapes) -> str | None:
    """Find the currency: a column that says it, a code in a header, a sign before an amount."""
    import pyarrow as pa

    if "currency" in matches and matches["currency"].theirs in shapes:
        said = [cell for cell in shapes[matches["currency"].theirs].cells if cell]
        return max(sorted(set(said)), key=said.count, default=None)
    money = [
        match.theirs
        for name, match in matches.items()
        if own_kind("order_lines").get(name) and own_kind("order_lines")[name].kind == "money"
    ]
    for name in money:
        written = _CURRENCY_IN_HEADER.search(name)
        if written:
            return _CURRENCY_NAMES.get(written[1].upper(), written[1].upper())
        if name in shapes:
            seen = values.style_of(pa.array(shapes[name].cells, pa.string()), "money").currency
            if seen:
                return seen
    return "CNY" if is_chinese(shapes) else None
