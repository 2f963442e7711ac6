"""Joining documents: the latest entries of both.

A document is a set of entries of which the latest are kept. So it depends on which events came, and not on their order or on
how often each came, and joining the documents of two subjects gives what one subject would have had.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from typing import Any

from nextbest.serving.state.spec import LIMITS, Document

Entry = list[Any]


def join(one: Document, other: Document) -> Document:
    """Join two documents: the latest entries of both.

    Examples
    --------
    >>> join({"views": [[5, "b", "tea", None]]}, {"views": [[3, "a", "milk", None]], "searches": [[4, "c", "jam"]]})
    {'views': [[3, 'a', 'milk', None], [5, 'b', 'tea', None]], 'searches': [[4, 'c', 'jam']]}
    """
    joined = dict(one)
    for name, found in other.items():
        before = joined.get(name)
        if before is None:
            joined[name] = found
        elif name == "consents":
            joined[name] = _latest_by_key(before, found)
        elif name == "emptied":
            joined[name] = max(before, found, key=_mark)
        else:
            joined[name] = _latest(before, found, LIMITS[name])
    return joined


def _latest(before: list[Entry], found: list[Entry], limit: int) -> list[Entry]:
    """Merge entries by time, each once, and keep the latest."""
    if len(found) == 1:
        place = bisect.bisect_left(before, found[0][:2], key=_mark)
        if place < len(before) and before[place][:2] == found[0][:2]:
            return before
        return [*before[:place], found[0], *before[place:]][-limit:]
    entries = {(entry[0], entry[1]): entry for entry in (*before, *found)}
    return [entries[mark] for mark in sorted(entries)][-limit:]


def _latest_by_key(before: Mapping[str, Entry], found: Mapping[str, Entry]) -> dict[str, Entry]:
    return {
        key: max((entries[key] for entries in (before, found) if key in entries), key=_mark)
        for key in sorted({*before, *found})
    }


def _mark(entry: Entry) -> Entry:
    return entry[:2]
