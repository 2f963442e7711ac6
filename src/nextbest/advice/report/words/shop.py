"""The sentences over the charts of customers, rules and audiences."""

from __future__ import annotations

from collections.abc import Sequence

from nextbest.advice.report.spec import Audience, Grid, Group, RuleLine, RuleList
from nextbest.advice.report.words.reader import Caption, Reader


def segments_caption(reader: Reader, groups: Sequence[Group]) -> Caption:
    """Say which segment brings most."""
    top = groups[0]
    by = "customers" if top.revenue_share is None else "revenue"
    title = reader.say(
        f"segments.title.{by}",
        segment=reader.segment(top.name),
        customers=top.customers_share,
        revenue=top.revenue_share,
    )
    parts = [_group_phrase(reader, reader.segment(group.name), group) for group in groups]
    n = sum(group.n_customers for group in groups)
    return Caption(title, reader.say(f"segments.subtitle.{by}", n=n), reader.listing(parts))


def stages_caption(reader: Reader, groups: Sequence[Group]) -> Caption:
    """Say how many customers still buy in their own rhythm, and how many are falling silent."""
    shares = {group.name: group.customers_share for group in groups}
    on = shares.get("new", 0.0) + shares.get("active", 0.0)
    title = reader.say("stages.title", on=on, slowing=shares.get("slowing", 0.0))
    parts = [_group_phrase(reader, reader.stage(group.name), group) for group in groups]
    n = sum(group.n_customers for group in groups)
    return Caption(title, reader.say("stages.subtitle", n=n), reader.listing(parts))


def _group_phrase(reader: Reader, name: str, group: Group) -> str:
    by = "customers" if group.revenue_share is None else "revenue"
    return reader.say(f"group.{by}", name=name, customers=group.customers_share, revenue=group.revenue_share)


def grid_title(reader: Reader, grid: Grid) -> str:
    """Say what the fullest cell is worth."""
    top = grid.top
    by = "customers" if top.revenue_share is None else "revenue"
    return reader.say(
        f"grid.title.{by}",
        r=top.r_score,
        f=top.f_score,
        customers=top.customers_share,
        revenue=top.revenue_share,
    )


def map_caption(reader: Reader, listed: RuleList, lines: Sequence[RuleLine]) -> Caption:
    """Say which rule has most at stake, or is strongest where nothing is known of money."""
    top = lines[0]
    worth = "money" if top.rule.get("margin_at_stake") else "strength"
    title = reader.say(
        f"map.title.{worth}",
        rule=reader.rule(top),
        money=top.rule.get("margin_at_stake"),
        size_lift=top.rule["size_lift"],
    )
    n_orders = top.rule["n_orders"]
    subtitle = reader.say("map.subtitle", n=len(lines), n_sure=listed.n_sure, n_orders=n_orders)
    parts = [
        reader.say(
            "map.point",
            rule=reader.rule(line),
            size_lift=line.rule["size_lift"],
            support=line.rule["support"],
        )
        for line in lines[:5]
    ]
    return Caption(title, subtitle, reader.listing(parts))


def days_caption(reader: Reader, lines: Sequence[RuleLine]) -> Caption:
    """Say after how many days the surest next purchase comes."""
    top = lines[0]
    title = reader.say(
        "days.title", body=top.rule["body"], head=top.rule["head"], days=top.rule["days_between"]
    )
    parts = [days_phrase(reader, line) for line in lines[:5]]
    return Caption(title, reader.say("days.subtitle", n=len(lines)), reader.listing(parts))


def days_phrase(reader: Reader, line: RuleLine) -> str:
    """Write a rule with its usual days and their quartiles."""
    rule = line.rule
    return reader.say(
        "days.point",
        rule=reader.rule(line),
        days=reader.days(rule["days_between"]),
        low=reader.days(rule.get("days_between_low")),
        high=reader.days(rule.get("days_between_high")),
    )


def audiences_caption(reader: Reader, audiences: Sequence[Audience], n_all: int) -> Caption:
    """Say which audience has most at stake."""
    top = audiences[0]
    title = reader.say(
        "audiences.title",
        n=top.n_customers,
        body=top.rule["body"],
        head=top.rule["head"],
        money=top.margin_at_stake,
    )
    parts = [
        reader.say("audiences.point", rule=reader.rule(each), n=each.n_customers, money=each.margin_at_stake)
        for each in audiences[:5]
    ]
    subtitle = reader.say("audiences.subtitle", n=len(audiences), n_all=n_all)
    return Caption(title, subtitle, reader.listing(parts))
