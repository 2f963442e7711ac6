"""What every command shares: the app, its options, errors as sentences, progress."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from nextbest.cli import output

if TYPE_CHECKING:
    from nextbest.app.workspace import Workspace
    from nextbest.base.messages import Message

app = typer.Typer(
    name="nextbest",
    help="From your own data to decisions that sell more, and the proof that they did.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

In = Annotated[Path, typer.Option("--in", help="The workspace.", file_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
HERE: Final = Path()


def run_cli() -> None:
    """Run the command; a user's error is one sentence and exit code 1, never a traceback."""
    from nextbest.base.errors import NextBestError

    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        app()
    except NextBestError as error:
        if debug:
            raise
        output.ERRORS.print(rendered(error.message), style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except Exception as error:  # the last edge: a person sees a sentence, --debug shows the trace
        if debug:
            raise
        output.ERRORS.print(unexpected(error), style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def unexpected(error: Exception) -> str:
    """Say that something went wrong that is not the user's doing."""
    from nextbest.base.messages import Message

    return rendered(
        Message("cli.unexpected", {"what": f"{type(error).__name__}: {error}".split("\n", 1)[0][:200]})
    )


def open_workspace(folder: Path) -> Workspace:
    """Open the workspace a command works in."""
    from nextbest.app.workspace import Workspace

    return Workspace.open(folder)


def pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    """Split ``KEY=VALUE`` options.

    Examples
    --------
    >>> pairs(["rules.min_count=5"], "--set")
    {'rules.min_count': '5'}
    """
    from nextbest.base.errors import SettingsError

    found: dict[str, str] = {}
    for text in texts or []:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise SettingsError("cli.not_a_pair", option=option, got=text)
        found[key.strip()] = value
    return found


def print_findings(findings: Sequence[Any], currency: str | None) -> None:
    """Print findings: the sentence, its evidence, what to do."""
    for number, finding in enumerate(findings, start=1):
        output.CONSOLE.print()
        output.CONSOLE.print(f"{number}. {rendered(finding.sentence, currency)}", style="bold", markup=False)
        output.CONSOLE.print(f"   {rendered(finding.evidence, currency)}", style="dim", markup=False)
        output.CONSOLE.print(f"   {rendered(finding.action, currency)}", markup=False)
    if findings:
        output.CONSOLE.print()


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show what is being done while it takes time; nothing where nobody watches."""
    if not output.ERRORS.is_terminal:
        yield lambda _: None
        return
    with output.ERRORS.status("…") as shown:
        yield shown.update


def rendered(message: Message, currency: str | None = None) -> str:
    """Put a message into the language of the person at the keyboard."""
    from nextbest.base.messages import render

    return render(message, output.language(), currency=currency)
