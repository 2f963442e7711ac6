"""Snapshots: one immutable folder per run and a pointer that is replaced atomically.

A reader sees the old run or the new one, never half of one. A run that dies leaves a folder whose name begins with
``.building-``; the next run removes it.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import filelock

from nextbest.base.errors import WorkspaceError

T = TypeVar("T")
FORMAT: Final = 1
"""Version of the layout; a snapshot with a higher one was written by a newer nextbest."""
KEEP: Final = 10
"""Snapshots kept for ``report --against``; older ones are removed."""
_BUILDING: Final = ".building-"
_DISK: Final = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EIO,
        errno.ENOTDIR,
    }
)
"""What the disk, and not a mistake of ours, can say."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One finished run."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.folder.name

    def file(self, name: str) -> bytes | None:
        """Read a file that is no table, such as a model; ``None`` where the run has left none."""
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None

    def tables(self) -> dict[str, list[Path]]:
        """Parquet files by table.

        Raises
        ------
        WorkspaceError
            Some that the run wrote are gone.
        """
        found = {path.stem: [path] for path in sorted(self.folder.glob("*.parquet"))}
        return self._whole(found, self.manifest.get("tables", ()))

    def with_inputs(self, files: Mapping[str, Sequence[Path]]) -> dict[str, Sequence[Path]]:
        """Parquet files by table, with those of the canonical tables beside them.

        Raises
        ------
        WorkspaceError
            Some that the run read or wrote are gone: without them, guardrails would know less.
        """
        return {**self._whole(files, self.manifest.get("inputs", ())), **self.tables()}

    def _whole(self, found: Mapping[str, T], named: Iterable[str]) -> dict[str, T]:
        missing = sorted(set(named) - found.keys())
        if missing:
            raise WorkspaceError("engines.run_incomplete", run=self.name, missing=missing)
        return dict(found)


class Snapshots:
    """The snapshots of one workspace.

    Parameters
    ----------
    store
        The workspace's ``store`` folder.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._folder = store / "snapshots"
        self._pointer = store / "CURRENT"

    def current(self) -> Snapshot | None:
        """Open the last finished run; ``None`` before the first."""
        if not self._pointer.exists():
            return None
        return self.open(self._pointer.read_text(encoding="utf-8", errors="replace").strip())

    def names(self) -> list[str]:
        """List the finished runs, oldest first."""
        if not self._folder.exists():
            return []
        return sorted(path.name for path in self._folder.iterdir() if not path.name.startswith("."))

    def open(self, name: str) -> Snapshot:
        """Open a run by name.

        Raises
        ------
        WorkspaceError
            There is no such run, its manifest cannot be read, or a newer nextbest wrote it.
        """
        path = self._folder / name / "manifest.json"
        if name not in self.names() or not path.exists():
            raise WorkspaceError("engines.run_missing", run=name, known=self.names())
        manifest = read_manifest(path)
        return Snapshot(path.parent, manifest)

    @contextmanager
    def building(self, name: str) -> Iterator[Path]:
        """Give an empty folder that becomes run ``name`` when the block ends; one without a manifest is thrown away."""
        self._remove_leftovers()
        folder = self._folder / f"{_BUILDING}{name}"
        with plain_io_errors(folder):
            folder.mkdir(parents=True)
            try:
                yield folder
                if (folder / "manifest.json").exists():
                    _fsync_files(folder)
                    folder.rename(self._folder / name)
                    replace_text(self._pointer, name)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        self._remove_old()

    def _remove_leftovers(self) -> None:
        for path in self._folder.glob(f"{_BUILDING}*"):
            shutil.rmtree(path, ignore_errors=True)

    def _remove_old(self) -> None:
        for name in self.names()[:-KEEP]:
            shutil.rmtree(self._folder / name, ignore_errors=True)


@contextmanager
def one_writer(store: Path) -> Iterator[None]:
    """Hold the workspace for writing.

    Raises
    ------
    WorkspaceError
        Another load or run holds it.
    """
    with plain_io_errors(store):
        store.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(store / "lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise WorkspaceError("engines.busy", workspace=str(store.parent.name)) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def plain_io_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system says about a full or read-only disk into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK:
            raise
        raise WorkspaceError(
            "engines.disk", path=str(path.name), reason=(error.strerror or str(error)).lower()
        ) from error


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest and check that this version understands it."""
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version = int(manifest["format"])
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise WorkspaceError("engines.manifest_broken", file=f"{path.parent.name}/{path.name}") from error
    if version > FORMAT:
        raise WorkspaceError(
            "engines.newer_version",
            file=f"{path.parent.name}/{path.name}",
            got=str(version),
            known=str(FORMAT),
        )
    return manifest


def write_manifest(path: Path, content: Mapping[str, Any]) -> None:
    """Write a manifest, replacing an older one atomically."""
    text = json.dumps(
        {"format": FORMAT, **content}, indent=1, sort_keys=True, ensure_ascii=False, default=str
    )
    replace_text(path, text)


def replace_text(path: Path, text: str) -> None:
    """Write a file so that readers see the old text or the new one, also after a power cut."""
    scratch = path.with_name(f".{path.name}.new")
    with scratch.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
    _fsync(path.parent)


def _fsync_files(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            _fsync(path)
    _fsync(folder)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
