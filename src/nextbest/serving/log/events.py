"""Appending events: once each by event_id, with the state of their subjects, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from nextbest.serving.events import DECISION_VERBS, Event
from nextbest.serving.log.rights import erased_among
from nextbest.serving.log.spec import Appended
from nextbest.serving.state import absorb
from nextbest.tables.inserting import insert
from nextbest.tables.operational import DECISIONS, EVENTS, next_sequence

_KNOWN: Final = sa.select(EVENTS.c.event_id).where(
    EVENTS.c.event_id.in_(sa.bindparam("asked", expanding=True))
)
_OFFERS: Final = sa.select(DECISIONS.c.decision_id, DECISIONS.c.offer_id)


def append(connection: sa.Connection, events: Sequence[Event]) -> Appended:
    """Write events that are not there yet, and take them into the state of their subjects.

    Parameters
    ----------
    connection
        In a writing transaction: of two writers one waits.
    events
        In any order; of two with the same id the first counts.

    Returns
    -------
    What became of them; true once the transaction is committed.
    """
    return append_all(connection, [events])[0]


def append_all(connection: sa.Connection, batches: Sequence[Sequence[Event]]) -> list[Appended]:
    """Append several batches at once, and tell what became of each; see :func:`append`."""
    home = {event.event_id: place for place in reversed(range(len(batches))) for event in batches[place]}
    once = {event.event_id: event for batch in reversed(batches) for event in reversed(batch)}
    known = set(connection.scalars(_KNOWN, {"asked": sorted(once)})) if once else set()
    new = [event for event in reversed(once.values()) if event.event_id not in known]
    erased = erased_among(connection, new)
    kept = _with_offers(connection, [event for event in new if event.event_id not in erased])
    if kept:
        sequence = next_sequence(connection, kept[0].received_at)
        insert(connection, EVENTS, ("sequence", *Event._fields), [(sequence, *event) for event in kept])
        absorb(connection, kept, sequence)
    n_new = Counter(home[event.event_id] for event in new)
    n_erased = Counter(home[event_id] for event_id in erased)
    return [
        Appended(n_new[place] - n_erased[place], len(batch) - n_new[place], n_erased[place])
        for place, batch in enumerate(batches)
    ]


def _with_offers(connection: sa.Connection, events: list[Event]) -> list[Event]:
    """Fill in which offer a decision was about, where the page did not say."""
    asked = {e.decision_id for e in events if e.type in DECISION_VERBS and e.decision_id and not e.offer_id}
    if not asked:
        return events
    rows = connection.execute(_OFFERS.where(DECISIONS.c.decision_id.in_(sorted(asked))))
    offers = {row.decision_id: row.offer_id for row in rows}
    return [
        event._replace(offer_id=event.offer_id or offers.get(event.decision_id or ""))
        if event.type in DECISION_VERBS
        else event
        for event in events
    ]
