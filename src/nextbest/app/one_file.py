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
        files = [*workspace.files(table.name for table in card.writes), *workspace.models(card.name)]
        return OneFileRun(config.sources, intake, run, _hand_over(files, asked.out))


def nested(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Turn ``section.setting`` -> value into sections.

    Examples
    --------
    >>> nested({"rules.min_count": "5", "rules.sign": "-"})
    {'rules': {'min_count': '5', 'sign': '-'}}
    >>> nested({"propensity.mortgage.target": "bought"})
    {'propensity': {'mortgage': {'target': 'bought'}}}
    """
    sections: dict[str, Any] = {}
    for name, value in typed.items():
        *path, setting = name.split(".")
        if not path:
            raise SettingsError("app.set_without_section", setting=name)
        place = sections
        for section in path:
            place = place.setdefault(section, {})
        place[setting] = value
    return sections


def _columns_of(table: str, number: int, asked: OneFile) -> dict[str, str]:
    """Pick the columns that were named for a file: those of its table; without a table those of the first file.

    Columns of a table that has no file of its own are looked for in the first file too.
    """
    with_files = {name for name, _ in asked.sources}
    return {
        ours: theirs
        for ours, theirs in asked.columns.items()
        if ours.startswith(f"{table}.") or (number == 1 and ours.rpartition(".")[0] not in with_files)
    }


def _from_here(section: Mapping[str, Any]) -> dict[str, Any]:
    """Read files that settings name from where the command is run, not from the short-lived workspace."""
    return {
        name: _from_here(value)
        if isinstance(value, Mapping)
        else str(Path(value).expanduser().resolve())
        if name == "apply" and "://" not in value
        else value
        for name, value in section.items()
    }


def _asks_for(section: Mapping[str, Any], setting: str) -> bool:
    """Tell whether a setting stands anywhere in sections and their instances."""
    return setting in section or any(
        _asks_for(inner, setting) for inner in section.values() if isinstance(inner, Mapping)
    )


def _config(asked: OneFile) -> Config:
    sections = _from_here(nested(asked.settings))
    is_flat = _asks_for(sections, "target")
    sources = [
        source_for(
            location,
            table=table,
            given=_columns_of(table, number, asked),
            name=f"{table}-{number}",
            is_flat=is_flat and table == "customers",
        ).settings
        for number, (table, location) in enumerate(asked.sources, start=1)
    ]
    shop = {"time_zone": "UTC"} | sections.pop("shop", {})
    content = {"shop": shop, "source": [source.model_dump() for source in sources], **sections}
    return Config.check(content, where="--set")


def _hand_over(files: Sequence[Path], out: Path) -> tuple[Path, ...]:
    """Copy finished tables to the folder asked for, each replacing an older one at once."""
    targets = tuple(
        out / file.name if file.suffix == ".parquet" else out / "models" / file.name for file in files
    )
    with plain_io_errors(out):
        for file, target in zip(files, targets, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            scratch = target.with_name(f".{file.name}.new")
            shutil.copyfile(file, scratch)
            scratch.replace(target)
    return targets
