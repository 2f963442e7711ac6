"""Commands for people's judgement: rules that people write, and reviews of rules."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from nextbest.cli import output
from nextbest.cli.root import HERE, In, Json, app, open_workspace

rules = typer.Typer(help="Rules that people write: they stand beside the mined ones.", no_args_is_help=True)
app.add_typer(rules, name="rules")

By = Annotated[str | None, typer.Option(help="Who says so; else the user of this machine.")]
Note = Annotated[str | None, typer.Option(help="Why.")]


@rules.command("add")
def add_rule(  # noqa: PLR0913
    head: Annotated[str, typer.Option(help="What to offer: id or name.")],
    body: Annotated[list[str], typer.Option(help="What the customer has: id or name; may be repeated.")],
    *,
    level: Annotated[str, typer.Option(help="product, category or department.")] = "product",
    sign: Annotated[str, typer.Option(help="+ (offer it) or - (do not).")] = "+",
    ordered: Annotated[bool, typer.Option("--ordered", help="Head after body.")] = False,
    note: Note = None,
    by: By = None,
    folder: In = HERE,
) -> None:
    """Write a rule; the next run measures it like a mined one.

    Example: [bold]nextbest rules add --level category --body PASTA --head "PASTA SAUCE" --note "always shelved together"[/bold]
    """
    workspace = open_workspace(folder)
    added = workspace.add_rule(
        level, body, head, sign=sign, is_ordered=ordered, note=note, by=by or getpass.getuser()
    )
    output.say("cli.rule_added", rule=added)


@rules.command("remove")
def remove_rule(
    rule: Annotated[str, typer.Argument(help="Id of the rule.")], *, by: By = None, folder: In = HERE
) -> None:
    """Remove a rule that a person wrote; its history stays.

    Example: [bold]nextbest rules remove 5fd2c0a1b6e7d890[/bold]
    """
    removed = open_workspace(folder).remove_rule(rule, by=by or getpass.getuser())
    output.say("cli.rule_removed", rule=removed)


@app.command()
def review(
    rule: Annotated[
        str, typer.Argument(help="Id of a rule, or its beginning; without it, reviews are listed.")
    ] = "",
    verdict: Annotated[str, typer.Argument(help="approve, reject or note.")] = "",
    *,
    note: Note = None,
    by: By = None,
    folder: In = HERE,
    json: Json = False,
) -> None:
    """Approve, reject or annotate a rule; reviews survive every later run.

    Example: [bold]nextbest review 5fd2c0a1 reject --note "sold as a set anyway"[/bold]
    """
    workspace = open_workspace(folder)
    if rule:
        reviewed = workspace.review(rule, verdict, note=note, by=by or getpass.getuser())
        output.say("cli.reviewed", rule=reviewed, verdict=verdict)
        return
    rows = workspace.reviews()
    (output.rows_as_json if json else output.show_rows)(rows)
