"""Sheets of Excel and OpenDocument as tables of strings."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import python_calamine as calamine

from nextbest.base.errors import DataError
from nextbest.base.messages import Message
from nextbest.sources.files.core.cells import plain
from nextbest.sources.files.core.dialect import Header, duplicates, read_header
from nextbest.sources.files.rows import batches_of
from nextbest.sources.files.spec import RawTable, Rejected

if TYPE_CHECKING:
    from nextbest.sources.files.content import Content

_SAMPLE: Final = 1000


class Sheet(RawTable):
    """Rows of one sheet; the format has a million at most, so the sheet itself is held in memory."""

    def __init__(
        self, content: Content, sheet: calamine.CalamineSheet, header: Header, *, is_named: bool
    ) -> None:
        super().__init__(content.name, tuple(header.columns[i] for i in header.kept))
        self._content, self._sheet, self._header, self._is_named = content, sheet, header, is_named
        if not header.has_header:
            self.notices += (Message("files.no_header", {"file": self.name, "columns": header.columns}),)
        if header.n_above:
            self.notices += (Message("files.lines_above", {"file": self.name, "n": header.n_above}),)

    @property
    def digest(self) -> str:
        """SHA-256 of the file and, where it was asked for, the name of the sheet."""
        return self._content.digest(self._sheet.name if self._is_named else "")

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read the rows from the start; blank rows below the last one are none."""
        self.rejected = []
        rows = islice(_filled(self._sheet), self._header.n_above + self._header.has_header, None)
        numbered = zip(count(1), ([row[i] for i in self._header.kept] for row in rows), strict=False)
        for batch, empty in batches_of(numbered, self.columns):
            self.rejected += [Rejected(row, "empty", "") for row in empty]
            yield batch


def open_workbook(content: Content, table: str | None, *, has_header: bool | None) -> Sheet:
    """Take the sheet of that name, or the only one that holds a table; notes beside it may be there.

    Raises
    ------
    DataError
        The workbook is damaged or has a password, or there is no such sheet, no row in it, or several sheets with a table.
    """
    sheet = _sheet(content, table)
    sample = [_strings(row) for row in islice(_filled(sheet), _SAMPLE)]
    if not sample:
        raise DataError("files.empty", file=content.name)
    header = read_header(sample, has_header=has_header)
    if len(sample) <= header.n_above + header.has_header:
        raise DataError("files.no_rows", file=content.name)
    if twice := duplicates(header.columns):
        raise DataError("files.duplicate_columns", file=content.name, columns=twice)
    return Sheet(content, sheet, header, is_named=table is not None)


def _sheet(content: Content, table: str | None) -> calamine.CalamineSheet:
    try:
        with content.opened() as file:
            book = calamine.load_workbook(io.BytesIO(file.read()))
        if table is not None and table not in book.sheet_names:
            raise DataError("files.no_sheet", file=content.name, got=table, known=book.sheet_names)
        names = [table] if table is not None else book.sheet_names
        sheets = [book.get_sheet_by_name(name) for name in names]
    except calamine.PasswordError as error:
        raise DataError("files.password", file=content.name) from error
    except calamine.CalamineError as error:
        raise DataError("files.damaged", file=content.name) from error
    full = [sheet for sheet in sheets if _is_table(sheet)]
    if len(full) > 1:
        raise DataError("files.several_sheets", file=content.name, known=[sheet.name for sheet in full])
    return next(iter(full), next((sheet for sheet in sheets if sheet.height), sheets[0]))


def _is_table(sheet: calamine.CalamineSheet) -> bool:
    """See a table by two rows of two cells or more."""
    wide = (row for row in sheet.iter_rows() if sum(cell != "" for cell in row) > 1)
    return len(list(islice(wide, 2))) > 1


def _filled(sheet: calamine.CalamineSheet) -> Iterator[list[Any]]:
    """Rows with anything in them; a sheet has blank ones between and below."""
    return (row for row in sheet.iter_rows() if any(cell != "" for cell in row))


def _strings(row: list[Any]) -> list[str]:
    """Cells of a row up to the last that holds something."""
    cells = [plain(cell) or "" for cell in row]
    return cells[: max(i + 1 for i, cell in enumerate(cells) if cell)]
