"""Run the commands of docs/tutorial.md and write their real output under them: ``python -m tools.tutorial``.

A block that begins with ```` ```console ```` holds commands (``$ ...``), each with its output. Commands run one after the
other in one folder; ``nextbest`` is the one beside this Python.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "tutorial.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
RUN_NAME = re.compile(r"\b\d{8}T\d{6}Z(-\d+)?\b")
"""Runs are named by the clock; the page shows this one."""
SHOWN_RUN = "20261121T120000Z"


def commands(text: str) -> list[str]:
    """List the commands of a page in order."""
    return [line[2:] for block in BLOCK.findall(text) for line in block.splitlines() if line.startswith("$ ")]


def outputs(lines: list[str], folder: Path) -> Iterator[str]:
    """Run commands in a folder and give what each prints; stops with a sentence at the first that fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    told = os.environ | {"PATH": path, "COLUMNS": "110", "NEXTBEST_LANGUAGE": "en", "LC_ALL": "C.UTF-8"}
    for line in lines:
        done = subprocess.run(  # noqa: S602  (the commands are the page's own)
            line, shell=True, cwd=folder, env=told, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"{line}\n{done.stderr}")
        printed = "".join(f"{text.rstrip()}\n" for text in done.stdout.splitlines())
        yield RUN_NAME.sub(SHOWN_RUN, printed.replace(f"{folder.resolve()}/", ""))


def rewritten(text: str, folder: Path) -> str:
    """Give the page with the real output under every command."""
    printed = outputs(commands(text), folder)

    def fill(block: re.Match[str]) -> str:
        shown = [f"$ {line}\n{next(printed)}" for line in commands(block.group(0))]
        return "```console\n" + "\n".join(part.rstrip("\n") + "\n" for part in shown) + "```"

    return BLOCK.sub(fill, text)


def main() -> None:
    """Rewrite the page."""
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
