"""A campaign's way out and back: the plan in words, the file for a platform, the file that returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from nextbest.app import looking, runner
from nextbest.app.adding import Addition, add_rows
from nextbest.app.workspace import Workspace
from nextbest.base.errors import DataError, SettingsError
from nextbest.base.findings import Finding
from nextbest.base.messages import LANGUAGES
from nextbest.decisions.campaigns import (
    CARD,
    CHINESE,
    OUTGOING,
    UNNAMED,
    CampaignSettings,
    Mailing,
    outgoing,
)
from nextbest.engines.snapshots import Snapshots, one_writer

SOURCE = "campaign"
"""Name of the source of rows that campaigns make."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it is read."""

    findings: Sequence[Finding]
    rows: pa.Table
    """``campaign_plan`` at the budget that is set."""
    exclusions: pa.Table


@dataclass(frozen=True, slots=True)
class Exported:
    """What went into a file, and what did not."""

    n: int
    n_control: int
    n_no_consent: int
    n_no_contact: int


def plan(
    workspace: Workspace, campaign: str | None = None, *, progress: runner.Progress = runner.silent
) -> Plan:
    """Run what the plan needs, and read it.

    Parameters
    ----------
    campaign
        Name of one campaign; without it, all.

    Raises
    ------
    DataError
        The data do not suffice.
    """
    names = [campaign] if campaign else sorted(_campaigns(workspace))
    for name in names:
        settings_of(workspace, name)
    outcome = workspace.run([CARD.name], progress=progress).outcome
    if CARD.name in outcome.skipped:
        raise DataError("campaign.cannot_plan", need=outcome.skipped[CARD.name])
    store = workspace.reader()
    findings = [
        finding for finding in outcome.done[CARD.name].findings if finding.ref is None or finding.ref in names
    ]
    plans, left_out = store.table("campaign_plan"), store.table("campaign_exclusions")
    own = plans.filter(plans.campaign_id.isin(names), plans.budget_level == 1)
    return Plan(
        findings,
        store.arrow(own.order_by(["campaign_id", own.n.desc(), "offer_id", "channel"])),
        store.arrow(left_out.filter(left_out.campaign_id.isin(names)).order_by(list(left_out.columns[:2]))),
    )


def export(  # noqa: PLR0913
    workspace: Workspace,
    file: Path,
    preset: str,
    *,
    campaign: str | None = None,
    language: str | None = None,
    unmask: bool = False,
    by: str | None = None,
) -> Exported:
    """Write the file of a platform, and record everybody of the plan in ``exposures``: contacted or held back.

    The audit tells that ``by`` took it.

    Raises
    ------
    DataError
        No plan, nobody on the preset's channels, or nobody's consent is known.
    """
    name, settings = settings_of(workspace, campaign)
    if language is not None and language not in LANGUAGES:
        raise SettingsError("base.setting_wrong", where="--language", expected="en, zh", got=language)
    store = workspace.reader()
    if not store.has("campaign_audience"):
        raise DataError("campaign.no_plan", campaign=name)
    spoken = language or workspace.config.shop.language
    out = outgoing(store, Mailing(name, settings, _as_of(workspace), preset, spoken, unmask))
    personal = (
        () if unmask else [column.name for column in OUTGOING if column.personal and column.name != "text"]
    )
    rows, headers = out.rows, CHINESE if spoken == "zh" else {}
    named = rows.rename_columns([headers.get(column, column) for column in rows.column_names])
    detail = {"preset": preset, "rows": rows.num_rows, "unmasked": unmask}
    workspace.note_file("campaign exported", name, file, by=by, **detail)
    looking.export(named, file, personal=[headers.get(column, column) for column in personal])
    with one_writer(workspace.folder / "store"):
        add_rows(workspace.folder / "store", SOURCE, [Addition("exposures", out.enrolled, ("decision_id",))])
    return Exported(rows.num_rows, out.n_control, out.n_no_consent, out.n_no_contact)


def settings_of(workspace: Workspace, campaign: str | None) -> tuple[str, CampaignSettings]:
    """Find a campaign's settings; without a name, those of the only one.

    Raises
    ------
    SettingsError
        There is no such campaign, or there are several and none is named.
    """
    known = _campaigns(workspace)
    if campaign is None and len(known) == 1:
        return next(iter(known.items()))
    if campaign is None:
        raise SettingsError("campaign.which", known=sorted(known))
    if campaign not in known:
        raise SettingsError("campaign.unknown", campaign=campaign, known=sorted(known))
    return campaign, known[campaign]


def _campaigns(workspace: Workspace) -> Mapping[str, CampaignSettings]:
    settings: CampaignSettings = workspace.config.capabilities[CARD.name]
    return {name or UNNAMED: own for name, own in settings.instances().items()}


def _as_of(workspace: Workspace) -> date | None:
    """Give the day of the profiles that the plan was made on."""
    current = Snapshots(workspace.folder / "store").current()
    day = current.manifest["as_of"] if current else None
    return date.fromisoformat(day) if day else None
