"""Delimited text in blocks of bytes -> whole records, with the broken ones set aside."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from nextbest.sources.files.spec import Reason

MAX_LINE: Final = 16 << 20
"""Longest line that is read, in bytes."""
_MAX_RECORD_LINES: Final = 200
_MAX_RECORD: Final = 1 << 20
"""A quoted cell that spans more lines or bytes was never closed."""
_SHOWN: Final = 200
UNDECODABLE: Final = b"\0"
"""Marks a line that is no text; other NUL bytes are gone by then."""


@dataclass(slots=True)
class Records:
    """The records of a block: those to read, those set aside, and the start of the record the next block ends."""

    good: list[bytes] = field(default_factory=list)
    good_at: list[int] = field(default_factory=list)
    """Place of each good record among all records of the block, from 0."""
    bad: list[tuple[int, Reason, bytes]] = field(default_factory=list)
    rest: bytes = b""

    @property
    def n(self) -> int:
        """Records in all."""
        return len(self.good) + len(self.bad)


def blocks_of_lines(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    r"""Cut chunks of bytes at line ends, which become ``\n``.

    Yields
    ------
    A block of whole lines and ``False``, or the start of a line longer than 16 MB and ``True``.

    Examples
    --------
    >>> list(blocks_of_lines([b"a\r", b"\nb\nc"]))
    [(b'a\nb\n', False), (b'c\n', False)]
    """
    carry, skipping = bytearray(), False
    for chunk in chunks:
        carry += chunk
        end = carry.rfind(b"\n") + 1
        if end:
            first = carry.index(b"\n") + 1
            if skipping or first > MAX_LINE:
                if not skipping:
                    yield bytes(carry[:_SHOWN]), True
                del carry[:first]
                end, skipping = end - first, False
            if end:
                yield _plain_line_ends(bytes(carry[:end])), False
            del carry[:end]
        if len(carry) > MAX_LINE:
            if not skipping:
                yield bytes(carry[:_SHOWN]), True
            carry.clear()
            skipping = True
    if carry and not skipping:
        yield _plain_line_ends(bytes(carry) + b"\n"), False


def _plain_line_ends(block: bytes) -> bytes:
    if b"\r" not in block:
        return block
    return block.replace(b"\r\n", b"\n").replace(b"\r", b" ")


def count_if_simple(block: bytes) -> int | None:
    r"""Count the records of a block in which every line is one record; ``None`` where a quoted cell spans lines.

    Examples
    --------
    >>> count_if_simple(b'1,"a"\n\n2,b\n'), count_if_simple(b'1,"a\nb"\n')
    (2, None)
    """
    signs = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(signs == ord("\n"))
    if b'"' in block:
        quotes = np.searchsorted(np.flatnonzero(signs == ord('"')), ends)
        if np.any(quotes % 2):
            return None
    blank = int((ends[:1] == 0).sum() + (np.diff(ends) == 1).sum())
    return len(ends) - blank


def split_records(block: bytes, delimiter: str, *, is_last: bool) -> Records:
    r"""Split a block into records line by line, minding quotes.

    A quote that does not close properly spoils its own line only: the lines after it are read.

    Examples
    --------
    >>> split_records(b'1,"a\nb"\n2,"c,3\n3,d,"e"\n', ",", is_last=True)
    Records(good=[b'1,"a\nb"', b'3,d,"e"'], good_at=[0, 2], bad=[(1, 'quotes', b'2,"c,3')], rest=b'')
    """
    lines = block.split(b"\n")[:-1]
    found, i = Records(), 0
    while i < len(lines):
        if lines[i].startswith(UNDECODABLE):
            found.bad.append((found.n, "encoding", lines[i][1:]))
            i += 1
        elif not lines[i]:
            i += 1
        else:
            end = _end_of_record(lines, i, delimiter)
            if end is None and not is_last and _may_go_on(lines, i):
                found.rest = b"\n".join(lines[i:]) + b"\n"
                break
            if end is None:
                found.bad.append((found.n, "quotes", lines[i]))
                i += 1
            else:
                found.good_at.append(found.n)
                found.good.append(b"\n".join(lines[i:end]))
                i = end
    return found


def _may_go_on(lines: list[bytes], start: int) -> bool:
    return len(lines) - start < _MAX_RECORD_LINES and sum(map(len, lines[start:])) < _MAX_RECORD


def _end_of_record(lines: list[bytes], start: int, delimiter: str) -> int | None:
    """Find the line after the record, or ``None`` if a quote stays open."""
    if b'"' not in lines[start]:
        return start + 1
    lenient, strict = _closed_cells(delimiter)
    if not _stays_open(lines[start], lenient, delimiter):
        return start + 1
    for i in range(start + 1, min(start + _MAX_RECORD_LINES, len(lines))):
        if b'"' in lines[i]:
            rest = b'"' + lines[i]
            if strict.match(rest):
                if not _stays_open(rest, lenient, delimiter):
                    return i + 1
            elif not _stays_open(rest, lenient, delimiter):
                return None
    return None


@functools.cache
def _closed_cells(delimiter: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    d = re.escape(delimiter.encode())
    quoted = rb'"(?:[^"]++|"")*+"'
    return re.compile(rb"(^|" + d + rb")" + quoted + rb"[^" + d + rb"]*"), re.compile(
        quoted + rb"(?=" + d + rb"|$)"
    )


def _stays_open(line: bytes, closed: re.Pattern[bytes], delimiter: str) -> bool:
    rest = closed.sub(rb"\1", line)
    return rest.startswith(b'"') or delimiter.encode() + b'"' in rest
