"""Ids of millions in one piece of memory."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Ids:
    """Sorted ids in one piece of memory; found by halving.

    Examples
    --------
    >>> ids = Ids.of(["bob", "ann"])
    >>> ids.find("bob"), ids.find("cem"), ids[0]
    (1, -1, 'ann')
    """

    data: bytes
    """UTF-8, one after the other."""
    offsets: memoryview
    """Where each begins, and where the last ends."""

    @classmethod
    def of(cls, ids: Sequence[str]) -> Ids:
        """Sort and pack."""
        words = sorted(one.encode() for one in set(ids))
        offsets = np.cumsum([0, *map(len, words)], dtype=np.int64)
        return cls(b"".join(words), offsets.data)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> str:
        return self._bytes(row).decode()

    def find(self, one: str) -> int:
        """Give the row of an id; -1 where there is none."""
        key = one.encode(errors="surrogatepass")
        row = bisect_left(range(len(self)), key, key=self._bytes)
        return row if row < len(self) and self._bytes(row) == key else -1

    def _bytes(self, row: int) -> bytes:
        return self.data[self.offsets[row] : self.offsets[row + 1]]


@dataclass(frozen=True, slots=True)
class IdsBut(Ids):
    """Ids of which some are not found any more, such as those of erased customers.

    Examples
    --------
    >>> ids = Ids.of(["bob", "ann"])
    >>> IdsBut(ids.data, ids.offsets, {"ann"}.__contains__).find("ann")
    -1
    """

    is_gone: Callable[[str], bool]

    def find(self, one: str) -> int:
        """Give the row of an id; -1 where there is none, or it is gone."""
        return -1 if self.is_gone(one) else Ids.find(self, one)
