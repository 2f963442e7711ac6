"""What a source looks like once it is open: columns of strings, row by row, whatever it was before."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from nextbest.base.messages import Message

ROW: Final = "_row"
"""Name of the column that numbers the data rows, from 1; rows that are set aside keep their number."""

Reason = Literal["cells", "encoding", "quotes", "too_long", "empty", "not_json"]
"""Why a row is set aside; the catalogues hold a text for each as ``files.reason.<reason>``.

``cells``: more or fewer cells than the header; ``encoding``: bytes that are no text in the file's encoding; ``quotes``:
a quote that is never closed; ``too_long``: longer than 16 MB; ``empty``: no cell holds anything; ``not_json``: no JSON
object.
"""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be read."""

    row: int
    """Number of the data row, from 1."""
    reason: Reason
    text: str
    """The first characters of the row, for a person to find it; may be personal, never goes to a log."""


class RawTable(ABC):
    """An open source: every cell a string, empty cells null, rows numbered in ``_row``.

    Rows read = rows of all batches + rows rejected, always.
    """

    name: str
    """What messages call it: the file's name without folders, the table's name, never a password."""
    columns: tuple[str, ...]
    """Names as the source gives them, without surrounding blanks and byte order mark; ``_row`` is not among them."""
    notices: tuple[Message, ...] = ()
    """What a reader should know: no header was found, lines above the header were skipped, cells held NUL bytes."""

    def __init__(self, name: str, columns: tuple[str, ...]) -> None:
        self.name = name
        self.columns = columns
        self.rejected: list[Rejected] = []
        """Rows set aside by the last complete pass over ``batches()``, in the order of their rows."""

    @property
    @abstractmethod
    def digest(self) -> str:
        """SHA-256 of the content, hexadecimal; of the rows in any order for a database. Costs one pass."""

    @abstractmethod
    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read the rows from the start: ``_row`` (int64) and one string column per name; never the whole file at once.

        ``rejected`` is emptied when the pass begins and true when it ends.
        """

    def head(self, n: int) -> pa.Table:
        """Take the first ``n`` rows, without ``_row``; ``rejected`` stays as it was."""
        import pyarrow as pa

        before, self.rejected = self.rejected, []
        taken: list[pa.Table] = []
        for batch in self.batches():
            taken.append(pa.table(batch).slice(0, n - sum(part.num_rows for part in taken)))
            if sum(part.num_rows for part in taken) >= n:
                break
        self.rejected = before
        return self._joined(taken)

    def sample(self, n: int) -> pa.Table:
        """Take about ``n`` to ``2 n`` rows (all, if there are fewer) spread evenly over the source, without ``_row``.

        A head of a file sorted by date shows one month only, which cannot tell day from month. Costs one pass.
        """
        import pyarrow as pa

        stride, taken = 1, []
        for batch in self.batches():
            taken.append(_every(pa.table(batch), stride))
            while sum(part.num_rows for part in taken) > 2 * n:
                stride *= 2
                taken = [_every(part, stride) for part in taken]
        return self._joined(taken)

    def _joined(self, parts: list[pa.Table]) -> pa.Table:
        import pyarrow as pa

        none = pa.schema([(name, pa.string()) for name in self.columns]).empty_table()
        return pa.concat_tables([none, *(part.drop_columns([ROW]) for part in parts)]).combine_chunks()


def _every(rows: pa.Table, stride: int) -> pa.Table:
    return rows.filter((rows[ROW].to_numpy() - 1) % stride == 0)
