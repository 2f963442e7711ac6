"""Contacts counted against caps: reserved with the decision, so that two workers together never exceed a cap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from nextbest.serving.log.spec import Cap, Reached
from nextbest.tables.operational import CONTACTS


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
    held = set(connection.scalars(sa.select(CONTACTS.c.scope).where(CONTACTS.c.decision_id == decision_id)))
    counts = used(connection, caps, at)
    for cap in caps:
        if cap.scope not in held and counts[cap] >= cap.limit and not is_mandatory:
            return Reached(cap, counts[cap])
    scopes = dict.fromkeys(cap.scope for cap in caps if cap.scope not in held)
    rows = [{"decision_id": decision_id, "scope": scope, "reserved_at": at} for scope in scopes]
    if rows:
        connection.execute(CONTACTS.insert(), rows)
    return None


def release(connection: sa.Connection, decision_ids: Iterable[str]) -> None:
    """Give back what was reserved for decisions that never reached anybody."""
    connection.execute(sa.delete(CONTACTS).where(CONTACTS.c.decision_id.in_(sorted(set(decision_ids)))))


def _counts(connection: sa.Connection, scopes: Iterable[str], since: datetime | None) -> dict[str, int]:
    query = sa.select(CONTACTS.c.scope, sa.func.count()).where(CONTACTS.c.scope.in_(sorted(scopes)))
    if since is not None:
        query = query.where(CONTACTS.c.reserved_at > since)
    return {row[0]: row[1] for row in connection.execute(query.group_by(CONTACTS.c.scope))}
