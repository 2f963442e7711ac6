"""Commands of the decision service: serve it, ask it once, make and revoke its keys."""

from __future__ import annotations

import getpass
import os
import sys
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextbest.cli import output
from nextbest.cli.root import HERE, In, Json, app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nextbest.engines.operations import Operations

keys = typer.Typer(help="Keys that open the decision service.", no_args_is_help=True)
app.add_typer(keys, name="keys")

_APP = "nextbest.web.api:from_environment"
Database = Annotated[
    str | None,
    typer.Option(
        envvar="NEXTBEST_DATABASE", help="URL of a PostgreSQL database in place of store/operations.db."
    ),
]
By = Annotated[str | None, typer.Option(help="Who says so; else the user of this machine.")]


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0: all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes; caps hold between them.")] = 1,
    rate: Annotated[float, typer.Option(min=1, help="Requests a second of one key on one worker.")] = 1000,
    database: Database = None,
    folder: In = HERE,
) -> None:
    """Answer over HTTP: decisions, events. Ctrl+C stops it when what was asked is answered.

    Example: [bold]nextbest serve --port 8000 --workers 2[/bold]
    """
    import uvicorn

    from nextbest.app.operating import open_operations
    from nextbest.cli.root import open_workspace

    workspace = open_workspace(folder)
    open_operations(workspace.folder, database).close()  # what is wrong with it is said here, in one sentence
    os.environ["NEXTBEST_SERVE"] = str(workspace.folder)
    os.environ["NEXTBEST_RATE"] = str(rate)
    if database:
        os.environ["NEXTBEST_DATABASE"] = database
    options: dict[str, Any] = {
        "factory": True,
        "host": host,
        "port": port,
        "workers": workers,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": 10,
        "log_config": _logging(),
    }
    if workers > 1 and sys.platform == "linux":
        from nextbest.cli import listening

        listening.run(uvicorn.Config(_APP, **options))
    else:
        uvicorn.run(_APP, **options)


@app.command()
def decide(  # noqa: PLR0913
    customer: Annotated[str, typer.Argument(help="Id of the customer; without it, an unknown visitor.")] = "",
    *,
    placement: Annotated[list[str], typer.Option(help="Place to fill; may be repeated.")] = ["home"],  # noqa: B006
    channel: Annotated[str, typer.Option(help="web, app, email, sms, phone, wechat or push.")] = "web",
    cart: Annotated[list[str] | None, typer.Option(help="Product in the cart; may be repeated.")] = None,
    product: Annotated[str | None, typer.Option(help="Product looked at.")] = None,
    database: Database = None,
    folder: In = HERE,
    json: Json = False,
) -> None:
    """Say what the service would offer now, and why; nothing is written down.

    Example: [bold]nextbest decide 2375 --placement home --placement cart.addon --cart 1029743[/bold]
    """
    from nextbest.app import auditing
    from nextbest.app.asking import asked, plain
    from nextbest.app.serving import Service
    from nextbest.cli.root import open_workspace

    request = asked(
        customer or None, placement, channel=channel, cart=cart, product_id=product, locale=output.language()
    )
    with Service(open_workspace(folder).folder, database=database) as service:
        result = service.consider(request)
        if customer:
            auditing.note(service.operations, "customer seen", customer, by=getpass.getuser())
    if json:
        output.as_json(plain(result))
        return
    _show(result)


@keys.command("create")
def create_key(  # noqa: PLR0913
    name: Annotated[str, typer.Argument(help="What it is for.")],
    *,
    scope: Annotated[
        str, typer.Option(help="server (all routes) or browser (decisions and events).")
    ] = "server",
    origin: Annotated[
        list[str] | None, typer.Option(help="Of pages that may use it; may be repeated.")
    ] = None,
    days: Annotated[float | None, typer.Option(min=0, help="Expires after so many days.")] = None,
    by: By = None,
    database: Database = None,
    folder: In = HERE,
) -> None:
    """Make a key and print it once; only a digest of it is kept.

    Example: [bold]nextbest keys create shop-page --scope browser --origin https://shop.example[/bold]
    """
    from nextbest.app import keys as known
    from nextbest.app.serving import now

    at = now()
    with _operations(folder, database) as operations:
        text = known.create(
            operations,
            name,
            scope,
            origins=origin or (),
            by=by or getpass.getuser(),
            at=at,
            expires_at=None if days is None else at + timedelta(days=days),
        )
    output.CONSOLE.print(text, markup=False, soft_wrap=True)


@keys.command("list")
def list_keys(*, database: Database = None, folder: In = HERE, json: Json = False) -> None:
    """List the keys, without their secrets.

    Example: [bold]nextbest keys list[/bold]
    """
    import pyarrow as pa

    from nextbest.app import keys as known

    with _operations(folder, database) as operations:
        rows = [asdict(key) | {"origins": " ".join(key.origins)} for key in known.listed(operations)]
    (output.rows_as_json if json else output.show_rows)(pa.Table.from_pylist(rows, _columns()))


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="Id of the key, as nextbest keys list shows it.")],
    *,
    by: By = None,
    database: Database = None,
    folder: In = HERE,
) -> None:
    """Make a key worthless, within a second.

    Example: [bold]nextbest keys revoke 5fd2c0a1b6e7[/bold]
    """
    from nextbest.app import keys as known
    from nextbest.app.serving import now

    with _operations(folder, database) as operations:
        known.revoke(operations, key_id, by=by or getpass.getuser(), at=now())
    output.say("cli.key_revoked", key=key_id)


@contextmanager
def _operations(folder: Path, database: str | None) -> Iterator[Operations]:
    from nextbest.app.operating import open_operations
    from nextbest.cli.root import open_workspace

    with open_operations(open_workspace(folder).folder, database) as operations:
        yield operations


def _columns() -> Any:
    import pyarrow as pa

    texts = [(name, pa.string()) for name in ("key_id", "name", "scope", "origins")]
    return pa.schema(
        texts + [(name, pa.timestamp("us")) for name in ("created_at", "expires_at", "revoked_at")]
    )


def _show(result: Any) -> None:
    """Print what each placement would get: the offer, and why."""
    from nextbest.cli.root import rendered

    for answer in result.answers:
        output.CONSOLE.print(answer.placement, style="bold", markup=False)
        if answer.detail is not None:
            output.CONSOLE.print(f"   {rendered(answer.detail, result.currency)}", markup=False)
        for offer in answer.offers:
            price = "" if offer.price is None else f"  {offer.price}"
            output.CONSOLE.print(f"{offer.rank:>2} {offer.title}{price}", markup=False, soft_wrap=True)
            for reason in offer.reasons:
                output.CONSOLE.print(f"   {reason.text}", style="dim", markup=False, soft_wrap=True)
            if offer.say:
                output.CONSOLE.print(f"   {offer.say}", style="italic", markup=False, soft_wrap=True)


def _logging() -> dict[str, Any]:
    """Log to the standard error: what the server says, and a line per request without ids of people."""
    line = {"format": "%(asctime)s %(levelname)s %(message)s"}
    handler = {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}
    told = {"handlers": ["error"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line},
        "handlers": {"error": handler},
        "loggers": {"uvicorn": told, "nextbest.web": told},
    }
