"""A finding: one measured sentence, what it is worth, and the numbers behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nextbest.base.messages import Message, Value


@dataclass(frozen=True, slots=True)
class Finding:
    """A measured sentence as a code and numbers, put into words when it is read.

    The catalogues hold three texts per code: ``<code>`` (the sentence), ``<code>.evidence`` (the numbers behind it)
    and ``<code>.action`` (what to do).
    """

    code: str
    """Such as ``rules.goes_with``."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """What the placeholders stand for: strings, counts, shares, money, days."""
    money: float | None = None
    """What is at stake, in the shop's currency; findings are read most money first."""
    margin_source: str | None = None
    """``given``, ``category_default`` or ``assumed``; stands beside every figure of money."""
    ref: str | None = None
    """The row it comes from, such as a ``rule_id``."""

    @property
    def sentence(self) -> Message:
        """What was measured."""
        return Message(self.code, self.values)

    @property
    def evidence(self) -> Message:
        """The numbers behind it."""
        return Message(f"{self.code}.evidence", self.values)

    @property
    def action(self) -> Message:
        """What to do about it."""
        return Message(f"{self.code}.action", self.values)
