"""CSV and its kin as a table of strings."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from nextbest.base.errors import DataError
from nextbest.base.messages import Message
from nextbest.sources.files.core.cells import finished
from nextbest.sources.files.core.dialect import Dialect, duplicates, guess_delimiter, read_dialect
from nextbest.sources.files.core.records import MAX_LINE, UNDECODABLE, count_if_simple, split_records
from nextbest.sources.files.spec import RawTable, Reason, Rejected
from nextbest.sources.files.text import Text, open_text

if TYPE_CHECKING:
    from nextbest.sources.files.content import Content

_SAMPLE: Final = 1 << 18
_SHOWN: Final = 200
_MAX_BINARY_SHARE: Final = 0.01
_MARKUP: Final = re.compile(r"\s*<(?:!doctype|html|table|\?xml|head|meta)", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x02-\x08\x0e-\x1e]")


class Delimited(RawTable):
    """Rows of delimited text, cut by Arrow block by block."""

    def __init__(self, text: Text, dialect: Dialect) -> None:
        super().__init__(text.content.name, tuple(dialect.header.columns[i] for i in dialect.header.kept))
        self._text, self._dialect = text, dialect
        self.notices = tuple(_notices(self.name, self._text, dialect))

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return self._text.content.digest()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read the rows from the start."""
        self.rejected = []
        n_rows, rest = 0, b""
        for block, is_too_long in self._text.blocks(self._dialect.n_skipped):
            if is_too_long:
                n_rows += 1
                self._reject(n_rows, "too_long", block)
                continue
            batch, rest, n_rows = self._read(rest + block, n_rows, is_last=False)
            yield batch
        if rest:
            yield self._read(rest, n_rows, is_last=True)[0]
        self.rejected.sort(key=lambda rejected: rejected.row)

    def _read(self, block: bytes, n_before: int, *, is_last: bool) -> tuple[pa.RecordBatch, bytes, int]:
        """Read one block; gives its rows, the start of a record that goes on, and the number of rows so far."""
        n_simple = None if UNDECODABLE in block else count_if_simple(block)
        if n_simple is not None:
            table, wrong = self._parse(block)
            if table.num_rows + len(wrong) == n_simple:
                return (
                    self._numbered(table, np.arange(n_simple) + n_before + 1, wrong),
                    b"",
                    n_before + n_simple,
                )
        records = split_records(block, self._dialect.delimiter, is_last=is_last)
        for place, reason, line in records.bad:
            self._reject(n_before + 1 + place, reason, line)
        table, wrong = self._parse(b"\n".join(records.good) + b"\n" if records.good else b"")
        rows = np.array(records.good_at, np.int64) + n_before + 1
        return self._numbered(table, rows, wrong), records.rest, n_before + records.n

    def _parse_lines(self, block: bytes, n: int) -> tuple[pa.Table, list[pacsv.InvalidRow]] | None:
        """Cut lines into cells; ``None`` where quotes made other than ``n`` records of them."""
        try:
            table, wrong = self._parse(block)
        except pa.ArrowInvalid:
            return None
        return (table, wrong) if table.num_rows + len(wrong) == n else None

    def _parse(self, block: bytes) -> tuple[pa.Table, list[pacsv.InvalidRow]]:
        """Cut records into cells; those with too few or too many come second."""
        wrong: list[pacsv.InvalidRow] = []

        def set_aside(row: pacsv.InvalidRow) -> str:
            wrong.append(row)
            return "skip"

        names = [str(i) for i in range(len(self._dialect.header.columns))]
        if not block.strip(b"\n"):
            return pa.table({name: pa.array([], pa.string()) for name in names}), wrong
        table = pacsv.read_csv(
            io.BytesIO(block),
            pacsv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=names),
            pacsv.ParseOptions(
                delimiter=self._dialect.delimiter, newlines_in_values=True, invalid_row_handler=set_aside
            ),
            pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
        return table, wrong

    def _numbered(self, table: pa.Table, rows: np.ndarray, wrong: list[pacsv.InvalidRow]) -> pa.RecordBatch:
        for row in wrong:
            self._reject(int(rows[row.number - 1]), "cells", row.text.encode())
        rows = np.delete(rows, [row.number - 1 for row in wrong])
        cells = [table.column(i).combine_chunks() for i in self._dialect.header.kept]
        batch, empty = finished(cells, self.columns, pa.array(rows, pa.int64()))
        for number in empty:
            self._reject(number, "empty", b"")
        return batch

    def _reject(self, row: int, reason: Reason, line: bytes) -> None:
        self.rejected.append(Rejected(row, reason, line[:_SHOWN].decode(errors="replace")))


def open_delimited(
    content: Content, delimiter: str | None, encoding: str | None, *, has_header: bool | None
) -> Delimited:
    """Guess what is not given, and check that there is something to read."""
    text = open_text(content, encoding)
    sample, is_whole = _sample(text)
    if delimiter is not None:
        _check_delimiter(content.name, delimiter, sample)
    dialect = read_dialect(sample, delimiter, has_header=has_header)
    if is_whole and not any(sample.split("\n")[dialect.n_skipped :]):
        raise DataError("files.no_rows", file=content.name)
    if twice := duplicates(dialect.header.columns):
        raise DataError("files.duplicate_columns", file=content.name, columns=twice)
    return Delimited(text, dialect)


def _sample(text: Text) -> tuple[str, bool]:
    """Take whole lines from the start; the flag tells whether that is all."""
    taken = bytearray()
    for block, is_too_long in text.blocks(0):
        if is_too_long and not taken:
            raise DataError("files.line_too_long", file=text.content.name, limit=MAX_LINE >> 20)
        taken += block
        if len(taken) > _SAMPLE:
            break
    end = taken.find(b"\n", _SAMPLE) + 1
    sample = bytes(taken[: end or len(taken)]).decode(errors="replace")
    _check_is_table(text.content.name, sample)
    return sample, not end or end == len(taken)


def _check_is_table(name: str, sample: str) -> None:
    if not sample.strip():
        raise DataError("files.empty", file=name)
    if _MARKUP.match(sample):
        raise DataError("files.markup", file=name)
    if len(_CONTROL.findall(sample)) > _MAX_BINARY_SHARE * len(sample) or sample.startswith("%PDF"):
        raise DataError("files.not_a_table", file=name)


def _check_delimiter(name: str, delimiter: str, sample: str) -> None:
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n':
        raise DataError("files.delimiter_length", file=name, got=delimiter)
    lines = sample.split("\n")
    better = guess_delimiter(lines)
    if delimiter not in lines[0] and better != delimiter and better in lines[0]:
        raise DataError("files.wrong_delimiter", file=name, got=delimiter, expected=better)


def _notices(name: str, text: Text, dialect: Dialect) -> Iterator[Message]:
    if not dialect.header.has_header:
        yield Message("files.no_header", {"file": name, "columns": dialect.header.columns})
    if dialect.n_above:
        yield Message("files.lines_above", {"file": name, "n": dialect.n_above})
    if text.has_nul:
        yield Message("files.nul_bytes", {"file": name})
