"""Commands for campaigns: the plan, the file that goes out, the file that comes back."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from nextbest.cli import output
from nextbest.cli.root import HERE, In, Json, app, open_workspace, print_findings, progress

campaign = typer.Typer(
    help="Campaigns: whom to contact, the file for a platform, what came back.", no_args_is_help=True
)
app.add_typer(campaign, name="campaign")

Name = Annotated[
    str | None,
    typer.Option("--campaign", help="Name of the settings, [campaign.NAME]; where there is one only, it."),
]
_SHOWN = (
    "product",
    "channel",
    "n",
    "n_control",
    "cost",
    "expected_profit",
    "incremental_profit",
)
_MOST = 20
"""Rows of the plan that are shown."""


@campaign.command("plan")
def plan(*, name: Name = None, folder: In = HERE, json: Json = False) -> None:
    """Plan who is contacted with what and who is held back; changes nothing outside the workspace.

    Example: [bold]nextbest campaign plan --campaign spring[/bold]
    """
    from nextbest.app import campaigning

    workspace = open_workspace(folder)
    with progress() as show:
        made = campaigning.plan(workspace, name, progress=show)
    if json:
        findings = [{"code": finding.code, **dict(finding.values)} for finding in made.findings]
        output.as_json(
            {"findings": findings, "plan": made.rows.to_pylist(), "exclusions": made.exclusions.to_pylist()}
        )
        return
    print_findings(made.findings, workspace.config.shop.currency)
    if made.rows.num_rows:
        several = ["campaign_id"] if len(made.rows["campaign_id"].unique()) > 1 else []
        shown = [name for name in (*several, *_SHOWN) if made.rows[name].null_count < made.rows.num_rows]
        output.show_rows(made.rows.select(shown).slice(0, _MOST), hint="cli.more_in_json")
        if made.rows.num_rows > _MOST:
            output.say("campaign.more_rows", n=made.rows.num_rows - _MOST)
    if made.exclusions.num_rows:
        output.show_rows(made.exclusions.select(["campaign_id", "reason", "n_customers"]))


@campaign.command("export")
def export(  # noqa: PLR0913
    file: Annotated[Path, typer.Argument(help="Ends with .csv, .parquet or .xlsx.")],
    *,
    preset: Annotated[str, typer.Option(help="sms, wecom, email or crm.")],
    name: Name = None,
    folder: In = HERE,
    language: Annotated[
        str | None, typer.Option(help="Headers and text: en or zh; else the workspace's.")
    ] = None,
    unmask: Annotated[bool, typer.Option("--unmask", help="Write contacts as they are.")] = False,
    json: Json = False,
) -> None:
    """Write the file for a platform: never the control group, nobody without consent; contacts are masked.

    Everybody of the plan, contacted or held back, is recorded in the table exposures.

    Example: [bold]nextbest campaign export spring.csv --preset sms --unmask[/bold]
    """
    from nextbest.app import campaigning

    done = campaigning.export(
        open_workspace(folder),
        file,
        preset,
        campaign=name,
        language=language,
        unmask=unmask,
        by=getpass.getuser(),
    )
    if json:
        output.as_json(asdict(done))
        return
    output.say("campaign.exported", path=str(file), **asdict(done))
    if done.n and not unmask:
        output.say("campaign.masked")


@campaign.command("import")
def take_back(
    file: Annotated[
        Path, typer.Argument(help="What the platform gave back: CSV, Excel, JSON lines, Parquet.")
    ],
    *,
    name: Name = None,
    folder: In = HERE,
    json: Json = False,
) -> None:
    """Take in what came back: sent, delivered, responded, redeemed, unsubscribed.

    A row names its decision_id, or at least a customer_id. States stand in one column (status, and occurred_at), or each
    in a column of its own that holds yes, no or a time. The same file twice, or the same row twice, counts once.

    Example: [bold]nextbest campaign import returned.csv[/bold]
    """
    from nextbest.app import returning

    made = returning.take_back(open_workspace(folder), file, campaign=name)
    if json:
        output.as_json(asdict(made))
        return
    if made.is_known:
        output.say("campaign.known_file", file=file.name)
        return
    output.say(
        "campaign.imported",
        file=file.name,
        n_read=made.n_read,
        n_kept=made.n_kept,
        n_merged=made.n_merged,
        n_quarantined=made.n_quarantined,
    )
    for response, n in made.responses.items():
        output.say("campaign.came_back", response=f"campaign.response.{response}", n=n)
    for reason, n in made.reasons.items():
        output.say("campaign.set_aside", reason=reason, n=n)
    if made.n_control:
        output.say("campaign.control_back", n=made.n_control, n_sent=made.n_control_sent)
