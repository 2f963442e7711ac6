"""Readers: any file or database of a shop, as columns of strings.

``open_source(location, *, table=None, delimiter=None, encoding=None, has_header=None) -> RawTable``

- ``location``: a path (CSV, TSV or any delimiter; zip, gzip, bzip2, xz; Parquet; .xlsx .xls .xlsb .ods; JSON lines or a
  JSON array) or a database as SQLAlchemy URL. What the file *is* is seen from its content, not from its name.
- ``table``: the sheet of a workbook, the file in a zip, the table of a database or a ``select``. Needed only where
  there are several.
- ``delimiter``, ``encoding``, ``has_header``: for delimited text, when the guess is wrong.

A ``RawTable`` has ``name``, ``columns``, ``digest``, ``notices``, ``head(n)``, ``sample(n)``, ``batches()``, ``rejected``.
Numbers, days and flags that a format knows by type come as canonical strings: ``2024-01-31``, ``2024-01-31 10:00:00``
(``...Z`` where the source knows the zone), ``17850`` and not ``17850.0``, ``true`` and ``false``. Leading zeros stay;
``="0012"`` becomes ``0012``. What cannot be opened at all raises ``DataError`` with a plain sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextbest.sources.files.spec import ROW, RawTable, Reason, Rejected

if TYPE_CHECKING:
    from nextbest.sources.files.opening import open_source

__all__ = ["ROW", "RawTable", "Reason", "Rejected", "open_source"]


def __getattr__(name: str) -> object:
    if name == "open_source":
        from nextbest.sources.files.opening import open_source

        return open_source
    raise AttributeError(name)
