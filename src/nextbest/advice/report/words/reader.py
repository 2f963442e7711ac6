"""Numbers and names as people read them, in one edition."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from nextbest.advice.report.spec import Audience, Edition, Row, RuleLine
from nextbest.base.messages import Message, Value, codes, render

_MINUS: Final = re.compile(r"(?<![A-Za-z0-9])-(?=\D{0,3}\d)")
"""A hyphen that stands for a minus, before an amount."""


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
        said = render(message, self.edition.language, currency=self.edition.currency)
        return _MINUS.sub("−", said).replace(" %", "\u00a0%")

    def name(self, code: str, name: str, **values: Value) -> str:
        """Give the name that the catalogues hold for ``code``; what people called it otherwise."""
        return self.message(Message(code, values)) if code in _known(self.edition.language) else name

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

    def whole_percent(self, value: float) -> str:
        """Round shares: 5 %, not 5.0 %."""
        return f"{round(100 * value)}%"

    def ratio(self, value: float | None) -> str:
        """Ratios such as a lift."""
        return self.say("cell.ratio", value=value)

    def money(self, value: float | None) -> str:
        """Money in the shop's currency."""
        return self.say("cell.money", value=value)

    def days(self, value: float | None) -> str:
        """Days, whole."""
        return self.count(None if value is None else round(value))

    def auc(self, value: float | None) -> str:
        """Areas under the ROC curve: three digits, without the 0 that all of them begin with."""
        return "–" if value is None else f"{value:.3f}".replace("0.", ".", 1)

    def fine(self, value: float | None) -> str:
        """Small losses: four digits."""
        return "–" if value is None else f"{value:.4f}"

    def day(self, value: date | None) -> str:
        """Days."""
        return self.say("cell.day", value=value)

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

    def worth(self, value: float | None, source: str | None) -> str:
        """Money with the source of its margin, in the room a chart or a sentence has."""
        named = self.name(f"report.source.{source}", source) if source else self.say("source.none")
        return self.money(value) if value is None else self.say("money_from", money=value, source=named)

    def reason(self, offer: Row) -> str:
        """Say why something is offered."""
        return self.message(Message(f"offers.reason.{offer['reason_code']}", offer["said"]))

    def rule(self, rule: RuleLine | Audience) -> str:
        """Write a rule as body and head."""
        return self.say("rule", body=rule.rule["body"], head=rule.rule["head"])

    def short_rule(self, rule: RuleLine | Audience) -> str:
        """Write a rule in the room a chart has; its table has the whole names."""
        return self.say("rule", body=shortened(rule.rule["body"]), head=shortened(rule.rule["head"]))

    def listing(self, parts: Sequence[str]) -> str:
        """Write parts that may hold commas one after the other, closed by a full stop."""
        return self.say("listing", parts=self.say("listing.between").join(parts))


@dataclass(frozen=True, slots=True)
class Caption:
    """What stands over and behind a chart."""

    title: str
    subtitle: str
    summary: str
