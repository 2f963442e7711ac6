"""What callers of a decision service were told, held against what its database kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import sqlalchemy as sa

from benchmarks.served_shop import CAP, Shop
from benchmarks.visitors import Account
from nextbest.tables.operational import DECISIONS, EVENTS


@dataclass(frozen=True, slots=True)
class Audit:
    """What is not as it should be; everything is 0 when all is well."""

    n_lost: int
    """Events and decisions that were acknowledged and are not there."""
    n_doubled: int
    """Events that are there more than once; e-mails that were written down more often than they were asked for."""
    n_over_cap: int
    """E-mails beyond the cap, told or written."""
    n_wrong: int
    """Answers that are neither right, nor a problem, nor a stated fallback; one more where the database is damaged."""


NOTHING = Audit(0, 0, 0, 0)


def audit(shop: Shop, account: Account) -> Audit:
    """Hold an account against the database."""
    with shop.operations() as operations, operations.reading() as connection:
        events = list(connection.scalars(sa.select(EVENTS.c.event_id)))
        query = sa.select(
            DECISIONS.c.decision_id, DECISIONS.c.offer_id, DECISIONS.c.placement, DECISIONS.c.customer_id
        )
        rows = list(connection.execute(query))
        if connection.dialect.name == "sqlite":
            is_sound = connection.exec_driver_sql("pragma integrity_check").scalar_one() == "ok"
        else:
            is_sound = True
    decisions = {(row.decision_id, row.offer_id) for row in rows}
    sent = Counter(row.customer_id for row in rows if row.placement == "email.best" and row.offer_id)
    lost = (set(account.acknowledged) - set(events)) | (set(account.decided) - decisions)
    asked = account.messages + account.silent
    return Audit(
        len(lost),
        len(events) - len(set(events)) + sum(max(0, n - asked[who]) for who, n in sent.items()),
        account.n_over_cap + sum(max(0, n - CAP) for n in sent.values()),
        len(account.wrong) + (not is_sound),
    )
