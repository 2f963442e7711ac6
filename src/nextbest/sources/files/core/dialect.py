"""The shape of delimited text: delimiter, lines above the header, names of the columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

DELIMITERS: Final = (",", "\t", ";", "|", "^", "~", "\x01", "\x1f")
"""Tried in this order; the earlier wins a tie."""
_MAX_HEADER_LINES: Final = 20
_LINES: Final = 500
"""Lines that decide on the delimiter."""
_ALMOST_ALL: Final = 0.9
_DATUM: Final = re.compile(r"[-+(\s$€£¥￥]*\d[\d.,:/\-\s+TZ%)]*(?:元|[AaPp][Mm])?")


@dataclass(frozen=True, slots=True)
class Header:
    """Where the rows begin and what their cells are called."""

    columns: tuple[str, ...]
    """One name per cell of a row."""
    kept: tuple[int, ...]
    """Places of the columns worth keeping: not those without name and content, such as a delimiter too many leaves."""
    n_above: int
    """Records above the header, such as titles."""
    has_header: bool = True


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to cut the lines of a file into named cells."""

    delimiter: str
    header: Header
    n_skipped: int
    """Lines before the first row of data: title lines and the header."""
    n_above: int = 0
    """Title lines above the header."""


def read_dialect(text: str, delimiter: str | None = None, *, has_header: bool | None = None) -> Dialect:
    r"""Work out the shape of a file from its first lines.

    Most rows have one number of cells: the delimiter is the sign for which that is most true.

    Examples
    --------
    >>> dialect = read_dialect("Sales 2024\nid;price\n1;1,50\n2;2,50\n")
    >>> dialect.delimiter, dialect.header.columns, dialect.n_skipped, dialect.n_above
    (';', ('id', 'price'), 2, 1)
    """
    lines = text.split("\n")
    announced = re.fullmatch(r"sep=(.)", lines[0])
    first = 1 if announced else 0
    delimiter = delimiter or (announced[1] if announced else guess_delimiter(lines[first:]))
    records, ends = _records(lines[first:], delimiter)
    header = read_header(records, has_header=has_header)
    n_above = ends[header.n_above - 1] if header.n_above else 0
    n_skipped = ends[header.n_above] if header.has_header else n_above
    return Dialect(delimiter, header, first + n_skipped, n_above)


def read_header(records: Sequence[Sequence[str]], *, has_header: bool | None = None) -> Header:
    """Find the names of the columns in the first records.

    The header is the first record with as many cells as most have (a file of R has one name less: its first column has none).
    There is no header if every column of numbers and dates already begins with a number or a date.

    Examples
    --------
    >>> read_header([["id", "on", ""], ["ann", "2024-01-31", ""], ["bob", "2024-02-01", ""]])
    Header(columns=('id', 'on', 'c3'), kept=(0, 1), n_above=0, has_header=True)
    >>> read_header([["ann", "2024-01-31"], ["bob", "2024-02-01"]]).columns
    ('c1', 'c2')
    """
    width = _usual(records)
    at = _header_at(records, width)
    given = has_header if has_header is not None else not _starts_with_data(records[at], records[at + 1 :])
    rows = [row for row in records[at + given :] if len(row) <= max(width, len(records[at]))]
    names = _header_cells(records[at], width, rows) if given else [""] * width
    filled = {i for row in rows for i, cell in enumerate(row) if cell.strip()}
    kept = tuple(i for i, name in enumerate(names) if name or not given or i in filled)
    return Header(tuple(name or f"c{i + 1}" for i, name in enumerate(names)), kept, at, given)


def guess_delimiter(lines: Sequence[str]) -> str:
    r"""Find the sign that cuts most lines into the same number of cells; a comma where none does.

    Examples
    --------
    >>> guess_delimiter(["id;price", "1;1,50", "2;2,50"])
    ';'
    """
    scores = {}
    for sign in DELIMITERS:
        records, _ = _records(lines[:_LINES], sign)
        width = _usual(records)
        share = sum(len(record) == width for record in records) / max(len(records), 1)
        scores[sign] = (round(share, 1), width) if width > 1 else (0.0, 0)
    return max(DELIMITERS, key=lambda sign: scores[sign])


def duplicates(names: Sequence[str]) -> list[str]:
    """List the names that occur more than once.

    Examples
    --------
    >>> duplicates(["id", "price", "id"])
    ['id']
    """
    return [name for name, n in Counter(names).items() if n > 1]


def _records(lines: Sequence[str], delimiter: str) -> tuple[list[list[str]], list[int]]:
    """Cut lines into cells; the second list holds the number of lines up to the end of each record."""
    records: list[list[str]] = []
    ends: list[int] = []
    reader = csv.reader((line + "\n" for line in lines), delimiter=delimiter)
    try:
        for record in reader:
            if record and reader.line_num - (ends[-1] if ends else 0) <= _MAX_HEADER_LINES:
                records.append(record)
                ends.append(reader.line_num)
    except csv.Error:
        pass
    if records:
        return records, ends
    filled = [(line.split(delimiter), i + 1) for i, line in enumerate(lines) if line]
    return [cells for cells, _ in filled], [end for _, end in filled]


def _usual(records: Sequence[Sequence[str]]) -> int:
    widths = Counter(len(record) for record in records)
    return max(widths, key=lambda width: (widths[width], width), default=0)


def _header_at(records: Sequence[Sequence[str]], width: int) -> int:
    """Find the first record as wide as most that is no title, or the one above it if that names some of its cells."""
    at = next((i for i, record in enumerate(records) if len(record) >= width and not _is_title(record)), 0)
    above = records[at - 1] if at else []
    names_some = len(above) in range(min(2, width - 1), width) and not any(map(_DATUM.fullmatch, above))
    return at - 1 if names_some and _starts_with_data(records[at], records[at + 1 :]) else at


def _is_title(record: Sequence[str]) -> bool:
    """See a title by its one cell in a table of three columns or more; spreadsheets pad it with empty ones."""
    return len(record) > 2 and sum(bool(cell.strip()) for cell in record) < 2  # noqa: PLR2004


def _starts_with_data(record: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Tell whether every column of numbers or dates begins with one or with nothing, and at least one with one."""
    columns = [i for i in range(len(record)) if _is_data([row[i] for row in rest[:100] if i < len(row)])]
    starts = [record[i].strip() for i in columns if record[i].strip()]
    return bool(starts) and all(map(_DATUM.fullmatch, starts)) and not _numbered(starts, len(record))


def _numbered(cells: list[str], width: int) -> bool:
    """See product numbers or months as names: at least three, rising, beside one name or more."""
    rising = len(cells) >= 3 and all(len(a) <= len(b) for a, b in pairwise(cells))  # noqa: PLR2004
    return rising and cells == sorted(set(cells), key=lambda cell: (len(cell), cell)) and len(cells) < width


def _is_data(cells: Sequence[str]) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    return bool(filled) and sum(bool(_DATUM.fullmatch(cell)) for cell in filled) >= _ALMOST_ALL * len(filled)


def _header_cells(header: Sequence[str], width: int, rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [_own(" ".join(re.sub("[\ufeff\0]", "", cell).split())) for cell in header]
    if 0 < len(cells) == width - 1 and any(len(row) == width and row[-1].strip() for row in rows):
        cells.insert(0, "")
    return cells + [""] * (width - len(cells))


def _own(cell: str) -> str:
    """Take ``="id"`` and names in stray quotes for what they mean; ``_row`` is ours."""
    name = re.sub(r'^="?(.*?)"?$', r"\1", cell).strip().strip('"').strip()
    return "_row_given" if name == "_row" else name
