"""The rows of subjects: each one's document, read and written within the transaction of the events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Final, TypeAlias

import orjson
import sqlalchemy as sa

from nextbest.serving.events import Event
from nextbest.serving.state.core.entries import take_in
from nextbest.serving.state.core.joining import join
from nextbest.serving.state.core.seeing import see
from nextbest.serving.state.links import Links, aliases, said
from nextbest.serving.state.spec import Document, SubjectState
from nextbest.tables.inserting import insert
from nextbest.tables.operational import LINKS, SUBJECT_STATE

_READ: Final = sa.select(SUBJECT_STATE.c.subject, SUBJECT_STATE.c.document, SUBJECT_STATE.c.version).where(
    SUBJECT_STATE.c.subject.in_(sa.bindparam("asked", expanding=True))
)
_READ_BOTH: Final = sa.union_all(
    _READ.add_columns(sa.cast(sa.null(), sa.Text), sa.cast(sa.null(), sa.DateTime)),
    sa.select(
        LINKS.c.alias,
        sa.cast(sa.null(), sa.Text),
        sa.cast(sa.null(), sa.Integer),
        LINKS.c.customer_id,
        LINKS.c.since_at,
    ).where(LINKS.c.alias.in_(sa.bindparam("asked", expanding=True))),
)
_TAKE_OUT: Final = sa.delete(SUBJECT_STATE).where(
    SUBJECT_STATE.c.subject.in_(sa.bindparam("asked", expanding=True))
)
Visitor: TypeAlias = tuple[str | None, str | None]
"""What is known of a visitor: customer_id and anonymous_id."""


def read(
    connection: sa.Connection, customer_id: str | None, anonymous_id: str | None, now: datetime
) -> SubjectState:
    """Give what is true of a visitor; see :func:`read_all`."""
    return read_all(connection, [(customer_id, anonymous_id)], now)[0]


def read_all(connection: sa.Connection, visitors: Sequence[Visitor], now: datetime) -> list[SubjectState]:
    """Give what is true of each visitor, in their order.

    Parameters
    ----------
    connection
        Of the operational tables.
    visitors
        Customer and device of each; a device that belongs to a customer is that customer's.
    now
        UTC without zone.
    """
    asked = {alias for visitor in visitors for alias in _aliases(visitor)}
    links, found = _known(connection, asked)
    named = [_subjects(links, visitor) for visitor in visitors]
    elsewhere = {subject for its in named for subject in its} - asked
    if elsewhere:
        found |= _documents(connection, elsewhere)
    nothing = see({}, now)
    return [
        see(document, now) if document else nothing for document in (_joined(found, its) for its in named)
    ]


def subjects(connection: sa.Connection, customer_id: str | None, anonymous_id: str | None) -> tuple[str, ...]:
    """Name a visitor's subjects: the customer, and a device as long as it is nobody's."""
    visitor = (customer_id, anonymous_id)
    return _subjects(Links(connection, _aliases(visitor)), visitor)


def owners(connection: sa.Connection, devices: Sequence[str]) -> list[str | None]:
    """Name the customer whose each device is now; ``None``: nobody's."""
    links = Links(connection, [f"a:{device}" for device in devices])
    return [links.owner(f"a:{device}") for device in devices]


def _known(connection: sa.Connection, asked: Iterable[str]) -> tuple[Links, dict[str, tuple[Document, int]]]:
    """Look up links and documents under the same names at once: most subjects are nobody else."""
    links, found = Links(connection), {}
    for alias, document, version, customer_id, since_at in connection.execute(
        _READ_BOTH, {"asked": sorted(asked)}
    ):
        if customer_id is None:
            found[alias] = (orjson.loads(document), version)
        else:
            links.since.setdefault(alias, {})[customer_id] = since_at
    return links, found


def _joined(found: Mapping[str, tuple[Document, int]], its: Sequence[str]) -> Document:
    nothing: Document = {}
    return reduce(join, (found[one][0] for one in sorted(its) if one in found), nothing)


def _aliases(visitor: Visitor) -> list[str]:
    return [f"{kind}:{one}" for kind, one in zip("ca", visitor, strict=True) if one is not None]


def _subjects(links: Links, visitor: Visitor) -> tuple[str, ...]:
    named = _aliases(visitor)
    if len(named) > 1 and links.owner(named[1]) is None:
        return links.subject(named[0]), named[1]
    return tuple(links.subject(one) for one in named[:1])


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
    connection.execute(_TAKE_OUT, {"asked": [former]})
    _save(connection, {subject: (join(document, found[former][0]), version)}, at)


def _documents(connection: sa.Connection, asked: Iterable[str]) -> dict[str, tuple[Document, int]]:
    rows = connection.execute(_READ, {"asked": sorted(asked)})
    return {subject: (orjson.loads(document), version) for subject, document, version in rows}


def _save(connection: sa.Connection, changed: Mapping[str, tuple[Document, int]], at: datetime) -> None:
    """Write documents in place of those that were there."""
    connection.execute(
        _TAKE_OUT, {"asked": [subject for subject, (_, version) in changed.items() if version]}
    )
    rows = [
        (subject, orjson.dumps(document).decode(), version + 1, at)
        for subject, (document, version) in changed.items()
    ]
    insert(connection, SUBJECT_STATE, ("subject", "document", "version", "updated_at"), rows)
