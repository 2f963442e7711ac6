"""What does a file that comes back say, row by row: to whom, what happened, and is it new?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from nextbest.decisions.campaigns.spec import SENT

NO_DECISION: Final = "campaign.unknown_decision"
NO_CUSTOMER: Final = "campaign.unknown_customer"
OTHER_CUSTOMER: Final = "campaign.other_customer"


@dataclass(frozen=True, slots=True)
class Decision:
    """One customer of a campaign, contacted or held back."""

    decision_id: str
    customer_id: str
    offer_id: str | None
    campaign_id: str | None
    channel: str | None
    is_control: bool


@dataclass(frozen=True, slots=True)
class Report:
    """One row of a file that came back."""

    row: int
    decision_id: str | None
    customer_id: str | None
    said: tuple[tuple[str, datetime], ...]
    """What happened, and when (UTC)."""
    fault: str | None = None
    """Why the row cannot be read, as a code: its state is none that we know, a time is no time."""
    revenue: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """One thing that followed a decision."""

    decision: Decision
    response: str
    occurred_at: datetime
    revenue: Decimal | None


@dataclass
class Returned:
    """A returned file, sorted out: every row is kept, merged or refused."""

    new: list[Response] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    """Row and reason."""
    n_kept: int = 0
    n_merged: int = 0
    """Rows that say nothing new."""
    n_control: int = 0
    """Rows of customers who were held back, among those kept."""
    n_control_sent: int = 0
    """Of these, rows that say that a message was sent all the same."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known before the file comes back."""

    decisions: Mapping[str, Decision]
    of_customer: Mapping[str, Decision]
    """The only, or the latest, decision of a customer."""
    seen: frozenset[tuple[str, str]] = frozenset()
    """Decisions and responses that came back earlier."""


def sort_out(reports: Iterable[Report], ledger: Ledger) -> Returned:
    """Sort a returned file out.

    A row names its decision, or at least a customer of the campaign. The same response to the same decision counts once,
    in one file or in several. Rows of customers who were held back are kept, and counted: they show a mistake in sending,
    or that somebody responded without a message.

    Examples
    --------
    >>> ann = Decision("d1", "ann", "tea", "spring", "sms", is_control=False)
    >>> at = datetime(2026, 1, 2)
    >>> back = sort_out(
    ...     [Report(1, "d1", None, (("sent", at),)), Report(2, "d1", None, (("sent", at),)), Report(3, "d9", "zoe", ())],
    ...     Ledger({"d1": ann}, {"ann": ann}),
    ... )
    >>> len(back.new), back.n_kept, back.n_merged, back.refused
    (1, 1, 1, {3: 'campaign.unknown_decision'})
    """
    back = Returned()
    seen = set(ledger.seen)
    for report in reports:
        found = _decision(report, ledger)
        if isinstance(found, str):
            back.refused[report.row] = found
            continue
        fresh = [(response, at) for response, at in report.said if (found.decision_id, response) not in seen]
        seen |= {(found.decision_id, response) for response, _ in fresh}
        back.new += [Response(found, response, at, report.revenue) for response, at in fresh]
        if report.said and not fresh:
            back.n_merged += 1
            continue
        back.n_kept += 1
        if found.is_control and fresh:
            back.n_control += 1
            back.n_control_sent += any(response == SENT for response, _ in fresh)
    return back


def _decision(report: Report, ledger: Ledger) -> Decision | str:
    """Find whom a row speaks of, or why it cannot be said."""
    if report.fault is not None:
        return report.fault
    if report.decision_id is None:
        return ledger.of_customer.get(report.customer_id or "", NO_CUSTOMER)
    decision = ledger.decisions.get(report.decision_id)
    if decision is None:
        return NO_DECISION
    if report.customer_id is not None and report.customer_id != decision.customer_id:
        return OTHER_CUSTOMER
    return decision
