"""Contacts counted against caps: reserved with the decision, so that two workers together never exceed a cap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Self

import sqlalchemy as sa

from nextbest.serving.log.spec import Cap, Reached
from nextbest.tables.inserting import insert
from nextbest.tables.operational import CONTACTS

_COUNTS: Final = (
    sa.select(CONTACTS.c.scope, sa.func.count())
    .where(CONTACTS.c.scope.in_(sa.bindparam("asked", expanding=True)))
    .group_by(CONTACTS.c.scope)
)
_COUNTS_SINCE: Final = _COUNTS.where(CONTACTS.c.reserved_at > sa.bindparam("since"))
_HELD: Final = sa.select(CONTACTS.c.decision_id, CONTACTS.c.scope).where(
    CONTACTS.c.decision_id.in_(sa.bindparam("asked", expanding=True))
)
_RELEASE: Final = sa.delete(CONTACTS).where(CONTACTS.c.decision_id.in_(sa.bindparam("asked", expanding=True)))
_AT_ONCE: Final = 10_000
"""Values of one statement: databases take no more than 32,766."""


class Reserving:
    """Decisions counted against their caps, within one writing transaction: looked up once, written at its end.

    Parameters
    ----------
    connection
        In a writing transaction: of two writers one waits, so what was counted still holds when it is written.
    asked
        Each decision that may be reserved, with all caps that it must stay within.
    at
        UTC without zone.
    """

    def __init__(
        self, connection: sa.Connection, asked: Iterable[tuple[str, Sequence[Cap]]], at: datetime
    ) -> None:
        self._connection = connection
        self._at = at
        self._asked = dict(asked)
        self._before = used(connection, {cap for caps in self._asked.values() for cap in caps}, at)
        ids = [one for one, caps in self._asked.items() if caps]
        self._held = set(_rows(connection, _HELD, ids))
        self._taken: dict[str, list[str]] = {}
        self._n_taken: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Write down what was taken, unless something went wrong."""
        if kind is None:
            rows = [(one, scope, self._at) for one, scopes in self._taken.items() for scope in scopes]
            insert(self._connection, CONTACTS, ("decision_id", "scope", "reserved_at"), rows)

    def take(self, decision_id: str, *, is_mandatory: bool = False) -> Reached | None:
        """Count a decision, or tell the first cap that leaves no room; then nothing is counted.

        Parameters
        ----------
        decision_id
            One of those asked, recorded in the same transaction; counting it again changes nothing.
        is_mandatory
            Counts, but is not held back.
        """
        caps = [cap for cap in self._asked[decision_id] if (decision_id, cap.scope) not in self._held]
        for cap in caps:
            n_before = self._before[cap] + self._n_taken[cap.scope]
            if n_before >= cap.limit and not is_mandatory:
                return Reached(cap, n_before)
        scopes = list(dict.fromkeys(cap.scope for cap in caps))
        self._taken.setdefault(decision_id, []).extend(scopes)
        self._n_taken.update(scopes)
        self._held.update((decision_id, scope) for scope in scopes)
        return None

    def give_back(self, decision_id: str) -> None:
        """Free what was just taken for a decision that will reach nobody."""
        scopes = self._taken.pop(decision_id, [])
        self._n_taken.subtract(scopes)
        self._held.difference_update((decision_id, scope) for scope in scopes)


def used(connection: sa.Connection, caps: Iterable[Cap], at: datetime) -> dict[Cap, int]:
    """Count the contacts of each cap's scope within its window.

    Parameters
    ----------
    connection
        Any; what another worker reserves meanwhile is not seen, ``reserve`` decides.
    caps
        Of all candidates at once.
    at
        UTC without zone; a contact in its future counts, in case a clock was set back.
    """
    by_window: dict[timedelta | None, list[Cap]] = {}
    for cap in caps:
        by_window.setdefault(cap.window, []).append(cap)
    return {
        cap: counts.get(cap.scope, 0)
        for window, same in by_window.items()
        for counts in [
            _counts(connection, {cap.scope for cap in same}, None if window is None else at - window)
        ]
        for cap in same
    }


def reserve(
    connection: sa.Connection,
    decision_id: str,
    caps: Sequence[Cap],
    at: datetime,
    *,
    is_mandatory: bool = False,
) -> Reached | None:
    """Count a decision against its caps, or tell the first that leaves no room; then nothing is counted.

    Parameters
    ----------
    connection
        In a writing transaction: of two writers one waits, so what was counted still holds when it is written.
    decision_id
        Of the decision that makes the contact, recorded in the same transaction; reserving it again changes nothing.
    caps
        All that it must stay within.
    at
        UTC without zone.
    is_mandatory
        Counts, but is not held back.
    """
    with Reserving(connection, [(decision_id, caps)], at) as reserving:
        return reserving.take(decision_id, is_mandatory=is_mandatory)


def release(connection: sa.Connection, decision_ids: Iterable[str]) -> None:
    """Give back what was reserved for decisions that never reached anybody."""
    connection.execute(_RELEASE, {"asked": sorted(set(decision_ids))})


def _counts(connection: sa.Connection, scopes: Iterable[str], since: datetime | None) -> dict[str, int]:
    query, more = (_COUNTS, {}) if since is None else (_COUNTS_SINCE, {"since": since})
    return dict(_rows(connection, query, sorted(scopes), **more))


def _rows(
    connection: sa.Connection, query: sa.Select[Any], asked: Sequence[str], **more: Any
) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(asked), _AT_ONCE):
        found = connection.execute(query, {"asked": asked[start : start + _AT_ONCE], **more})
        yield from map(tuple, found)
