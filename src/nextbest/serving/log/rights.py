"""A customer's rights over the operational tables: everything kept about one, and forgetting one.

Of an erased customer a keyed hash stays: events and files that bring back what was before the erasure are dropped. Who comes
back later is kept as anybody.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from nextbest.serving.events import Event
from nextbest.tables.operational import (
    AUDIT,
    CHANGES,
    CONTACTS,
    DECISIONS,
    ERASURES,
    EVENTS,
    LINKS,
    SECRETS,
    SUBJECT_STATE,
    next_sequence,
)

_KEY: Final = "erasures"
_ABOUT: Final = (EVENTS, DECISIONS)


@dataclass(frozen=True, slots=True)
class Erased:
    """What went."""

    n_events: int
    n_decisions: int
    n_contacts: int


@dataclass(frozen=True, slots=True)
class Person:
    """Every id under which a customer is known.

    Examples
    --------
    >>> "a-1" in Person(("ann",), ("a-1",))
    True
    """

    customers: tuple[str, ...]
    devices: tuple[str, ...] = ()

    def __contains__(self, one: object) -> bool:
        return one in self.customers or one in self.devices

    def __or__(self, other: Person) -> Person:
        """Join what is known of one person."""
        return Person(
            tuple(sorted({*self.customers, *other.customers})), tuple(sorted({*self.devices, *other.devices}))
        )

    @property
    def subjects(self) -> list[str]:
        """Ids as the log names them: ``c:`` customers, ``a:`` devices."""
        return [f"c:{name}" for name in self.customers] + [f"a:{name}" for name in self.devices]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Who was erased, known by hashes only."""

    key: str | None = None
    digests: Mapping[str, datetime] = field(default_factory=dict)
    """When each was erased, UTC without zone."""

    def __bool__(self) -> bool:
        return bool(self.digests)

    def __contains__(self, one: object) -> bool:
        return any(self.erased_at(f"{kind}:{one}") is not None for kind in "ca")

    def erased_at(self, subject: str) -> datetime | None:
        """Tell when a subject (``c:ann``, ``a:a-1``) was erased; ``None``: never."""
        return self.digests.get(digest(self.key, subject)) if self.key and self.digests else None


def known_as(connection: sa.Connection, customer_id: str) -> Person:
    """Collect the ids of a customer, whichever of them was asked for."""
    former = sa.select(LINKS.c.customer_id).where(LINKS.c.alias == f"c:{customer_id}")
    customers = {customer_id, *connection.scalars(former)}
    aliases = list(connection.scalars(sa.select(LINKS.c.alias).where(LINKS.c.customer_id.in_(customers))))
    customers |= {alias[2:] for alias in aliases if alias.startswith("c:")}
    devices = {alias[2:] for alias in aliases if alias.startswith("a:")}
    return Person(tuple(sorted(customers)), tuple(sorted(devices)))


def everything_about(connection: sa.Connection, customer: str | Person) -> dict[str, list[dict[str, Any]]]:
    """Give every operational row about a customer, by table, ready for JSON.

    Parameters
    ----------
    connection
        Any.
    customer
        An id, also one that turned out to be another customer; or all ids of one.
    """
    person = _person(connection, customer)
    queries = {str(table.name): sa.select(table).where(_owned(table, person)) for table in _ABOUT}
    queries["contacts"] = sa.select(CONTACTS).where(_contacts(person))
    queries["links"] = sa.select(LINKS).where(LINKS.c.customer_id.in_(person.customers))
    queries["subject_state"] = sa.select(SUBJECT_STATE).where(SUBJECT_STATE.c.subject.in_(person.subjects))
    queries["audit"] = (
        sa.select(AUDIT.c.action, AUDIT.c.object, AUDIT.c.detail, CHANGES.c.changed_at, CHANGES.c.changed_by)
        .join(CHANGES)
        .where(AUDIT.c.object.in_(person.customers))
    )
    return {
        name: sorted(
            (
                {str(key): _plain(value) for key, value in row.items()}
                for row in connection.execute(query).mappings()
            ),
            key=lambda row: json.dumps(row, sort_keys=True),
        )
        for name, query in queries.items()
    }


