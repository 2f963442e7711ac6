"""Write what batches say to Parquet, batch by batch: typed rows, and rows that cannot be read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from nextbest.sources.loading.spec import QUARANTINE, Reason

QUARANTINE_SCHEMA = pa.schema(
    [(column.name, pa.int64() if column.kind == "int64" else pa.string()) for column in QUARANTINE]
)


class Writer:
    """One Parquet file that grows by batches; made even if no row comes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n_rows = 0
        self._writer: pq.ParquetWriter | None = None

    def write(self, rows: pa.Table) -> None:
        """Append rows."""
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, rows.schema, compression="zstd")
        self._writer.write_table(rows.cast(self._writer.schema))
        self.n_rows += rows.num_rows

    def close(self, schema: pa.Schema | None = None) -> None:
        """End the file."""
        if self._writer is None and schema is not None:
            self.write(schema.empty_table())
        if self._writer is not None:
            self._writer.close()


class Account:
    """Rows set aside, with their content; and a count with one example per thing that was done."""

    def __init__(self, source: str, file: str, path: Path, personal: Iterable[str]) -> None:
        self.quarantine = Writer(path)
        self.n_rows: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], str] = {}
        self._where: dict[str, str | int | None] = {"source": source, "file": file}
        self._personal = frozenset(personal)

    def set_aside(
        self, rows: Sequence[Mapping[str, Any]], numbers: Sequence[int], rule: str, column: str | None = None
    ) -> None:
        """Quarantine rows for one reason."""
        written = [self.content(row) for row in rows]
        entries: list[dict[str, str | int | None]] = [
            self._where | {"row": number, "rule": rule, "column": column, "content": content}
            for number, content in zip(numbers, written, strict=True)
        ]
        if entries:
            self.quarantine.write(pa.Table.from_pylist(entries, QUARANTINE_SCHEMA))
            self.count(rule, "quarantined", len(entries), written[0])

    def count(self, rule: str, effect: str, n_rows: int, example: str | None = None) -> None:
        """Count what a rule did."""
        if n_rows:
            self.n_rows[rule, effect] += n_rows
            if example is not None:
                self._examples.setdefault((rule, effect), example)

    def content(self, row: Mapping[str, Any]) -> str:
        """Write a row as JSON without what is personal."""
        public = {
            name: value for name, value in row.items() if name not in self._personal and value is not None
        }
        return json.dumps(public, ensure_ascii=False, default=str)

    def reasons(self) -> tuple[Reason, ...]:
        """Everything that was done, in order of names."""
        return tuple(
            Reason(rule, effect, n, self._examples.get((rule, effect)))  # type: ignore[arg-type]
            for (rule, effect), n in sorted(self.n_rows.items())
        )

    def total(self, effect: str) -> int:
        """Count the rows of one effect."""
        return sum(n for (_, what), n in self.n_rows.items() if what == effect)
