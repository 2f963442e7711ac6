"""Commands that do the work: demo, init, check, load, run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from nextbest.cli import output
from nextbest.cli.root import HERE, In, Json, app, open_workspace, pairs, print_findings, progress

if TYPE_CHECKING:
    from nextbest.app.draft import SourceDraft
    from nextbest.app.running import Run

COUNTS: Final = ("n_read", "n_kept", "n_merged", "n_quarantined")


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Folder to make.")] = Path("demo"),
    *,
    open_report: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the report in a browser.")
    ] = True,
) -> None:
    """Make a workspace from real data, run everything, write the report.

    Example: [bold]nextbest demo[/bold]
    """
    from nextbest.app.demo import make_demo

    with progress() as tell:
        made = make_demo(folder, tell, output.language())
    output.say("cli.demo_done", shop=made.shop, orders=made.n_orders, customers=made.n_customers)
    print_findings(made.findings[:3], made.currency)
    output.say("cli.demo_report", path=str(made.report))
    output.say("cli.demo_next", folder=str(folder))
    if open_report and sys.stdout.isatty():
        typer.launch(str(made.report))


@app.command()
def init(  # noqa: PLR0913
    folder: Annotated[Path, typer.Argument(help="Folder to make.")],
    *,
    from_: Annotated[list[str], typer.Option("--from", help="File or database URL; may be repeated.")],
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="[TABLE.]COLUMN=THEIRS, where the guess is wrong.")
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="Such as Europe/London or Asia/Shanghai.")] = None,
    currency: Annotated[str | None, typer.Option(help="ISO 4217 code, such as CNY.")] = None,
    language: Annotated[str | None, typer.Option(help="en or zh.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Guess what files hold and draft a workspace; loads nothing.

    Example: [bold]nextbest init shop --from orders.csv[/bold]
    """
    from nextbest.app import draft

    shop = {"time_zone": time_zone, "currency": currency, "language": language or output.language()}
    made = draft.draft(folder, from_, shop, given=pairs(map_, "--map"))
    for source in made.sources:
        show_source(source)
    output.show_pairs([(name, str(value)) for name, value in made.shop.items() if value is not None])
    if made.is_zone_assumed:
        output.say("cli.zone_assumed", zone=str(made.shop["time_zone"]))
    if not yes and sys.stdin.isatty() and not typer.confirm("nextbest.toml?", default=True):
        raise typer.Exit(1)
    draft.write(folder, made)
    output.say("cli.init_done", folder=str(folder))


@app.command()
def check(folder: In = HERE) -> None:
    """Validate settings and data without changing anything.

    Example: [bold]nextbest check[/bold]
    """
    report = open_workspace(folder).check()
    for source, table, columns in report.sources:
        output.say("cli.check_source", source=source, table=table, columns=columns)
    for capability, need in report.cannot_run.items():
        output.say("cli.cannot_run", capability=capability, need=need)
    output.say("cli.check_done")


@app.command()
def load(folder: In = HERE, *, json: Json = False) -> None:
    """Bring new files in: rows kept, merged, quarantined and why.

    Example: [bold]nextbest load[/bold]
    """
    workspace = open_workspace(folder)
    with progress() as tell:
        intake = workspace.load(progress=tell)
    if json:
        output.as_json({"files": intake.files, "known": intake.known})
        return
    for file in intake.files:
        output.say("cli.loaded", **{key: file[key] for key in ("file", "table", *COUNTS)})
        for reason in file["reasons"]:
            output.say(
                "cli.reason", rule=reason["rule"], n=reason["n_rows"], effect=f"cli.effect.{reason['effect']}"
            )
    for name in intake.known:
        output.say("cli.known_file", file=name)


@app.command()
def run(  # noqa: PLR0913
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[CAPABILITY]...", help="All, if none is named.")
    ] = None,
    *,
    folder: In = HERE,
    from_: Annotated[
        list[str] | None, typer.Option("--from", help="TABLE=FILE: one capability on one file, no workspace.")
    ] = None,
    map_: Annotated[list[str] | None, typer.Option("--map", help="[TABLE.]COLUMN=THEIRS")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="NAME.SETTING=VALUE")] = None,
    where: Annotated[
        list[str] | None, typer.Option("--where", help="TABLE=EXPRESSION: only these rows are seen.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the tables, with --from.")] = None,
    json: Json = False,
) -> None:
    """Compute what changed and publish a snapshot; or one capability on one file.

    Example: [bold]nextbest run[/bold]

    Example: [bold]nextbest run rules --from order_lines=baskets.csv --map order_id=basket --map product_id=item --out rules[/bold]
    """
    if from_:
        run_one_file(names or [], from_, map_, set_, where, out)
        return
    if map_ or set_ or out:
        raise typer.BadParameter("--map, --set and --out go with --from; a workspace has nextbest.toml")
    workspace = open_workspace(folder)
    with progress() as tell:
        done = workspace.run(names or (), where=pairs(where, "--where"), progress=tell)
    if json:
        output.as_json(summary(done))
        return
    if done.name is None:
        output.say("cli.nothing_changed")
    else:
        output.say("cli.ran", run=done.name, done=sorted(set(done.outcome.done) - done.outcome.unchanged))
    for capability, need in done.outcome.skipped.items():
        output.say("cli.cannot_run", capability=capability, need=need)
    print_findings(done.findings_of(names or ())[:3], workspace.config.shop.currency)


def run_one_file(
    names: list[str],
    from_: list[str],
    map_: list[str] | None,
    set_: list[str] | None,
    where: list[str] | None,
    out: Path | None,
) -> None:
    """Run one capability on one file."""
    from nextbest.app.one_file import OneFile, run_one

    if len(names) != 1 or out is None:
        raise typer.BadParameter("with --from: name one capability and give --out DIR")
    asked = OneFile(
        names[0],
        tuple(pairs([text], "--from").popitem() for text in from_),
        pairs(map_, "--map"),
        pairs(set_, "--set"),
        out,
        pairs(where, "--where"),
    )
    with progress() as tell:
        done = run_one(asked, tell)
    for file in done.intake.files:
        output.say("cli.loaded", **{key: file[key] for key in ("file", "table", *COUNTS)})
    for source in done.sources:
        output.say("cli.columns", columns=[f"{ours} = {theirs}" for ours, theirs in source.columns.items()])
    for path in done.tables:
        output.say("cli.wrote", path=str(path))
    print_findings(done.run.findings_of(names)[:3], None)


def summary(done: Run) -> dict[str, Any]:
    """Give a run as JSON."""
    return {
        "run": done.name,
        "done": {name: one.seconds for name, one in done.outcome.done.items()},
        "unchanged": sorted(done.outcome.unchanged),
        "skipped": dict(done.outcome.skipped),
        "findings": [{"code": f.code, "money": f.money, **dict(f.values)} for f in done.findings],
    }


def show_source(source: SourceDraft) -> None:
    """Print what a file seems to hold, how full its columns are, and its first rows."""
    from nextbest.app.draft import first_rows, quality

    output.say("cli.source_looks_like", file=Path(source.settings.files[0]).name, table=source.settings.table)
    output.show_rows(quality(source))
    output.CONSOLE.print()
    output.show_rows(first_rows(source))
    output.CONSOLE.print()
