"""State: what is true of a visitor now (cart, views, searches, offers, session, consents), one row per subject.

``absorb`` takes events in within their transaction; ``read`` (of many: ``read_all``) gives what a decision needs; ``subjects``
names the rows, ``owners`` whose devices are; ``acts_of`` tells from a document what the intent of a visit is told from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.serving.state.spec import CartLine, OfferEvent, Seen, Session, SubjectState

if TYPE_CHECKING:
    from nextbest.serving.state.core.acting import acts_of
    from nextbest.serving.state.rows import absorb, owners, read, read_all, subjects

__all__ = [
    "CartLine",
    "OfferEvent",
    "Seen",
    "Session",
    "SubjectState",
    "absorb",
    "acts_of",
    "owners",
    "read",
    "read_all",
    "subjects",
]


def __getattr__(name: str) -> Any:
    if name == "acts_of":
        from nextbest.serving.state.core.acting import acts_of

        return acts_of
    if name in __all__:
        from nextbest.serving.state import rows

        return getattr(rows, name)
    raise AttributeError(name)
