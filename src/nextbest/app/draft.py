"""A first look at files that nobody has described yet: what they seem to be, and a workspace drafted from it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from nextbest.app import config
from nextbest.app.config import SourceSettings
from nextbest.app.looking import MASK, masked
from nextbest.base.errors import DataError, WorkspaceError
from nextbest.engines.snapshots import plain_io_errors
from nextbest.sources.files import open_source
from nextbest.sources.mapping import (
    Guess,
    columns_of,
    guess,
    is_personal_header,
    looks_personal,
    settled,
    terms,
)

SAMPLE: Final = 2000
"""Rows looked at for guessing, spread over the file."""


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """One file and what it seems to be."""

    settings: SourceSettings
    guess: Guess
    sample: pa.Table
    """Rows as the file gives them, all strings."""


def quality(source: SourceDraft) -> pa.Table:
    """Describe each column of a file as its sample shows it: what it was taken for, how full it is, an example.

    Returns
    -------
    theirs, ours (``–`` for an attribute), filled_share (0-1), n_distinct (in the sample), example (masked where it is personal).
    """
    personal = personal_of(source)
    ours = {match.theirs: match.column for match in source.guess.matches}
    rows = []
    for name in source.sample.column_names:
        values = source.sample[name].drop_null()
        rows.append(
            {
                "theirs": name,
                "ours": ours.get(name, "–"),
                "filled_share": len(values) / max(source.sample.num_rows, 1),
                "n_distinct": len(values.unique()),
                "example": None if not len(values) else MASK if name in personal else values[0].as_py(),
            }
        )
    return pa.Table.from_pylist(rows)


def first_rows(source: SourceDraft, n: int = 20) -> pa.Table:
    """Give the first rows of the sample, with what is personal masked."""
    return masked(source.sample.slice(0, n), sorted(personal_of(source)))


def personal_of(source: SourceDraft) -> frozenset[str]:
    """Name the columns of a file that name or reach a person: by what they were taken for, by their names, by their values."""
    sample, settings = source.sample, source.settings
    found = {
        name
        for name in sample.column_names
        if is_personal_header(name) or looks_personal(sample[name].unique().slice(0, 500).to_pylist())
    }
    for ours, theirs in settings.columns.items():
        table, _, column = ours.rpartition(".")
        is_personal = {one.name: one.personal for one in columns_of(table or settings.table)}
        if is_personal.get(column):
            found |= set(terms(theirs, sample.column_names)[1])
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Draft:
    """A workspace that is not written yet."""

    sources: tuple[SourceDraft, ...]
    shop: Mapping[str, Any]
    is_zone_assumed: bool
    """No file and no person told the time zone."""


def source_for(
    location: str,
    *,
    table: str | None = None,
    given: Mapping[str, str] | None = None,
    name: str | None = None,
    is_flat: bool = False,
) -> SourceDraft:
    """Look at a file and guess what it feeds and which column is which.

    Parameters
    ----------
    location
        Path or database URL; ``book.xlsx#Orders`` takes one sheet of a workbook, or one file of a zip.
    table
        Canonical table, when it is known.
    given
        ``[table.]column`` -> the file's column, where a person said so.
    name
        Name of the source; by default made from the file's name.
    is_flat
        The file is a table to learn from: only what was given and the customer's id are mapped, all other columns keep
        their names.

    Raises
    ------
    DataError
        Nothing in the file fits any canonical table.
    """
    whole, part = _parted(location)
    path = whole if "://" in whole else str(Path(whole).expanduser().resolve())
    raw = open_source(path, table=part)
    sample = raw.sample(SAMPLE)
    known = guess(raw.columns, sample, given=given or {}, table=table)
    settings = SourceSettings(
        name=name or source_name(part or raw.name),
        files=(path,),
        query=part,
        table=known.layout.table,
        mode=known.mode,
        shape=known.layout.shape,
        fill_by=known.layout.fill_by,
        products=known.layout.products,
        columns={
            ours: theirs
            for ours, theirs in known.layout.columns.items()
            if not is_flat or ours == "customer_id" or ours in (given or {})
        },
        personal=known.personal,
    )
    return SourceDraft(settings, known, sample)


def _parted(location: str) -> tuple[str, str | None]:
    """Separate a file from the part of it that is named after a #, unless a file has that very name."""
    whole, mark, part = location.rpartition("#")
    is_part = mark and whole and part and "://" not in location and not Path(location).expanduser().exists()
    return (whole, part) if is_part else (location, None)


def source_name(file: str) -> str:
    """Make a source's name from a file's name.

    Examples
    --------
    >>> source_name("Orders 2026 (final).csv")
    'orders_2026_final'
    """
    return re.sub(r"\W+", "_", file.rsplit(".", 1)[0].lower()).strip("_") or "source"


def draft(
    folder: Path, files: Sequence[str], shop: Mapping[str, Any], *, given: Mapping[str, str] | None = None
) -> Draft:
    """Guess what files are; nothing is written and nothing loaded.

    Parameters
    ----------
    shop
        What is known of ``[shop]``; zone and currency are guessed where a file betrays them.
    given
        ``[table.]column`` -> the file's column, where a person said so.

    Raises
    ------
    WorkspaceError
        The folder is a workspace already.
    DataError
        A file lacks a column that its table needs.
    """
    if (folder / config.FILE).exists():
        raise WorkspaceError("app.workspace_exists", folder=folder.name, file=config.FILE)
    sources = _together([source_for(location, given=given) for location in files])
    _refuse_unfit(sources)
    zone = next((source.guess.time_zone for source in sources if source.guess.time_zone), None)
    currency = next((source.guess.currency for source in sources if source.guess.currency), None)
    known = {"name": folder.resolve().name, "time_zone": zone or "UTC", "currency": currency}
    known |= {name: value for name, value in shop.items() if value is not None}
    config.ShopSettings.read(known, "[shop]")
    return Draft(tuple(sources), known, zone is None and not shop.get("time_zone"))


def write(folder: Path, made: Draft, capabilities: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    """Write ``nextbest.toml`` of a draft.

    Parameters
    ----------
    capabilities
        What differs from the defaults, by capability.
    """
    with plain_io_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        config.write(folder, made.shop, _named_apart(made.sources), capabilities)


def _together(sources: Sequence[SourceDraft]) -> list[SourceDraft]:
    """Settle what the files are, seen together: heads of orders fill the lines of item files."""
    guesses = settled([source.guess for source in sources])
    return [
        replace(
            source,
            guess=known,
            settings=source.settings.model_copy(
                update={"table": known.layout.table, "columns": dict(known.layout.columns)}
            ),
        )
        for source, known in zip(sources, guesses, strict=True)
    ]


def _refuse_unfit(sources: Sequence[SourceDraft]) -> None:
    for source in sources:
        if source.guess.missing:
            raise DataError(
                "app.columns_missing",
                file=Path(source.settings.files[0]).name,
                table=source.settings.table,
                missing=source.guess.missing,
                columns=source.sample.column_names,
            )


def _named_apart(sources: Sequence[SourceDraft]) -> list[SourceSettings]:
    """Give sources that would have the same name a number."""
    names = [source.settings.name for source in sources]
    return [
        source.settings.model_copy(update={"name": f"{name}_{number}"})
        if names.count(name) > 1
        else source.settings
        for number, (name, source) in enumerate(zip(names, sources, strict=True), start=1)
    ]
