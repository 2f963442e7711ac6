"""Commands that look at what is there: show, explain, report, export."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from nextbest.cli import output
from nextbest.cli.root import HERE, In, Json, app, open_workspace, rendered


@app.command()
def show(  # noqa: PLR0913
    table: Annotated[str, typer.Argument(help="Name of a table; without it, all are listed.")] = "",
    *,
    folder: In = HERE,
    where: Annotated[
        str | None, typer.Option(help="Expression, such as: support > 0.01 and head like '%milk%'")
    ] = None,
    sort: Annotated[str | None, typer.Option(help="Column; -COLUMN for descending.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Rows shown.")] = 20,
    columns: Annotated[str | None, typer.Option(help="Columns, separated by commas.")] = None,
    unmask: Annotated[
        bool, typer.Option("--unmask", help="Show personal columns as they are; the audit tells who did.")
    ] = False,
    json: Json = False,
) -> None:
    """Look at any table; personal columns are masked.

    Example: [bold]nextbest show rules --where "size_q_value < 0.05" --sort -margin_at_stake --limit 10[/bold]
    """
    workspace = open_workspace(folder)
    if not table:
        output.show_rows(workspace.contents())
        return
    wanted = [name.strip() for name in columns.split(",")] if columns else None
    rows = workspace.select(table, where=where, sort=sort, limit=limit, columns=wanted)
    rows = workspace.shown(table, rows, unmask=unmask, by=getpass.getuser())
    (output.rows_as_json if json else output.show_rows)(rows)


@app.command()
def explain(customer: str, *, folder: In = HERE, json: Json = False) -> None:
    """Tell what one customer would get, why, and what was ruled out by what.

    Example: [bold]nextbest explain 2375[/bold]
    """
    workspace = open_workspace(folder)
    answer = workspace.explain(customer)
    workspace.note("customer seen", customer, by=getpass.getuser())
    if json:
        output.as_json(answer.as_dict())
        return
    for message in answer.sentences():
        output.CONSOLE.print(rendered(message, workspace.config.shop.currency), markup=False)


@app.command()
def report(
    *,
    folder: In = HERE,
    against: Annotated[str | None, typer.Option(help="An older run: what changed since.")] = None,
    language: Annotated[str | None, typer.Option(help="en or zh; else the workspace's.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write; else report.html in the workspace.")
    ] = None,
) -> None:
    """Write the report: one HTML file that loads nothing from anywhere.

    Example: [bold]nextbest report --against 20261121T090000Z[/bold]
    """
    path = open_workspace(folder).report(against=against, language=language, out=out)
    output.say("cli.wrote", path=str(path))


@app.command()
def export(
    table: str,
    file: Annotated[Path, typer.Argument(help="Ends with .csv, .parquet or .xlsx.")],
    *,
    folder: In = HERE,
    where: Annotated[str | None, typer.Option(help="Expression: only these rows.")] = None,
    unmask: Annotated[bool, typer.Option("--unmask", help="Write personal columns as they are.")] = False,
) -> None:
    """Write a table to CSV, Parquet or Excel; personal columns are masked. The audit tells who took it.

    Example: [bold]nextbest export audiences audiences.csv --where "rule_id = '5fd2c0a1b6e7d890'"[/bold]
    """
    n_rows = open_workspace(folder).export(table, file, where=where, unmask=unmask, by=getpass.getuser())
    output.say("cli.exported", n=n_rows, path=str(file))
