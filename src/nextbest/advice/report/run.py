"""The recipe of the page: compute what is shown, have it drawn, fill the templates."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, Final

import jinja2
import pyarrow.compute as pc

from nextbest.advice.report import figures, words
from nextbest.advice.report.core.audiences import audiences_of
from nextbest.advice.report.core.changes import changes_of
from nextbest.advice.report.core.customers import grid_of, segments_of, stages_of
from nextbest.advice.report.core.paint import tokens
from nextbest.advice.report.core.reading import rows
from nextbest.advice.report.core.rules import KINDS, rule_lists, sure_rules
from nextbest.advice.report.core.shop import limits_of, loading_of, quality_of, shop_of
from nextbest.advice.report.spec import (
    Edition,
    ReportSettings,
    Row,
    Tables,
)
from nextbest.advice.report.words import Reader
from nextbest.base.findings import Finding

_DRAWN: Final = 12
"""Bars or intervals in a chart; the table under it has more."""
_SECTIONS: Final = (
    "findings",
    "changes",
    "quality",
    "customers",
    "together",
    "next",
    "audiences",
    "left_out",
    "definitions",
)


def render_report(
    tables: Tables,
    findings: Sequence[Finding],
    edition: Edition,
    *,
    settings: ReportSettings | None = None,
    against: Tables | None = None,
) -> str:
    """Write the report as one HTML page that loads nothing from anywhere.

    Parameters
    ----------
    tables
        Tables of a snapshot by name: rules, rule_periods, rule_limits, rfm, lifecycle, product_profiles, audiences,
        load_report, load_reasons, data_quality, skipped, shop_totals. Where one is absent, its section says what is
        missing.
    findings
        Findings of the run, in any order.
    edition
        Shop, language, currency and names of the runs.
    settings
        How much is shown.
    against
        Tables of an older snapshot; adds a section on what changed since.

    Examples
    --------
    >>> render_report({}, [], Edition("Corner shop"))[:15]
    '<!doctype html>'
    """
    chosen = settings or ReportSettings()
    reader = Reader(edition)
    shown = {
        **_shop_parts(tables, findings, chosen),
        **_customer_parts(tables, reader),
        **_rule_parts(tables, reader, chosen),
        **_audience_parts(tables, reader, chosen),
        "changes": None if against is None else changes_of(tables, against, chosen.max_size_q_value),
    }
    return _page(reader, shown)


def _shop_parts(tables: Tables, findings: Sequence[Finding], settings: ReportSettings) -> dict[str, Any]:
    ranked = sorted(findings, key=lambda finding: (-(finding.money or 0), finding.code, finding.ref or ""))
    return {
        "shop": shop_of(tables),
        "findings": ranked[: settings.max_findings],
        "n_findings": len(ranked),
        "loading": loading_of(tables),
        "quality": quality_of(tables),
        "limits": limits_of(tables),
        "skipped": {row["capability"]: row["missing"] for row in _rows(tables, "skipped")},
    }


def _rows(tables: Tables, name: str) -> Sequence[Row]:
    return rows(tables[name]) if name in tables else []


def _customer_parts(tables: Tables, reader: Reader) -> dict[str, Any]:
    grid = grid_of(tables["rfm"]) if "rfm" in tables else None
    segments = segments_of(tables["rfm"]) if grid else []
    stages = stages_of(tables["lifecycle"], tables.get("rfm")) if "lifecycle" in tables else []
    return {
        "grid": grid,
        "grid_title": words.grid_title(reader, grid) if grid else None,
        "segments": figures.segments_chart(reader, segments) if segments else None,
        "stages": figures.stages_chart(reader, stages) if stages else None,
    }


def _rule_parts(tables: Tables, reader: Reader, settings: ReportSettings) -> dict[str, Any]:
    if "rules" not in tables:
        return {**dict.fromkeys(KINDS), "maps": {}, "days": None, "n_ordered": 0}
    sure = sure_rules(tables["rules"], settings.max_size_q_value)
    sizes = {"substitutes": settings.max_substitutes}
    lists = {
        kind: rule_lists(
            sure, kind, periods=tables.get("rule_periods"), at_most=sizes.get(kind, settings.max_rules)
        )
        for kind in KINDS
    }
    n_ordered = pc.sum(tables["rules"]["is_ordered"]).as_py() or 0
    # Two maps at most: a chart takes a tenth of a second and a reader's patience.
    maps = {listed.level: figures.rule_map(reader, listed) for listed in lists["together"][:2]}
    timed = [
        line for listed in lists["next"] for line in listed.lines if line.rule.get("days_between") is not None
    ]
    return {
        **lists,
        "n_ordered": n_ordered,
        "maps": maps,
        "days": figures.days_chart(reader, timed[:_DRAWN]) if timed else None,
    }


def _audience_parts(tables: Tables, reader: Reader, settings: ReportSettings) -> dict[str, Any]:
    if "audiences" not in tables:
        return {"audiences": None, "n_audiences": 0, "audience_chart": None}
    audiences, n_all = audiences_of(tables, settings.max_audiences)
    worth = [audience for audience in audiences if audience.margin_at_stake][:_DRAWN]
    chart = figures.audience_chart(reader, worth, n_all) if worth else None
    return {"audiences": audiences, "n_audiences": n_all, "audience_chart": chart}


def _page(reader: Reader, shown: Mapping[str, Any]) -> str:
    script = _asset("script.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = _templates().get_template("page.html.j2")
    return page.render(
        **shown,
        r=reader,
        t=reader.say,
        edition=reader.edition,
        sections=[name for name in _SECTIONS if name != "changes" or shown["changes"]],
        definitions=words.DEFINITIONS,
        style=tokens() + _asset("style.css"),
        script=script,
        script_digest=digest,
    )


def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("nextbest.advice.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _asset(name: str) -> str:
    return (resources.files("nextbest.advice.report") / name).read_text("utf-8")