def erase(
    connection: sa.Connection, customer: str | Person, at: datetime, *, by: str | None = None
) -> Erased:
    """Forget a customer: every row goes, a keyed hash of each of the customer's ids stays.

    Parameters
    ----------
    connection
        In a writing transaction.
    customer
        An id, also one that turned out to be another customer, or all ids of one; unknown ones leave their hash all the same.
    at
        UTC without zone; what is sent again from before is dropped.
    by
        Who asked for it to be done.
    """
    person = _person(connection, customer)
    touched = sorted(
        {
            n
            for table in _ABOUT
            for n in connection.scalars(sa.select(table.c.sequence).where(_owned(table, person)))
        }
    )
    n_contacts = connection.execute(sa.delete(CONTACTS).where(_contacts(person))).rowcount
    counts = [connection.execute(sa.delete(table).where(_owned(table, person))).rowcount for table in _ABOUT]
    connection.execute(sa.delete(LINKS).where(LINKS.c.customer_id.in_(person.customers)))
    connection.execute(sa.delete(SUBJECT_STATE).where(SUBJECT_STATE.c.subject.in_(person.subjects)))
    _leave_hashes(connection, person, at, by=by, touched=touched)
    return Erased(counts[0], counts[1], n_contacts)


def forgotten(connection: sa.Connection, *, after: int = 0) -> Forgotten:
    """Tell who was erased, by changes after a number."""
    rows = connection.execute(
        sa.select(ERASURES.c.digest, ERASURES.c.erased_at).where(ERASURES.c.sequence > after)
    )
    digests = {row.digest: row.erased_at for row in rows}
    return Forgotten(_key(connection), digests) if digests else Forgotten()


def erased_among(connection: sa.Connection, events: Sequence[Event]) -> set[str]:
    """Name the events of erased customers from before the erasure."""
    key = _key(connection) if events else None
    if key is None:
        return set()
    digests = {event.event_id: digest(key, _subject(event)) for event in events}
    query = sa.select(ERASURES.c.digest, ERASURES.c.erased_at)
    rows = connection.execute(query.where(ERASURES.c.digest.in_(sorted(set(digests.values())))))
    erased_at = {row.digest: row.erased_at for row in rows}
    return {
        event.event_id
        for event in events
        if (until := erased_at.get(digests[event.event_id])) is not None and event.occurred_at <= until
    }


def digest(key: str, subject: str) -> str:
    """Hash an id so that only who holds the key can tell whether it is the same.

    Examples
    --------
    >>> digest("00", "c:ann")[:16]
    'e54fe3218200823e'
    """
    return hmac.digest(bytes.fromhex(key), subject.encode(), "sha256").hex()


def _person(connection: sa.Connection, customer: str | Person) -> Person:
    return known_as(connection, customer) if isinstance(customer, str) else customer


def _owned(table: sa.Table, person: Person) -> sa.ColumnElement[bool]:
    """Select a customer's rows: by id, or by a device while nobody was known on it."""
    by_device = table.c.customer_id.is_(None) & table.c.anonymous_id.in_(person.devices)
    return table.c.customer_id.in_(person.customers) | by_device


def _contacts(person: Person) -> sa.ColumnElement[bool]:
    """Select contacts by their decisions: a scope is only text."""
    return CONTACTS.c.decision_id.in_(sa.select(DECISIONS.c.decision_id).where(_owned(DECISIONS, person)))


def _leave_hashes(
    connection: sa.Connection, person: Person, at: datetime, *, by: str | None, touched: Iterable[int]
) -> None:
    key = _key(connection)
    if key is None:
        key = secrets.token_hex(32)
        connection.execute(SECRETS.insert(), {"name": _KEY, "value": key})
    digests = {subject: digest(key, subject) for subject in person.subjects}
    sequence = next_sequence(connection, at, by)
    connection.execute(sa.delete(ERASURES).where(ERASURES.c.digest.in_(sorted(digests.values()))))
    row = {"sequence": sequence, "erased_at": at, "touched": list(touched)}
    connection.execute(ERASURES.insert(), [row | {"digest": name} for name in digests.values()])
    for name in person.customers:
        seen = sa.update(AUDIT).where(AUDIT.c.object == name)
        connection.execute(seen.values(object=digests[f"c:{name}"], detail=None))


def _key(connection: sa.Connection) -> str | None:
    return connection.scalar(sa.select(SECRETS.c.value).where(SECRETS.c.name == _KEY))


def _subject(event: Event) -> str:
    return f"a:{event.anonymous_id}" if event.customer_id is None else f"c:{event.customer_id}"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
