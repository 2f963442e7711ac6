"""JSON lines and JSON lists as tables of strings."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from nextbest.base.errors import DataError
from nextbest.sources.files.rows import batches_of
from nextbest.sources.files.spec import ROW, RawTable, Rejected
from nextbest.sources.files.text import Text, open_text

if TYPE_CHECKING:
    from nextbest.sources.files.content import Content

Object = dict[str, Any]
_DECODER: Final = json.JSONDecoder()
_MAX_DOCUMENT: Final = 256 << 20
"""A document that wraps its list in an object is read whole, up to so many bytes."""
_SHOWN: Final = 200


class Objects(RawTable):
    """One object per row; nested objects become ``outer.inner``, lists stay JSON."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.content.name, ())
        self._text = text
        names = dict.fromkeys(name for row in self._rows() for name in row[1])
        if not names:
            raise DataError("files.no_objects" if self.rejected else "files.no_rows", file=self.name)
        self.columns = tuple(names)
        self.rejected = []

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return self._text.content.digest()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read the objects from the start."""
        self.rejected = []
        rows = ((number, [row.get(name) for name in self.columns]) for number, row in self._rows())
        for batch, empty in batches_of(rows, self.columns):
            self.rejected += [Rejected(row, "empty", "") for row in empty]
            yield batch
        self.rejected.sort(key=lambda rejected: rejected.row)

    def _rows(self) -> Iterator[tuple[int, Object]]:
        for number, (value, text) in enumerate(_values(self._text), 1):
            if isinstance(value, dict):
                yield number, flat(value)
            else:
                self.rejected.append(Rejected(number, "not_json", text[:_SHOWN]))


def open_json(content: Content) -> Objects:
    """Read all names first: objects of one file need not have the same.

    Raises
    ------
    DataError
        There is no object in it.
    """
    return Objects(open_text(content, None))


def flat(value: Object, prefix: str = "") -> Object:
    """Bring nested objects to one level.

    Examples
    --------
    >>> flat({"id": 1, "user": {"name": "ann"}, "items": [1, 2]})
    {'id': 1, 'user.name': 'ann', 'items': [1, 2]}
    """
    cells: Object = {}
    for name, inner in value.items():
        if isinstance(inner, dict) and inner:
            cells |= flat(inner, f"{prefix}{name}.")
        else:
            cells[prefix + name if prefix + name != ROW else f"{ROW}_given"] = inner
    return cells


def _values(text: Text) -> Iterator[tuple[Any, str]]:
    start = text.content.start(1 << 16).decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if start.startswith("["):
        return _listed(text)
    first, _, more = start.partition("\n")
    is_line = isinstance(_loaded(first), dict) or not first.rstrip().endswith(("{", "[", ","))
    return _lines(text) if is_line and (more.strip() or not _wrapped(_loaded(first))) else _document(text)


def _lines(text: Text) -> Iterator[tuple[Any, str]]:
    for block, is_too_long in text.blocks(0):
        if is_too_long:
            yield None, block.decode(errors="replace")
            continue
        for line in block.decode(errors="replace").split("\n"):
            if line.strip():
                yield _loaded(line), line


def _loaded(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _listed(text: Text) -> Iterator[tuple[Any, str]]:
    """Read a list item by item, never the whole of it."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    rest, chunks = "", text.chunks()
    for chunk in chunks:
        rest += decoder.decode(chunk)
        at = 0
        while (found := _next(rest, at)) is not None:
            value, at = found
            yield value, ""
        rest = rest[at:]
        if len(rest) > _MAX_DOCUMENT:
            break
    if rest.strip(" \t\r\n,]["):
        raise DataError("files.damaged", file=text.content.name)


def _next(text: str, at: int) -> tuple[Any, int] | None:
    """Decode the item after ``at``; ``None`` where it is not complete yet."""
    while at < len(text) and text[at] in " \t\r\n,[":
        at += 1
    try:
        value, end = _DECODER.raw_decode(text, at)
    except ValueError:
        return None
    is_whole = isinstance(value, dict | list | str) or end < len(text)
    return (value, end) if is_whole else None


def _document(text: Text) -> Iterator[tuple[Any, str]]:
    whole = b""
    for chunk in text.chunks():
        whole += chunk
        if len(whole) > _MAX_DOCUMENT:
            raise DataError("files.no_objects", file=text.content.name)
    try:
        value = json.loads(whole)
    except ValueError as error:
        raise DataError("files.damaged", file=text.content.name) from error
    for item in _wrapped(value) or [value]:
        yield item, ""


def _wrapped(value: Any) -> list[Any] | None:
    """Find the one list of objects in an answer such as ``{"orders": [...]}``."""
    lists = [
        inner
        for inner in (value.values() if isinstance(value, dict) else ())
        if isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner)
    ]
    return lists[0] if len(lists) == 1 and len(value) <= 3 else None  # noqa: PLR2004
