"""Commands for the rights of customers and for who looks after them: export, erase, audit."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextbest.cli import output
from nextbest.cli.root import HERE, In, Json, app, open_workspace, rendered

if TYPE_CHECKING:
    from nextbest.app.forgetting import Erasure

customers = typer.Typer(
    help="Rights of a customer: everything about one, and erasing one.", no_args_is_help=True
)
app.add_typer(customers, name="customers")

Id = Annotated[str, typer.Argument(help="Any id of the customer.")]
By = Annotated[str | None, typer.Option(help="Who does it; else the user of this machine.")]


@customers.command("export")
def export_customer(
    customer: Id,
    *,
    out: Annotated[Path, typer.Option(help="File to write, JSON.")],
    by: By = None,
    folder: In = HERE,
) -> None:
    """Write everything about one customer, by table, as JSON; personal columns are the customer's own and stay as they are.

    Example: [bold]nextbest customers export 2375 --out 2375.json[/bold]
    """
    from nextbest.app import forgetting

    workspace = open_workspace(folder)
    told = forgetting.export(workspace.folder, customer, by=by or getpass.getuser(), config=workspace.config)
    forgetting.write_down(told, out)
    output.say("cli.customer_exported", n=forgetting.n_rows(told), customer=customer, path=str(out))


@customers.command("erase")
def erase_customer(
    customer: Id,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: By = None,
    folder: In = HERE,
    json: Json = False,
) -> None:
    """Forget one customer in every table, run, log and file of the workspace, under every id; a hash stays.

    Example: [bold]nextbest customers erase 2375[/bold]
    """
    from nextbest.app import forgetting
    from nextbest.base.messages import Message

    workspace = open_workspace(folder)
    question = rendered(Message("cli.erase_ask", {"customer": customer}))
    if not yes and not typer.confirm(question, default=False):
        raise typer.Exit(1)
    done = forgetting.erase(workspace.folder, customer, by=by or getpass.getuser(), config=workspace.config)
    if json:
        output.as_json(done.as_dict())
        return
    _tell(done)


@app.command()
def audit(
    *,
    customer: Annotated[str | None, typer.Option(help="Only what concerns this customer.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Entries shown.")] = 50,
    folder: In = HERE,
    json: Json = False,
) -> None:
    """List who saw and changed what, newest first: customers looked at, lists taken, rules, policies, keys, erasures.

    Example: [bold]nextbest audit --customer 2375[/bold]
    """
    rows = open_workspace(folder).audit(of=customer, limit=limit)
    if json:
        output.rows_as_json(rows)
    else:
        output.show_rows(rows, hint="cli.more_in_json")


def _tell(done: Erasure) -> None:
    """Say what was removed, and what nobody but the shop can remove."""
    import pyarrow as pa

    output.say("cli.erased" if done.n_rows else "cli.erased_nobody", n=done.n_rows)
    rows: list[dict[str, Any]] = done.rows()
    if rows:
        output.show_rows(pa.Table.from_pylist(rows))
    if done.is_pending:
        output.say("cli.erase_pending")
    for code, files in (("cli.erase_files", done.files), ("cli.erase_elsewhere", done.elsewhere)):
        if files:
            output.say(code, files=list(files))
    output.say("cli.erase_backups")
