"""The file that goes out, and the record of everybody in the campaign that is kept when it does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import ibis.expr.types as ir
import pyarrow as pa

from nextbest.base.errors import DataError
from nextbest.base.messages import Message, render, translate
from nextbest.decisions.campaigns import query
from nextbest.decisions.campaigns.spec import PRESETS, CampaignSettings, Preset
from nextbest.tables.store import Store

MASK: Final = "•••"


@dataclass(frozen=True, slots=True)
class Mailing:
    """What is to be exported."""

    campaign_id: str
    settings: CampaignSettings
    as_of: date | None
    preset: str
    language: str
    unmask: bool = False
    """Names may be written into texts."""

    @property
    def starts_on(self) -> date | None:
        """First day of sending."""
        return self.settings.starts_on or self.as_of

    @property
    def ends_on(self) -> date | None:
        """Last day on which a response counts."""
        return None if self.starts_on is None else self.starts_on + timedelta(days=self.settings.days - 1)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A file, and what is not in it."""

    rows: pa.Table
    """Columns of the preset."""
    n_control: int
    """Held back; never in the file."""
    n_no_consent: int
    """Planned, and consent is no longer given."""
    n_no_contact: int
    """Planned, and there is no contact."""
    enrolled: pa.Table
    """Rows of ``exposures``: everybody of the plan on these channels, contacted or held back, with ``exposed_at`` null."""


def outgoing(store: Store, mailing: Mailing) -> Outgoing:
    """Write down who is contacted: never the control group, nobody without consent as it stands now.

    Raises
    ------
    DataError
        No such preset, nobody is planned on its channels, or nobody's consent is known.
    """
    preset = PRESETS.get(mailing.preset)
    if preset is None:
        raise DataError("campaign.preset_unknown", preset=mailing.preset, known=sorted(PRESETS))
    planned = _planned(store, mailing, preset)
    treated = [row for row in planned if row["group"] == "treatment"]
    agreed = [row for row in treated if row["may"]]
    reached = [row for row in agreed if row["contact"] is not None or not preset.needs_contact]
    rows = [row | _message(row, mailing) for row in reached]
    return Outgoing(
        rows=pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in preset.columns}),
        n_control=len(planned) - len(treated),
        n_no_consent=len(treated) - len(agreed),
        n_no_contact=len(agreed) - len(reached),
        enrolled=_enrolled(planned, mailing.settings),
    )


def _planned(store: Store, mailing: Mailing, preset: Preset) -> list[dict[str, Any]]:
    """Read the plan on the preset's channels with contact, name and whether consent holds now."""
    audience = store.table("campaign_audience")
    own = audience.filter(audience.campaign_id == mailing.campaign_id)
    known = store.arrow(own.group_by("channel").aggregate(n=own.count()))
    channels = [name for name in sorted(known["channel"].to_pylist()) if name in preset.channels]
    if not channels:
        planned = sorted(known["channel"].to_pylist())
        raise DataError(
            "campaign.nobody_planned", campaign=mailing.campaign_id, preset=mailing.preset, planned=planned
        )
    if not store.has("consents", "customer_id") and channels != ["onsite"]:
        raise DataError("campaign.no_consent_known", campaign=mailing.campaign_id)
    facts = _facts(store, mailing, channels)
    on_these = own.filter(own.channel.isin(channels))
    if store.has("next_best_offers", "reason_code", "placeholders"):
        on_these = query.with_reasons(on_these, store.table("next_best_offers"))
    rows = store.arrow(query.with_facts(on_these, facts).order_by("rank"))
    return [_with_own(row) for row in rows.to_pylist()]


def _facts(store: Store, mailing: Mailing, channels: list[str]) -> list[ir.Table]:
    consents = store.table("consents") if store.has("consents", "customer_id") else None
    facts: list[ir.Table] = []
    if consents is not None:
        facts = [
            query.consent(consents, channel, mailing.settings.purpose)
            for channel in channels
            if channel != "onsite"
        ]
        facts.append(query.refusals(consents))
    if store.has("customers"):
        customers = store.table("customers")
        given = [name for name in customers.columns if store.has("customers", name)]
        columns = {channel: query.contact_column(given, channel) for channel in channels}
        contacts = {f"contact_{at}": customers[column] for at, column in columns.items() if column}
        facts.append(customers.select("customer_id", person=customers["name"], **contacts))
    return facts


def _with_own(row: dict[str, Any]) -> dict[str, Any]:
    """Take from all channels what concerns the row's own."""
    channel = row["channel"]
    may = not row.get("refuses") and (channel == "onsite" or bool(row.get(f"consent_{channel}")))
    return row | {"may": may, "contact": row.get(f"contact_{channel}"), "person": row.get("person")}


def _message(row: Mapping[str, Any], mailing: Mailing) -> dict[str, Any]:
    """Put text and times into words."""
    settings, starts_on, ends_on = mailing.settings, mailing.starts_on, mailing.ends_on
    person = row["person"] if mailing.unmask or row["person"] is None else MASK
    values = {
        "product": row["product"],
        "coupon_code": row["coupon_code"] or "",
        "name": person,
        "starts_on": str(starts_on or ""),
        "ends_on": str(ends_on or ""),
        "reason": _reason(row, mailing.language) or "",
    }
    code = "campaign.text_coupon" if row["coupon_code"] else "campaign.text"
    template = settings.text if person or not settings.text else _unnamed(settings.text, mailing.language)
    text = template.format(**values) if template else render(Message(code, values), mailing.language)
    first, last = settings.send_hours.split("-")
    return {
        "text": text,
        "reason": values["reason"] or None,
        "send_from": f"{starts_on} {first}" if starts_on else None,
        "send_until": f"{ends_on} {last}" if ends_on else None,
    }


def _unnamed(template: str, language: str) -> str:
    """Reword a text for somebody whose name nobody knows: "Hi {name}," greets with "Hi,", 尊敬的{name} with 尊敬的顾客.

    Examples
    --------
    >>> _unnamed("Hi {name}, {product} is back", "en"), _unnamed("{name}, look: {product}", "en")
    ('Hi, {product} is back', 'Look: {product}')
    """
    if word := translate("campaign.unnamed", language):
        return template.replace("{name}", word)
    rest = re.sub(r"^\s*\{name\}\W*(?=[\w{])", "", template)
    return re.sub(r",?\s*\{name\}", "", rest if rest == template else rest[:1].upper() + rest[1:])


def _reason(row: Mapping[str, Any], language: str) -> str | None:
    """Say why in the file's language where the offer tells it as a code; else as it stands."""
    if row.get("reason_code") is None or language == "en":
        said: str | None = row["reason"]
        return said
    values = json.loads(row["placeholders"] or "{}")
    return render(Message(f"offers.reason.{row['reason_code']}", values), language)


def _enrolled(planned: list[dict[str, Any]], settings: CampaignSettings) -> pa.Table:
    """Record who was meant to be contacted and who was held back: what is measured later is measured on these."""
    costs = settings.contact_cost
    rows = [
        {
            "customer_id": row["customer_id"],
            "unit_type": "customer",
            "offer_id": row["offer_id"],
            "campaign_id": row["campaign_id"],
            "variant": row["group"],
            "channel": row["channel"],
            "cost": float(costs.get(row["channel"], costs.get("*", 0.0)))
            if row["group"] == "treatment"
            else 0.0,
            "decision_id": row["decision_id"],
            "assignment_probability": row["assignment_probability"],
        }
        for row in planned
    ]
    return pa.Table.from_pylist(rows)
