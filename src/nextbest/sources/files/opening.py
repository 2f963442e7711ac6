"""See what a source is by its content, and open it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nextbest.sources.files.content import Content, open_content

if TYPE_CHECKING:
    from nextbest.sources.files.spec import RawTable

_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"
_ZIP: Final = b"PK\x03\x04"
_PARQUET: Final = b"PAR1"


def open_source(
    location: str,
    *,
    table: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    has_header: bool | None = None,
) -> RawTable:
    r"""Open a file or a database as a table of strings.

    Parameters
    ----------
    location
        Path of a file, or a database as SQLAlchemy URL.
    table
        Sheet of a workbook, file in a zip, table of a database, or a ``select``.
    delimiter, encoding, has_header
        Of delimited text, when the guess is wrong.

    Raises
    ------
    DataError
        It cannot be read; the sentence says why and what to do.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "orders.csv")
    ...     _ = path.write_text("order_id;customer\n0012;ann\n")
    ...     orders = open_source(str(path))
    ...     orders.columns, orders.head(1).to_pylist()
    (('order_id', 'customer'), [{'order_id': '0012', 'customer': 'ann'}])
    """
    if "://" in location:
        from nextbest.sources.files.database import open_database

        return open_database(location, table)
    content = open_content(location, table)
    start = content.start(4096)
    if start.startswith(_PARQUET):
        from nextbest.sources.files.columnar import open_parquet

        return open_parquet(content)
    if start.startswith((_OLD_WORKBOOK, _ZIP)):
        from nextbest.sources.files.workbook import open_workbook

        return open_workbook(content, None if content.member else table, has_header=has_header)
    if _is_json(content, start):
        from nextbest.sources.files.objects import open_json

        return open_json(content)
    from nextbest.sources.files.delimited import open_delimited

    return open_delimited(content, delimiter, encoding, has_header=has_header)


def _is_json(content: Content, start: bytes) -> bool:
    """See JSON by its first sign; a line of CSV may begin with a bracket, a name in braces hardly."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    named = content.name.lower().removesuffix(".gz").endswith((".json", ".jsonl", ".ndjson"))
    return text.startswith((b'{"', b"[{", b"{ ")) or (named and text.startswith((b"{", b"[")))
