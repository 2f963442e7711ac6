"""The report's words: numbers as people read them, and the sentence over each chart."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nextbest.advice.report.spec import Audience, Edition, Grid, Group, RuleLine, RuleList
from nextbest.base.messages import Message, Value, codes, render


def shortened(name: str, at_most: int = 24) -> str:
    """Cut a long name.

    Examples
    --------
    >>> shortened("Milk"), shortened("Household cleaning needs", 12)
    ('Milk', 'Household c…')
    """
    return name if len(name) <= at_most else f"{name[: at_most - 1].rstrip()}…"


@functools.cache
def _known(language: str) -> frozenset[str]:
    return frozenset(codes(language))


@dataclass(frozen=True, slots=True)
class Reader:
    """How numbers and names read in one edition."""

    edition: Edition

    def say(self, code: str, /, **values: Value) -> str:
        """Render a text of this report's catalogue."""
        return self.message(Message(f"report.{code}", values))

    def message(self, message: Message) -> str:
        """Render any message, such as a finding's sentence."""
        return render(message, self.edition.language, currency=self.edition.currency)

    def name(self, code: str, name: str) -> str:
        """Give the name that the catalogues hold for ``code``; what people called it otherwise."""
        return self.message(Message(code)) if code in _known(self.edition.language) else name

    def segment(self, name: str) -> str:
        """Name an RFM segment."""
        return self.name(f"rfm.{name}", name.replace("_", " ").capitalize())

    def stage(self, name: str) -> str:
        """Name a lifecycle stage."""
        return self.name(f"lifecycle.{name}", name)

    def count(self, value: int | None) -> str:
        """Whole numbers."""
        return self.say("cell.count", value=value)

    def percent(self, value: float | None) -> str:
        """Shares."""
        return self.say("cell.percent", value=value)

    def ratio(self, value: float | None) -> str:
        """Ratios such as a lift."""
        return self.say("cell.ratio", value=value)

    def money(self, value: float | None) -> str:
        """Money in the shop's currency."""
        return self.say("cell.money", value=value)

    def days(self, value: float | None) -> str:
        """Days, whole."""
        return self.count(None if value is None else round(value))

    def chance(self, value: float | None) -> str:
        """Write p and q values: two digits, small ones as a bound.

        Examples
        --------
        >>> Reader(Edition("Corner shop")).chance(0.0000021)
        '< 0.0001'
        >>> Reader(Edition("Corner shop")).chance(0.0213)
        '0.021'
        """
        if value is None:
            return "–"
        return "< 0.0001" if value < 0.0001 else f"{value:.2g}"  # noqa: PLR2004

    def rule(self, rule: RuleLine | Audience) -> str:
        """Write a rule as body and head."""
        return self.say("rule", body=rule.rule["body"], head=rule.rule["head"])

    def short_rule(self, rule: RuleLine | Audience) -> str:
        """Write a rule in the room a chart has; its table has the whole names."""
        return self.say("rule", body=shortened(rule.rule["body"]), head=shortened(rule.rule["head"]))


@dataclass(frozen=True, slots=True)
class Caption:
    """What stands over and behind a chart."""

    title: str
    subtitle: str
    summary: str


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
    return Caption(title, reader.say(f"segments.subtitle.{by}", n=n), _listing(reader, parts))


def stages_caption(reader: Reader, groups: Sequence[Group]) -> Caption:
    """Say how many customers still buy in their own rhythm, and how many are falling silent."""
    shares = {group.name: group.customers_share for group in groups}
    on = shares.get("new", 0.0) + shares.get("active", 0.0)
    title = reader.say("stages.title", on=on, slowing=shares.get("slowing", 0.0))
    parts = [_group_phrase(reader, reader.stage(group.name), group) for group in groups]
    n = sum(group.n_customers for group in groups)
    return Caption(title, reader.say("stages.subtitle", n=n), _listing(reader, parts))


def _group_phrase(reader: Reader, name: str, group: Group) -> str:
    by = "customers" if group.revenue_share is None else "revenue"
    return reader.say(f"group.{by}", name=name, customers=group.customers_share, revenue=group.revenue_share)


def _listing(reader: Reader, parts: Sequence[str]) -> str:
    return reader.say("listing", parts=tuple(parts))


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
    return Caption(title, subtitle, _listing(reader, parts))


def days_caption(reader: Reader, lines: Sequence[RuleLine]) -> Caption:
    """Say after how many days the surest next purchase comes."""
    top = lines[0]
    title = reader.say(
        "days.title", body=top.rule["body"], head=top.rule["head"], days=top.rule["days_between"]
    )
    parts = [days_phrase(reader, line) for line in lines[:5]]
    return Caption(title, reader.say("days.subtitle", n=len(lines)), _listing(reader, parts))


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
    return Caption(title, subtitle, _listing(reader, parts))


DEFINITIONS: Final = (
    "support",
    "confidence",
    "rule_lift",
    "size_lift",
    "interval",
    "q_value",
    "stability",
    "days_between",
    "substitutes",
    "n_audience",
    "margin_at_stake",
    "margin_source",
    "rfm",
    "segment",
    "lifecycle",
    "net_revenue",
    "accounting",
    "change",
)
"""Terms at the end of the page: ``report.define.<term>``, ``.text`` and ``.formula``."""
