"""One file on the desk: what is read how, and what must not be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nextbest.base.contract import Column
from nextbest.base.errors import DataError
from nextbest.sources.cleaning import CleaningSettings
from nextbest.sources.loading.account import Account
from nextbest.sources.loading.core import Read, attribute_names, plan
from nextbest.sources.loading.spec import Desk, LoadingSettings
from nextbest.sources.mapping import Layout, columns_of, is_personal_header, looks_personal, terms
from nextbest.tables import CANONICAL

if TYPE_CHECKING:
    from nextbest.sources.files import RawTable

SAMPLE: Final = 20_000
"""Rows, spread over the file, that decide how columns are written."""


LOOKED_AT: Final = 500
"""Different values of a column that tell whether it is personal."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file on the desk."""

    raw: RawTable
    layout: Layout
    settings: LoadingSettings
    cleaning: CleaningSettings
    desk: Desk
    reads: tuple[Read, ...]
    attributes: Mapping[str, str]
    account: Account

    @property
    def table(self) -> str:
        """Table the file feeds first."""
        return self.layout.table

    @property
    def has_quantity(self) -> bool:
        """The file says how many."""
        return self.gives("quantity")

    def gives(self, target: str) -> bool:
        """Tell whether the file has a column for the target."""
        return any(read.target == target for read in self.reads)

    def path(self, name: str) -> Path:
        """Where a table lands."""
        return self.desk.folder / f"{name}.parquet"


def open_job(
    raw: RawTable, layout: Layout, settings: LoadingSettings, cleaning: CleaningSettings, desk: Desk
) -> Job:
    """Plan how a file is read; a column of the layout that the file lacks is an error."""
    contracts = _contracts(layout.table)
    used = _used(layout, raw.columns)
    for theirs in used:
        if theirs not in raw.columns and not theirs.startswith("@"):
            raise DataError("loading.column_missing", file=raw.name, column=theirs, known=list(raw.columns))
    rest = [name for name in raw.columns if name not in used and name not in layout.products]
    sample = raw.sample(SAMPLE)
    looks = {
        name for name in raw.columns if looks_personal(sample[name].unique().slice(0, LOOKED_AT).to_pylist())
    }
    personal = [name for name in rest if is_personal_header(name) or name in looks]
    names = attribute_names([name for name in rest if name not in personal], [*contracts, "_row", "_rule"])
    account = Account(
        desk.source, raw.name, desk.folder / "quarantine.parquet", _personal(layout, raw.columns, looks)
    )
    account.count("loading.personal_left_out", "changed", len(personal))
    reads = plan(layout, contracts, sample)
    return Job(raw, layout, settings, cleaning, desk, reads, names, account)


def _contracts(table: str) -> dict[str, Column]:
    own = {column.name: column for column in columns_of(table)}
    return own | {
        f"{side}.{column.name}": column for side in CANONICAL if side != table for column in CANONICAL[side]
    }


def _used(layout: Layout, columns: Sequence[str]) -> set[str]:
    return {part for theirs in layout.columns.values() for part in terms(theirs, columns)[1]}


def _personal(layout: Layout, columns: Sequence[str], looks: set[str]) -> set[str]:
    """Columns of the file, and of ours, that examples and the quarantine must not show."""
    contracts = _contracts(layout.table)
    found = looks | {name for name, column in contracts.items() if column.personal}
    found |= {name for name in columns if is_personal_header(name)}
    for target, theirs in layout.columns.items():
        parts = terms(theirs, columns)[1]
        name = target.removeprefix(f"{layout.table}.")
        hidden = name.endswith("customer_id") and any(map(is_personal_header, parts))
        if contracts[name].personal or hidden or looks.intersection(parts):
            found |= {name, *parts}
    return found
