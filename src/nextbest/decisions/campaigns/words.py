"""What a campaign's plan says: whom it reaches, what it should bring, what the control group will show, what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from nextbest.base.findings import Finding
from nextbest.decisions.campaigns.spec import LevelTotals, Summary

if TYPE_CHECKING:
    from nextbest.base.messages import Value

_POWER: Final = 0.8


def findings(summary: Summary, visible_share: float, reason: str | None) -> list[Finding]:
    """Say all that there is to say of one campaign.

    Parameters
    ----------
    visible_share
        Caused share of the purchases that the control group was sized to see.
    reason
        Why nobody is held back.
    """
    plan, most = summary.plan, max(summary.excluded, key=lambda pair: pair[1], default=("beyond_limits", 0))
    values: dict[str, Value] = {
        **asdict(plan),
        "n_asked": summary.n_asked,
        "n_offers": summary.n_offers,
        "product": summary.product,
        "break_even_share": summary.break_even_share,
        "unreached": summary.unreached,
        "source": plan.margin_source and f"offers.margin.{plan.margin_source}",
        "n_left_out": sum(n for _, n in summary.excluded),
        "why": f"campaign.reason.{most[0]}",
        "n_why": most[1],
        "visible_share": visible_share,
        "because": reason,
    }
    return [
        Finding(
            code,
            values | more,
            money=money,
            margin_source=summary.plan.margin_source,
            ref=summary.plan.campaign_id,
        )
        for code, money, more in _said(summary)
    ]


def no_probability() -> Finding:
    """Say that no probability is known, so that nobody can be chosen."""
    return Finding("campaign.no_probability")


def _said(summary: Summary) -> Iterator[tuple[str, float | None, dict[str, Value]]]:
    plan = summary.plan
    if not plan.n:
        yield "campaign.nobody", None, {}
        return
    yield f"campaign.planned_{plan.objective}", plan.incremental_profit, {}
    if plan.objective == "expected":
        yield "campaign.untested" if summary.break_even_share else "campaign.untested_free", None, {}
    yield _control(plan), None, {}
    if plan.worth_of_more is not None and plan.worth_of_more > 0:
        double = summary.levels[-1]
        yield "campaign.budget", None, _doubled(plan, double)
    if summary.excluded:
        yield "campaign.left_out", None, {}
    if not summary.has_consents:
        yield "campaign.no_consents", None, {}
    if summary.unreached:
        yield "campaign.no_contacts", None, {}


def _control(plan: LevelTotals) -> str:
    if not plan.n_control:
        return "campaign.no_control" if plan.control_share == 0 else "campaign.control_too_small"
    if plan.power is not None and plan.power >= _POWER - 0.005:
        return "campaign.control"
    return "campaign.control_weak" if plan.smallest_share is not None else "campaign.control_too_small"


def _doubled(plan: LevelTotals, double: LevelTotals) -> dict[str, Value]:
    name = "incremental_profit" if plan.objective == "incremental" else "expected_profit"
    worth, more = getattr(plan, name), getattr(double, name)
    return {"n_double": double.n, "profit": worth, "profit_double": more}
