"""The report: what a run found, as one HTML page that loads nothing, prints, and reads in English and Chinese."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nextbest.advice.report.query import DIGESTS, shop_totals
    from nextbest.advice.report.run import render_report
    from nextbest.advice.report.spec import SHOP_TOTALS, SHOWN, Edition, ReportSettings

_HOMES = {
    "DIGESTS": "query",
    "Edition": "spec",
    "ReportSettings": "spec",
    "SHOP_TOTALS": "spec",
    "SHOWN": "spec",
    "render_report": "run",
    "shop_totals": "query",
}

__all__ = [
    "DIGESTS",
    "SHOP_TOTALS",
    "SHOWN",
    "Edition",
    "ReportSettings",
    "render_report",
    "shop_totals",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
