"""The rows of subjects: each one's document, read and written within the transaction of the events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import orjson
import sqlalchemy as sa

from nextbest.serving.events import Event
from nextbest.serving.state.core.entries import take_in
from nextbest.serving.state.core.joining import join
from nextbest.serving.state.core.seeing import see
from nextbest.serving.state.links import Links, aliases, said
from nextbest.serving.state.spec import Document, SubjectState
from nextbest.tables.operational import SUBJECT_STATE

_READ: Final = sa.select(SUBJECT_STATE.c.subject, SUBJECT_STATE.c.document, SUBJECT_STATE.c.version)
_CHANGE: Final = sa.update(SUBJECT_STATE).where(SUBJECT_STATE.c.subject == sa.bindparam("its"))


def read(
    connection: sa.Connection, customer_id: str | None, anonymous_id: str | None, now: datetime
) -> SubjectState:
    """Give what is true of a visitor.

    Parameters
    ----------
    connection
        Of the operational tables.
    customer_id, anonymous_id
        What is known of the visitor; a device that belongs to a customer is that customer's.
    now
        UTC without zone.
    """
    found = _documents(connection, subjects(connection, customer_id, anonymous_id))
    document: Document = {}
    for subject in sorted(found):
        document = join(document, found[subject][0])
    return see(document, now)


def subjects(connection: sa.Connection, customer_id: str | None, anonymous_id: str | None) -> tuple[str, ...]:
    """Name a visitor's subjects: the customer, and a device as long as it is nobody's."""
    customer = None if customer_id is None else f"c:{customer_id}"
    device = None if anonymous_id is None else f"a:{anonymous_id}"
    links = Links(connection, [alias for alias in (customer, device) if alias])
    if customer is None:
        return () if device is None else (links.subject(device),)
    is_nobodys = device is not None and links.owner(device) is None
    return (
        (links.subject(customer), device) if device is not None and is_nobodys else (links.subject(customer),)
    )


def absorb(connection: sa.Connection, events: Sequence[Event], sequence: int) -> None:
    """Take new events into the rows of their subjects; once for each event, at least one.

    Parameters
    ----------
    connection
        In the transaction that writes the events.
    events
        In any order.
    sequence
        Number of the change.
    """
    links = Links(connection, [alias for event in events for alias in aliases(event)], sequence)
    for alias, customer_id, since_at in said(events):
        links.note(alias, customer_id, since_at)
    at = events[0].received_at
    for alias, customer_id in links.joined:
        _inherit(connection, alias, links.subject(f"c:{customer_id}"), at)
    by_subject: dict[str, list[Event]] = {}
    for event in events:
        by_subject.setdefault(links.subject(aliases(event)[0]), []).append(event)
    found = _documents(connection, by_subject)
    changed = {}
    for subject, its in by_subject.items():
        document, version = found.get(subject, ({}, 0))
        for event in its:
            document = take_in(document, event)
        changed[subject] = (document, version)
    _save(connection, changed, at)


def _inherit(connection: sa.Connection, former: str, subject: str, at: datetime) -> None:
    """Let a customer have what a subject did before it was known to be that customer."""
    found = _documents(connection, (former, subject))
    if former not in found or former == subject:
        return
    document, version = found.get(subject, ({}, 0))
    connection.execute(sa.delete(SUBJECT_STATE).where(SUBJECT_STATE.c.subject == former))
    _save(connection, {subject: (join(document, found[former][0]), version)}, at)


def _documents(connection: sa.Connection, asked: Iterable[str]) -> dict[str, tuple[Document, int]]:
    rows = connection.execute(_READ.where(SUBJECT_STATE.c.subject.in_(sorted(asked))))
    return {row.subject: (orjson.loads(row.document), row.version) for row in rows}


def _save(connection: sa.Connection, changed: Mapping[str, tuple[Document, int]], at: datetime) -> None:
    new, known = [], []
    for subject, (document, version) in changed.items():
        text = orjson.dumps(document).decode()
        row = {"document": text, "version": version + 1, "updated_at": at}
        if version:
            known.append(row | {"its": subject})
        else:
            new.append(row | {"subject": subject})
    if new:
        connection.execute(SUBJECT_STATE.insert(), new)
    if known:
        connection.execute(_CHANGE, known)
