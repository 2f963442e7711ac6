"""Checking settings and sources without changing anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nextbest.app.catalogue import CATALOGUE
from nextbest.app.config import Config, SourceSettings
from nextbest.app.intake import locations
from nextbest.app.plan import Need, missing, own
from nextbest.base.errors import DataError
from nextbest.sources.files import open_source
from nextbest.sources.mapping import terms

AMOUNTS: Final = ("unit_price", "gross_revenue", "order_revenue")
"""Columns of which loading makes ``net_revenue``."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found to be in order, and what the data will not allow."""

    sources: Sequence[tuple[str, str, int]]
    """Source, canonical table, and number of its columns that the files give."""
    cannot_run: Mapping[str, Need]
    """Capabilities that will be skipped, each with the table or column that would enable it."""


def check(config: Config, root: Path) -> Check:
    """Open every file, look for the columns that the settings name.

    Raises
    ------
    DataError
        A file is missing or cannot be read, or lacks a column.
    """
    for source in config.sources:
        for location in locations(source, root):
            _check_columns(source, location)
    given = {
        (owner or source.table, column)
        for source in config.sources
        for owner, _, column in (name.rpartition(".") for name in source.columns)
    }
    given |= {
        ("order_lines", "net_revenue")
        for table, column in given
        if table == "order_lines" and column in AMOUNTS
    }
    given |= {("order_lines", "ordered_on") for table, column in given if column == "ordered_at"}
    made = {table for card in CATALOGUE for table in own(card)}

    def has(table: str, *columns: str) -> bool:
        known = {owner for owner, _ in given} | made
        return table in known and all(table in made or (table, column) in given for column in columns)

    needs = {card.name: missing(card, has) for card in CATALOGUE}
    counts = [(source.name, source.table, len(source.columns)) for source in config.sources]
    return Check(counts, {name: need for name, need in needs.items() if need is not None})


def _check_columns(source: SourceSettings, location: str) -> None:
    raw = open_source(location, table=source.query)
    parts = [part for theirs in source.columns.values() for part in terms(theirs, raw.columns)[1]]
    absent = [part for part in parts if not part.startswith("@") and part not in raw.columns]
    if absent:
        raise DataError("app.theirs_missing", file=raw.name, missing=absent, columns=raw.columns)
