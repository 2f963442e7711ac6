"""One capability on one file: a workspace that lives as long as the command."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nextbest.app import runner
from nextbest.app.catalogue import CATALOGUE
from nextbest.app.config import Config, SourceSettings
from nextbest.app.draft import source_for
from nextbest.app.intake import Intake
from nextbest.app.running import Run
from nextbest.app.workspace import Workspace
from nextbest.base.errors import DataError, SettingsError
from nextbest.engines.snapshots import plain_io_errors


@dataclass(frozen=True, slots=True)
class OneFile:
    """What a one-file run is asked."""

    name: str
    """Capability."""
    sources: Sequence[tuple[str, str]]
    """Canonical table and the file, or database URL, that feeds it."""
    columns: Mapping[str, str]
    """``[table.]column`` -> the file's column; what is not named is guessed."""
    settings: Mapping[str, Any]
    """``section.setting`` -> value as typed."""
    out: Path
    """Folder the tables go to."""
    where: Mapping[str, str]
    """Expressions by table."""


@dataclass(frozen=True, slots=True)
class OneFileRun:
    """What a one-file run did."""

    sources: tuple[SourceSettings, ...]
    intake: Intake
    run: Run
    tables: tuple[Path, ...]


def run_one(asked: OneFile, progress: runner.Progress = runner.silent) -> OneFileRun:
    """Load the files, run the capability and what it needs, write its tables to a folder.

    Raises
    ------
    DataError
        The files do not hold what the capability needs.
    """
    with tempfile.TemporaryDirectory(prefix="nextbest-") as scratch:
        config = _config(asked)
        workspace = Workspace(Path(scratch), config)
        intake = workspace.load(progress=progress)
        run = workspace.run([asked.name], where=asked.where, progress=progress)
        if asked.name in run.outcome.skipped:
            need = run.outcome.skipped[asked.name]
            first = need.split("|")[0].strip()
            raise DataError("app.need_missing", capability=asked.name, need=need, column=first)
        card = next(card for card in CATALOGUE if card.name == asked.name)
        files = workspace.files(table.name for table in card.writes)
        return OneFileRun(config.sources, intake, run, _hand_over(files, asked.out))


def nested(typed: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Turn ``section.setting`` -> value into sections.

    Examples
    --------
    >>> nested({"rules.min_count": "5", "rules.sign": "-"})
    {'rules': {'min_count': '5', 'sign': '-'}}
    """
    sections: dict[str, dict[str, Any]] = {}
    for name, value in typed.items():
        section, _, setting = name.rpartition(".")
        if not section:
            raise SettingsError("app.set_without_section", setting=name)
        sections.setdefault(section, {})[setting] = value
    return sections


def _config(asked: OneFile) -> Config:
    sources = [
        source_for(location, table=table, given=asked.columns, name=f"{table}-{number}").settings
        for number, (table, location) in enumerate(asked.sources, start=1)
    ]
    sections = nested(asked.settings)
    shop = {"time_zone": "UTC"} | sections.pop("shop", {})
    content = {"shop": shop, "source": [source.model_dump() for source in sources], **sections}
    return Config.check(content, where="--set")


def _hand_over(files: Sequence[Path], out: Path) -> tuple[Path, ...]:
    """Copy finished tables to the folder asked for, each replacing an older one at once."""
    with plain_io_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        for file in files:
            scratch = out / f".{file.name}.new"
            shutil.copyfile(file, scratch)
            scratch.replace(out / file.name)
    return tuple(out / file.name for file in files)
