"""Canonical tables on disk: immutable Parquet parts, and one manifest that is replaced atomically.

A load writes its parts first and the manifest last: a load that dies leaves files that no manifest names, and the next
load removes them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from nextbest.engines.snapshots import plain_io_errors, read_manifest, write_manifest

OPERATIONAL: Final = "operational/"
"""Prefix of the layer that is copied from the operational database; readers see it with the table it belongs to."""


@dataclass
class Parts:
    """What the manifest says: the parts of each table and the files that were loaded.

    Attributes
    ----------
    folder
        The workspace's ``store/tables``.
    tables
        Parts of each table, oldest first; a part is a file name relative to the folder, the source it came from and
        its number of rows.
    loads
        One record per file loaded, oldest first.
    rules
        The cleaning settings that made the canonical tables.
    copied
        What was copied from the operational database, and beside which loaded events.
    """

    folder: Path
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    loads: list[dict[str, Any]] = field(default_factory=list)
    rules: str = ""
    copied: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Read the manifest; empty before the first load."""
        path = folder / "manifest.json"
        if not path.exists():
            return cls(folder)
        manifest = read_manifest(path)
        copied = manifest.get("copied", {})
        return cls(folder, manifest["tables"], manifest["loads"], manifest["rules"], copied)

    def files(self) -> dict[str, list[Path]]:
        """Give the Parquet files of each table."""
        names = {layer.removeprefix(OPERATIONAL) for layer, parts in self.tables.items() if parts}
        return {name: [self.folder / file for file in self.identity(name)] for name in sorted(names)}

    def identity(self, table: str) -> tuple[str, ...]:
        """Name the content of a table: equal where not a row has changed."""
        layers = (table, f"{OPERATIONAL}{table}")
        return tuple(part["file"] for layer in layers for part in self.tables.get(layer, ()))

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give a folder for parts in the making; what is not added is removed afterwards."""
        folder = self.folder / ".building"
        with plain_io_errors(self.folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def add(self, table: str, part: Path, *, source: str, rows: int, name: str) -> None:
        """Move a finished Parquet file in as a part of a table; ``save`` makes it visible."""
        place = Path(table) / f"{name}.parquet"
        target = self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
        self.tables.setdefault(table, []).append({"file": place.as_posix(), "source": source, "rows": rows})

    def drop(self, table: str, *, source: str | None = None) -> None:
        """Forget the parts of a table, or only those of one source; ``save`` makes it visible."""
        self.tables[table] = [
            part for part in self.tables.get(table, ()) if source is not None and part["source"] != source
        ]

    def save(self) -> None:
        """Publish the parts, then remove the files that nobody names any more."""
        with plain_io_errors(self.folder):
            write_manifest(self.folder / "manifest.json", self.content())
        named = {self.folder / part["file"] for parts in self.tables.values() for part in parts}
        for path in self.folder.rglob("*.parquet"):
            if path not in named:
                path.unlink(missing_ok=True)

    def content(self) -> Mapping[str, Any]:
        """Give what the manifest holds."""
        return {"tables": self.tables, "loads": self.loads, "rules": self.rules, "copied": self.copied}
