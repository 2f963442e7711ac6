"""The log: events and decisions on the disk before anybody is told, contacts that never exceed their caps.

``append``, ``record`` and ``reserve`` (many: ``Reserving``) work within a writing transaction; a ``Writer`` gathers such work from many callers into
few commits. ``erase`` and ``everything_about`` serve a customer's rights.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from nextbest.serving.log.spec import (
    Appended,
    AssignmentReason,
    Cap,
    Decision,
    Outcome,
    Reached,
    WriterSettings,
)

if TYPE_CHECKING:
    from nextbest.serving.log.contacts import Reserving, release, reserve, used
    from nextbest.serving.log.decisions import find, first_places, of_request, outcomes, record
    from nextbest.serving.log.events import append
    from nextbest.serving.log.rights import (
        Erased,
        Forgotten,
        Person,
        erase,
        everything_about,
        forgotten,
        known_as,
    )
    from nextbest.serving.log.writer import FullError, Writer

__all__ = [
    "Appended",
    "AssignmentReason",
    "Cap",
    "Decision",
    "Erased",
    "Forgotten",
    "FullError",
    "Outcome",
    "Person",
    "Reached",
    "Reserving",
    "Writer",
    "WriterSettings",
    "append",
    "erase",
    "everything_about",
    "find",
    "first_places",
    "forgotten",
    "known_as",
    "of_request",
    "outcomes",
    "record",
    "release",
    "reserve",
    "used",
]
_PLACES: Final = {
    "append": "events",
    "erase": "rights",
    "Erased": "rights",
    "everything_about": "rights",
    "Forgotten": "rights",
    "forgotten": "rights",
    "known_as": "rights",
    "Person": "rights",
    "find": "decisions",
    "first_places": "decisions",
    "FullError": "writer",
    "of_request": "decisions",
    "outcomes": "decisions",
    "record": "decisions",
    "release": "contacts",
    "reserve": "contacts",
    "Reserving": "contacts",
    "used": "contacts",
    "Writer": "writer",
}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(importlib.import_module(f"nextbest.serving.log.{_PLACES[name]}"), name)
    raise AttributeError(name)
