"""Decisions: written before they are answered, found again with what became of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple

import orjson
import sqlalchemy as sa

from nextbest.serving.events import DECISION_VERBS
from nextbest.serving.log.spec import Decision
from nextbest.tables.inserting import insert
from nextbest.tables.operational import DECISIONS, EVENTS, next_sequence

_JSON: Final = ("product_ids", "trace")
_FIELDS: Final = (*(one.name for one in dataclasses.fields(Decision) if one.name not in _JSON), *_JSON)
_values: Final = attrgetter(*_FIELDS)


class FollowedBy(NamedTuple):
    """One thing that became of a decision."""

    decision_id: str
    verb: str
    """shown, clicked, accepted, rejected or expired."""
    occurred_at: datetime
    event_id: str


def record(connection: sa.Connection, decisions: Sequence[Decision]) -> None:
    """Write the decisions of a request; answer once the transaction is committed.

    Parameters
    ----------
    connection
        In a writing transaction.
    decisions
        Also those that chose nothing, with their cause.
    """
    if not decisions:
        return
    sequence = next_sequence(connection, decisions[0].decided_at)
    insert(connection, DECISIONS, ("sequence", *_FIELDS), [(sequence, *_row(one)) for one in decisions])


def find(connection: sa.Connection, decision_id: str) -> Decision | None:
    """Read one decision."""
    return next(_read(connection, DECISIONS.c.decision_id == decision_id), None)


def of_request(connection: sa.Connection, request_id: str) -> list[Decision]:
    """Read what a request was answered, so that asking again gives the same; placements by name, best rank first."""
    found = _read(connection, DECISIONS.c.request_id == request_id)
    return sorted(found, key=lambda decision: (decision.placement, decision.rank or 0, decision.decision_id))


def first_places(connection: sa.Connection, since: datetime, *, most: int) -> list[Decision]:
    """Read the newest first places that policy or chance filled, newest first: what a replay asks again.

    Parameters
    ----------
    connection
        Any.
    since
        UTC without zone; older decisions are left out.
    most
        Decisions at most.
    """
    which = sa.and_(
        DECISIONS.c.decided_at >= since,
        DECISIONS.c.rank == 1,
        DECISIONS.c.assignment_reason.in_(("policy", "explore")),
    )
    newest = (DECISIONS.c.sequence.desc(), DECISIONS.c.decision_id)
    return list(_rows(connection, sa.select(DECISIONS).where(which).order_by(*newest).limit(most)))


def outcomes(connection: sa.Connection, decision_ids: Iterable[str]) -> list[FollowedBy]:
    """List what became of decisions, by decision, oldest first."""
    query = (
        sa.select(EVENTS.c.decision_id, EVENTS.c.type, EVENTS.c.occurred_at, EVENTS.c.event_id)
        .where(EVENTS.c.decision_id.in_(sorted(set(decision_ids))), EVENTS.c.type.in_(sorted(DECISION_VERBS)))
        .order_by(EVENTS.c.decision_id, EVENTS.c.occurred_at, EVENTS.c.event_id)
    )
    return [
        FollowedBy(row.decision_id, DECISION_VERBS[row.type], row.occurred_at, row.event_id)
        for row in connection.execute(query)
    ]


def _row(decision: Decision) -> tuple[Any, ...]:
    *plain, product_ids, trace = _values(decision)
    return *plain, _json(product_ids), _json(trace)


def _json(value: object) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _read(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Iterator[Decision]:
    return _rows(connection, sa.select(DECISIONS).where(which))


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Decision]:
    for row in connection.execute(query).mappings():
        values = {name: value for name, value in row.items() if name != "sequence"}
        for name in _JSON:
            if values[name] is not None:
                values[name] = orjson.loads(values[name])
        yield Decision(**values)
