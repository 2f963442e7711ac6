"""The recipe of the page: compute what is shown, draw the charts, fill the templates."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import jinja2
import vl_convert
from markupsafe import Markup

from nextbest.advice.report import words
from nextbest.advice.report.core import charts
from nextbest.advice.report.core.audiences import audiences_of
from nextbest.advice.report.core.changes import changes_of
from nextbest.advice.report.core.customers import grid_of, segments_of, stages_of
from nextbest.advice.report.core.paint import tidy, tokens
from nextbest.advice.report.core.reading import rows
from nextbest.advice.report.core.rules import rule_lists
from nextbest.advice.report.core.shop import loading_of, shop_of
from nextbest.advice.report.spec import (
    Audience,
    Chart,
    Edition,
    Group,
    ReportSettings,
    Row,
    RuleLine,
    RuleList,
    Tables,
)
from nextbest.advice.report.words import Caption, Reader
from nextbest.base.findings import Finding

_DRAWN: Final = 12
"""Rows of a bar or interval chart; the table beside it has more."""
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
        "quality": _by_table(_rows(tables, "data_quality")),
        "limits": _rows(tables, "rule_limits"),
        "skipped": {row["capability"]: row["missing"] for row in _rows(tables, "skipped")},
    }


def _rows(tables: Tables, name: str) -> Sequence[Row]:
    return rows(tables[name]) if name in tables else []


def _by_table(columns: Sequence[Row]) -> dict[str, list[Row]]:
    return {name: list(found) for name, found in groupby(columns, key=itemgetter("table"))}


def _customer_parts(tables: Tables, reader: Reader) -> dict[str, Any]:
    grid = grid_of(tables["rfm"]) if "rfm" in tables else None
    segments = segments_of(tables["rfm"]) if grid else []
    stages = stages_of(tables["lifecycle"], tables.get("rfm")) if "lifecycle" in tables else []
    return {
        "grid": grid,
        "grid_title": words.grid_title(reader, grid) if grid else None,
        "segments": _segments_chart(reader, segments) if segments else None,
        "stages": _stages_chart(reader, stages) if stages else None,
    }


def _segments_chart(reader: Reader, groups: Sequence[Group]) -> Chart:
    bars = [_group_bar(reader, reader.segment(group.name), group) for group in groups]
    by = "customers" if groups[0].revenue_share is None else "revenue"
    caption = words.segments_caption(reader, groups)
    drawn = charts.bars(bars, axis=reader.say(f"axis.{by}_share"), number=".0%")
    return _chart("segments", caption, drawn, _group_table(reader, groups, reader.segment))


def _stages_chart(reader: Reader, groups: Sequence[Group]) -> Chart:
    bars = [
        charts.Bar(reader.stage(group.name), group.customers_share, _stage_text(reader, group))
        for group in groups
    ]
    drawn = charts.bars(bars, axis=reader.say("axis.customers_share"), number=".0%")
    caption = words.stages_caption(reader, groups)
    return _chart("stages", caption, drawn, _group_table(reader, groups, reader.stage))


def _group_bar(reader: Reader, name: str, group: Group) -> charts.Bar:
    if group.revenue_share is None:
        return charts.Bar(name, group.customers_share, reader.percent(group.customers_share))
    text = reader.say("segments.bar", revenue=group.revenue_share, customers=group.customers_share)
    return charts.Bar(name, group.revenue_share, text, group.customers_share)


def _stage_text(reader: Reader, group: Group) -> str:
    if group.revenue_share is None:
        return reader.count(group.n_customers)
    return reader.say("stages.bar", n=group.n_customers, revenue=group.revenue_share)


def _group_table(reader: Reader, groups: Sequence[Group], name: Any) -> list[list[str]]:
    header = [
        reader.say(f"column.{key}")
        for key in ("group", "customers", "customers_share", "revenue", "revenue_share")
    ]
    body = [
        [
            name(group.name),
            reader.count(group.n_customers),
            reader.percent(group.customers_share),
            reader.money(group.revenue_total),
            reader.percent(group.revenue_share),
        ]
        for group in groups
    ]
    return [header, *body]


def _rule_parts(tables: Tables, reader: Reader, settings: ReportSettings) -> dict[str, Any]:
    if "rules" not in tables:
        return {"together": None, "substitutes": None, "next": None, "maps": {}, "days": None}
    lists = {kind: rule_lists(tables, kind, settings) for kind in ("together", "substitutes", "next")}
    # Two maps at most: a chart takes a tenth of a second and a reader's patience.
    maps = {listed.level: _rule_map(reader, listed) for listed in lists["together"][:2]}
    timed = [
        line for listed in lists["next"] for line in listed.lines if line.rule.get("days_between") is not None
    ]
    return {**lists, "maps": maps, "days": _days_chart(reader, timed[:_DRAWN]) if timed else None}


def _rule_map(reader: Reader, listed: RuleList) -> Chart | None:
    lines = [line for line in listed.lines if line.size_lift_low]
    if not lines:
        return None
    points = [
        charts.Point(
            reader.rule(line),
            line.rule["support"],
            line.rule["size_lift"],
            line.size_lift_low or 0,
            line.size_lift_high or 0,
            line.rule.get("margin_at_stake") or 0,
        )
        for line in lines
    ]
    titles = {name: reader.say(f"axis.{name}") for name in ("support", "size_lift")}
    header = [reader.say(f"column.{key}") for key in ("rule", "support", "size_lift", "interval", "margin")]
    body = [
        [
            reader.rule(line),
            reader.percent(line.rule["support"]),
            reader.ratio(line.rule["size_lift"]),
            reader.say("interval", low=line.size_lift_low, high=line.size_lift_high),
            reader.money(line.rule.get("margin_at_stake")),
        ]
        for line in lines
    ]
    caption = words.map_caption(reader, listed, lines)
    return _chart(f"map-{listed.level}", caption, charts.rule_map(points, titles), [header, *body])


def _days_chart(reader: Reader, lines: Sequence[RuleLine]) -> Chart:
    rows_drawn = [_days_interval(reader, line) for line in lines]
    header = [reader.say(f"column.{key}") for key in ("rule", "days", "days_range")]
    body = [
        [
            row.name,
            reader.days(row.middle),
            reader.say("days.range", low=reader.days(row.low), high=reader.days(row.high)),
        ]
        for row in rows_drawn
    ]
    drawn = charts.intervals(rows_drawn, axis=reader.say("axis.days"), number=",.0f")
    return _chart("days", words.days_caption(reader, lines), drawn, [header, *body])


def _days_interval(reader: Reader, line: RuleLine) -> charts.Interval:
    rule = line.rule
    middle = rule["days_between"]
    low, high = (rule.get(f"days_between_{end}") for end in ("low", "high"))
    text = reader.say("days.bar", days=reader.days(middle))
    return charts.Interval(
        reader.rule(line), middle if low is None else low, middle, middle if high is None else high, text
    )


def _audience_parts(tables: Tables, reader: Reader, settings: ReportSettings) -> dict[str, Any]:
    if "audiences" not in tables:
        return {"audiences": None, "n_audiences": 0, "audience_chart": None}
    audiences, n_all = audiences_of(tables, settings.max_audiences)
    worth = [audience for audience in audiences if audience.margin_at_stake][:_DRAWN]
    chart = _audience_chart(reader, worth, n_all) if worth else None
    return {"audiences": audiences, "n_audiences": n_all, "audience_chart": chart}


def _audience_chart(reader: Reader, audiences: Sequence[Audience], n_all: int) -> Chart:
    bars = [
        charts.Bar(reader.rule(each), each.margin_at_stake or 0, reader.money(each.margin_at_stake))
        for each in audiences
    ]
    header = [reader.say(f"column.{key}") for key in ("rule", "customers", "margin")]
    body = [
        [reader.rule(each), reader.count(each.n_customers), reader.money(each.margin_at_stake)]
        for each in audiences
    ]
    unit = reader.edition.currency or reader.say("axis.shop_currency")
    drawn = charts.bars(bars, axis=reader.say("axis.margin", unit=unit), number=",.0f")
    return _chart("audiences", words.audiences_caption(reader, audiences, n_all), drawn, [header, *body])


def _chart(name: str, caption: Caption, drawn: Mapping[str, Any], table: Sequence[Sequence[str]]) -> Chart:
    # vl-convert escapes the text it draws, so what comes back is safe markup.
    svg = vl_convert.vegalite_to_svg(json.dumps(drawn), vl_version="6.4", allowed_base_urls=[])
    drawing = Markup(tidy(svg))  # noqa: S704
    return Chart(name, caption.title, caption.subtitle, caption.summary, drawing, table[0], table[1:])


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
        style=Markup(tokens() + _asset("style.css")),  # noqa: S704
        script=Markup(script),  # noqa: S704
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
