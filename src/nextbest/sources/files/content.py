"""The bytes of a file, whatever they are packed in."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from nextbest.base.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK: Final = 8 << 20
_PACKED: Final[dict[bytes, Callable[[Path], IO[bytes]]]] = {
    b"\x1f\x8b": cast("Callable[[Path], IO[bytes]]", gzip.open),
    b"BZh": cast("Callable[[Path], IO[bytes]]", bz2.open),
    b"\xfd7zXZ\x00": cast("Callable[[Path], IO[bytes]]", lzma.open),
}
_WORKBOOK_PARTS: Final = ("xl/", "content.xml")
_DAMAGED: Final = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError)


@dataclass(frozen=True, slots=True)
class Content:
    """A file, or one file of a zip, that can be read again and again."""

    path: Path
    name: str
    """For messages: no folders; ``shop.zip/orders.csv`` for a file in a zip."""
    member: str | None = None

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Open the unpacked bytes.

        Raises
        ------
        DataError
            The file cannot be read, or its packing is damaged; also while it is being read.
        """
        try:
            with self._file() as file:
                yield file
        except _DAMAGED as error:
            raise DataError("files.damaged", file=self.name) from error
        except RuntimeError as error:
            if "encrypted" not in str(error) and "password" not in str(error):
                raise
            raise DataError("files.password", file=self.name) from error
        except PermissionError as error:
            raise DataError("files.not_allowed", file=self.name) from error
        except OSError as error:
            raise DataError("files.damaged", file=self.name) from error

    def _file(self) -> IO[bytes]:
        if self.member is not None:
            return zipfile.ZipFile(self.path).open(self.member)
        with self.path.open("rb") as file:
            start = file.read(6)
        packed = next((opener for mark, opener in _PACKED.items() if start.startswith(mark)), None)
        return packed(self.path) if packed else self.path.open("rb")

    def start(self, n: int) -> bytes:
        """Read the first ``n`` bytes."""
        with self.opened() as file:
            return file.read(n)

    def chunks(self) -> Iterator[bytes]:
        """Read everything, eight megabytes at a time."""
        with self.opened() as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def digest(self, part: str = "") -> str:
        """Hash the file as it is stored; ``part`` tells sheets and zipped files of one file apart."""
        with self.path.open("rb") as file:
            total = hashlib.file_digest(file, "sha256")
        total.update((part or self.member or "").encode())
        return total.hexdigest()


def open_content(location: str, member: str | None = None) -> Content:
    """Find the file, or the one file in the zip.

    Raises
    ------
    DataError
        There is no such file, it is a folder, it is empty, or it is a zip of several files and ``member`` names none.
    """
    path = Path(location).expanduser()
    if path.is_dir():
        raise DataError(
            "files.folder", file=path.name, holds=sorted(item.name for item in path.iterdir())[:5]
        )
    if not path.exists():
        raise DataError("files.missing", file=path.name, folder=path.absolute().parent.name)
    whole = Content(path, path.name)
    if not whole.start(1):
        raise DataError("files.empty", file=path.name)
    return _member(whole, member) if whole.start(4) == b"PK\x03\x04" else whole


def _member(whole: Content, member: str | None) -> Content:
    try:
        with zipfile.ZipFile(whole.path) as archive:
            names = [item.filename for item in archive.infolist() if not item.is_dir()]
    except zipfile.BadZipFile as error:
        raise DataError("files.damaged", file=whole.name) from error
    if any(name.startswith(_WORKBOOK_PARTS) for name in names):
        return whole
    names = [
        name for name in names if not name.startswith("__MACOSX/") and not Path(name).name.startswith(".")
    ]
    chosen = [name for name in names if member is None or member in {name, Path(name).name}]
    if len(chosen) != 1:
        raise DataError(
            "files.zip_of_several" if names else "files.empty", file=whole.name, holds=sorted(names)[:20]
        )
    content = Content(whole.path, f"{whole.name}/{Path(chosen[0]).name}", chosen[0])
    if not content.start(1):
        raise DataError("files.empty", file=content.name)
    return content
