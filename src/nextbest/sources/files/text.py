"""The bytes of a file as UTF-8 lines, whatever its encoding and line ends."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from nextbest.base.errors import DataError
from nextbest.sources.files.core.encoding import guess_encoding, marked_encoding
from nextbest.sources.files.core.records import UNDECODABLE, blocks_of_lines

if TYPE_CHECKING:
    from nextbest.sources.files.content import Content

_START: Final = 1 << 16
_SCANNED: Final = 32
_EVIDENCE: Final = 2000
_MAX_NUL_SHARE: Final = 0.3


@dataclass(frozen=True, slots=True)
class Text:
    """A file of text and how it is written."""

    content: Content
    encoding: str
    has_nul: bool
    """NUL bytes stand in its start; they are left out."""
    cr_only: bool
    """Lines end with a carriage return alone."""

    def blocks(self, n_skipped: int) -> Iterator[tuple[bytes, bool]]:
        """Read blocks of whole UTF-8 lines after the first ``n_skipped``; lines that are no text are marked.

        Yields
        ------
        A block and ``False``, or the start of a line that is too long and ``True``.
        """
        for block, is_too_long in blocks_of_lines(self.chunks()):
            if is_too_long:
                n_skipped, show = max(n_skipped - 1, 0), not n_skipped
                if show:
                    yield block, True
                continue
            start = 0
            while n_skipped and start < len(block):
                start = block.index(b"\n", start) + 1
                n_skipped -= 1
            if start < len(block):
                yield self._as_utf8(block[start:]), False

    def chunks(self) -> Iterator[bytes]:
        """Read the bytes without byte order mark and NUL bytes, as UTF-8 where the encoding is a wide one."""
        wide = self.encoding.startswith(("utf-16", "utf-32"))
        chunks = _transcoded(self.content.chunks(), self.encoding) if wide else self.content.chunks()
        first = next(chunks, b"").removeprefix(codecs.BOM_UTF8)
        for chunk in chain((first,), chunks):
            whole = chunk.replace(UNDECODABLE, b"") if UNDECODABLE in chunk else chunk
            yield whole.replace(b"\r", b"\n") if self.cr_only else whole

    def _as_utf8(self, block: bytes) -> bytes:
        encoding = "utf-8" if self.encoding.startswith("utf-") else self.encoding
        if block.isascii():
            return block
        try:
            return _as_utf8(block, encoding)
        except UnicodeDecodeError:
            return b"\n".join(_line_as_utf8(line, encoding) for line in block.split(b"\n"))


def open_text(content: Content, encoding: str | None) -> Text:
    """See how a file is written.

    Raises
    ------
    DataError
        There is no such encoding, or the file is mostly NUL bytes.
    """
    start = content.start(_START)
    encoding = _known(content.name, encoding) if encoding else marked_encoding(start)
    wide = encoding is not None and encoding.startswith(("utf-16", "utf-32"))
    plain = b"".join(_transcoded([start], str(encoding))) if wide else start
    if plain.count(0) > _MAX_NUL_SHARE * len(plain):
        raise DataError("files.not_a_table", file=content.name)
    cr_only = b"\r" in plain and b"\n" not in plain
    draft = Text(content, encoding or "utf-8", has_nul=b"\0" in plain, cr_only=cr_only)
    if encoding is not None:
        return draft
    return Text(content, guess_encoding(_evidence(draft)), has_nul=draft.has_nul, cr_only=cr_only)


def _evidence(draft: Text) -> list[bytes]:
    """Collect lines that are not plain ASCII from the first quarter of a gigabyte."""
    lines: list[bytes] = []
    for block, _ in islice(blocks_of_lines(draft.chunks()), _SCANNED):
        if not block.isascii():
            lines += [line for line in block.split(b"\n") if not line.isascii()]
        if len(lines) >= _EVIDENCE:
            break
    return lines[:_EVIDENCE]


def _known(name: str, encoding: str) -> str:
    try:
        known = codecs.lookup(encoding).name
    except LookupError as error:
        raise DataError("files.encoding_unknown", file=name, got=encoding) from error
    return {"gb2312": "gb18030", "gbk": "gb18030", "utf-8-sig": "utf-8"}.get(known, known)


def _transcoded(chunks: Iterator[bytes] | list[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode(errors="replace")


def _as_utf8(line: bytes, encoding: str) -> bytes:
    text = line.decode(encoding)
    return line if encoding == "utf-8" else text.encode()


def _line_as_utf8(line: bytes, encoding: str) -> bytes:
    try:
        return _as_utf8(line, encoding)
    except UnicodeDecodeError:
        return UNDECODABLE + line.decode(encoding, errors="replace").encode()
