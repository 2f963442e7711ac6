"""Who is who: devices that turned out to be a customer, customers that turned out to be another.

A device belongs to the customer who was last new on it. A customer who became another one points there in one step, whatever
the number of changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
import sqlalchemy as sa

from nextbest.serving.events import Event
from nextbest.tables.operational import LINKS

_BY_ALIAS: Final = sa.select(LINKS.c.alias, LINKS.c.customer_id, LINKS.c.since_at).where(
    LINKS.c.alias.in_(sa.bindparam("asked", expanding=True))
)
_BY_CUSTOMER: Final = sa.select(LINKS.c.alias, LINKS.c.customer_id, LINKS.c.since_at).where(
    LINKS.c.customer_id.in_(sa.bindparam("asked", expanding=True))
)


class Links:
    """The links of some subjects, within one transaction.

    Attributes
    ----------
    since
        By subject (``a:`` device, ``c:`` customer) the customers it turned out to be, with since when.
    joined
        Subjects whose customer is new in this transaction, with that customer, in the order it was said.
    """

    def __init__(self, connection: sa.Connection, aliases: Iterable[str] = (), sequence: int = 0) -> None:
        self.joined: list[tuple[str, str]] = []
        self._connection = connection
        self._sequence = sequence
        self.since: dict[str, dict[str, datetime]] = {}
        if aliases := sorted(set(aliases)):
            self._load(_BY_ALIAS, aliases)

    def owner(self, alias: str) -> str | None:
        """Name the customer that a subject turned out to be."""
        customers = self.since.get(alias)
        return max(customers, key=lambda name: (customers[name], name)) if customers else None

    def subject(self, alias: str) -> str:
        """Name the subject under which a subject's state is kept."""
        owner = self.owner(alias)
        return alias if owner is None else f"c:{owner}"

    def note(self, alias: str, customer_id: str, since_at: datetime) -> None:
        """Note that a subject is a customer."""
        customer_id = self.owner(f"c:{customer_id}") or customer_id
        before = self.since.get(alias, {}).get(customer_id)
        if alias == f"c:{customer_id}" or (before is not None and before <= since_at):
            return
        self._write(alias, customer_id, since_at)
        if before is None:
            self.joined.append((alias, customer_id))
            if alias.startswith("c:"):
                self._follow(alias.removeprefix("c:"), customer_id)

    def _follow(self, former: str, customer_id: str) -> None:
        """Let what was linked to a customer who turned out to be another be linked to that one."""
        self._load(_BY_CUSTOMER, [former])
        self._connection.execute(sa.delete(LINKS).where(LINKS.c.customer_id == former))
        for alias, customers in self.since.items():
            if former in customers:
                since_at = min(customers.pop(former), customers.get(customer_id, datetime.max))  # noqa: DTZ901
                self._write(alias, customer_id, since_at)

    def _write(self, alias: str, customer_id: str, since_at: datetime) -> None:
        key = (LINKS.c.alias == alias) & (LINKS.c.customer_id == customer_id)
        row = {"alias": alias, "customer_id": customer_id, "since_at": since_at, "sequence": self._sequence}
        if customer_id in self.since.setdefault(alias, {}):
            self._connection.execute(sa.delete(LINKS).where(key))
        self._connection.execute(LINKS.insert(), row)
        self.since[alias][customer_id] = since_at

    def _load(self, query: sa.Select[Any], asked: Sequence[str]) -> None:
        for alias, customer_id, since_at in self._connection.execute(query, {"asked": asked}):
            self.since.setdefault(alias, {})[customer_id] = since_at


def aliases(event: Event) -> list[str]:
    """Name every subject an event speaks of."""
    named = [] if event.customer_id is None else [f"c:{event.customer_id}"]
    named += [] if event.anonymous_id is None else [f"a:{event.anonymous_id}"]
    if event.type == "alias":
        previous = orjson.loads(event.properties or "{}").get("previous_id")
        named += [f"a:{previous}", f"c:{previous}"]
    return named


def said(events: Sequence[Event]) -> list[tuple[str, str, datetime]]:
    """Collect what events say of who is who, each once, with the first time it was said.

    Every event that carries a customer and a device says so, not only ``identify``.
    """
    first: dict[tuple[str, str], datetime] = {}
    for event in events:
        if event.customer_id is None:
            continue
        for alias in aliases(event):
            pair = (alias, event.customer_id)
            if alias != f"c:{event.customer_id}":
                first[pair] = min(first.get(pair, event.occurred_at), event.occurred_at)
    return sorted((alias, customer, since) for (alias, customer), since in first.items())
