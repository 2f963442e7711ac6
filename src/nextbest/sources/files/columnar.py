"""Parquet files as a table of strings."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nextbest.base.errors import DataError
from nextbest.sources.files.core.cells import as_strings, finished
from nextbest.sources.files.spec import RawTable, Rejected

if TYPE_CHECKING:
    from nextbest.sources.files.content import Content

_ROWS = 1 << 17


class Columnar(RawTable):
    """Rows of a Parquet file, a batch at a time."""

    def __init__(self, content: Content, columns: tuple[str, ...]) -> None:
        super().__init__(content.name, columns)
        self._content = content

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return self._content.digest()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read the rows from the start."""
        self.rejected = []
        n_rows = 0
        with _opened(self._content) as file:
            for part in file.iter_batches(_ROWS, columns=list(self.columns)):
                rows = pa.array(np.arange(part.num_rows) + n_rows + 1, pa.int64())
                cells = [as_strings(part.column(part.schema.get_field_index(name))) for name in self.columns]
                batch, empty = finished(cells, self.columns, rows)
                self.rejected += [Rejected(row, "empty", "") for row in empty]
                n_rows += part.num_rows
                yield batch


def open_parquet(content: Content) -> Columnar:
    """Check that the file has rows; columns that pandas wrote for its index are left out."""
    with _opened(content) as file:
        names = [name for name in file.schema_arrow.names if not name.startswith("__index_level_")]
        n_rows = file.metadata.num_rows
    if not n_rows:
        raise DataError("files.no_rows", file=content.name)
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DataError("files.duplicate_columns", file=content.name, columns=twice)
    return Columnar(content, tuple(names))


@contextmanager
def _opened(content: Content) -> Iterator[pq.ParquetFile]:
    with content.opened() as file:
        try:
            yield pq.ParquetFile(
                file if file.seekable() and content.member is None else io.BytesIO(file.read())
            )
        except pa.ArrowInvalid as error:
            raise DataError("files.damaged", file=content.name) from error
