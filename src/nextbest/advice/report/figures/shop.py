"""Charts of customers, rules and audiences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nextbest.advice.report.core import charts
from nextbest.advice.report.figures.drawing import draw
from nextbest.advice.report.spec import Audience, Chart, Group, RuleLine, RuleList
from nextbest.advice.report.words import shop as words
from nextbest.advice.report.words.reader import Reader


def segments_chart(reader: Reader, groups: Sequence[Group]) -> Chart:
    """Draw what each segment brings beside how many customers it has."""
    bars = [_group_bar(reader, reader.segment(group.name), group) for group in groups]
    by = "customers" if groups[0].revenue_share is None else "revenue"
    caption = words.segments_caption(reader, groups)
    drawn = charts.bars(bars, axis=reader.say(f"axis.{by}_share"), number=".0%")
    return draw("segments", caption, drawn, _group_table(reader, groups, reader.segment))


def stages_chart(reader: Reader, groups: Sequence[Group]) -> Chart:
    """Draw how many customers are at each stage of their life."""
    bars = [
        charts.Bar(reader.stage(group.name), group.customers_share, _stage_text(reader, group))
        for group in groups
    ]
    drawn = charts.bars(bars, axis=reader.say("axis.customers_share"), number=".0%")
    caption = words.stages_caption(reader, groups)
    return draw("stages", caption, drawn, _group_table(reader, groups, reader.stage))


def _group_bar(reader: Reader, name: str, group: Group) -> charts.Bar:
    if group.revenue_share is None:
        return charts.Bar(name, group.customers_share, reader.percent(group.customers_share))
    text = reader.say("segments.bar", revenue=group.revenue_share, customers=group.customers_share)
    return charts.Bar(name, group.revenue_share, text, group.customers_share)


def _stage_text(reader: Reader, group: Group) -> str:
    if group.revenue_share is None:
        return reader.count(group.n_customers)
    return reader.say("stages.bar", n=group.n_customers, revenue=group.revenue_share)


def _group_table(reader: Reader, groups: Sequence[Group], name: Callable[[str], str]) -> list[list[str]]:
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


def rule_map(reader: Reader, listed: RuleList) -> Chart | None:
    """Draw rules by support and size_lift; ``None`` where basket size says nothing."""
    lines = [line for line in listed.lines if line.size_lift_low]
    if not lines:
        return None
    points = [
        charts.Point(
            reader.short_rule(line),
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
    return draw(f"map-{listed.level}", caption, charts.rule_map(points, titles), [header, *body])


def days_chart(reader: Reader, lines: Sequence[RuleLine]) -> Chart:
    """Draw after how many days the next purchase comes."""
    spans = [_days_interval(reader, line) for line in lines]
    header = [reader.say(f"column.{key}") for key in ("rule", "days", "days_range")]
    body = [
        [
            reader.rule(line),
            reader.days(span.middle),
            reader.say("days.range", low=reader.days(span.low), high=reader.days(span.high)),
        ]
        for line, span in zip(lines, spans, strict=True)
    ]
    drawn = charts.intervals(spans, axis=reader.say("axis.days"), number=",.0f")
    return draw("days", words.days_caption(reader, lines), drawn, [header, *body])


def _days_interval(reader: Reader, line: RuleLine) -> charts.Interval:
    rule = line.rule
    middle = rule["days_between"]
    low, high = (rule.get(f"days_between_{end}") for end in ("low", "high"))
    text = reader.say("days.bar", days=reader.days(middle))
    return charts.Interval(
        reader.short_rule(line),
        middle if low is None else low,
        middle,
        middle if high is None else high,
        text,
    )


def audience_chart(reader: Reader, audiences: Sequence[Audience], n_all: int) -> Chart:
    """Draw what is at stake with each audience."""
    bars = [
        charts.Bar(reader.short_rule(each), each.margin_at_stake or 0, reader.money(each.margin_at_stake))
        for each in audiences
    ]
    header = [reader.say(f"column.{key}") for key in ("rule", "customers", "margin")]
    body = [
        [reader.rule(each), reader.count(each.n_customers), reader.money(each.margin_at_stake)]
        for each in audiences
    ]
    unit = reader.edition.currency or reader.say("axis.shop_currency")
    drawn = charts.bars(bars, axis=reader.say("axis.margin", unit=unit), number=",.0f")
    return draw("audiences", words.audiences_caption(reader, audiences, n_all), drawn, [header, *body])
