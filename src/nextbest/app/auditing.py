"""Who saw and changed what: reads of one person's data and files that left the house, beside every change that people made.

An entry names its object by a key: a customer, a decision, a table, a file. Values of personal columns are never in it. When a
customer is erased, the customer's id in older entries becomes its keyed hash.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa

from nextbest.engines.operations import Operations
from nextbest.tables.operational import (
    AUDIT,
    CHANGES,
    ERASURES,
    POLICIES,
    REVIEWS,
    WRITTEN_RULES,
    next_sequence,
)

ENTRIES: Final = pa.schema(
    [
        ("at", pa.timestamp("us")),
        ("by", pa.string()),
        ("action", pa.string()),
        ("object", pa.string()),
        ("detail", pa.string()),
    ]
)
"""``at`` is UTC."""


def note(
    operations: Operations,
    action: str,
    of: str | None,
    *,
    by: str | None,
    detail: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Write down that somebody saw or took something; it is on the disk when this returns.

    Parameters
    ----------
    action
        What was done, such as ``customer seen``.
    of
        Key of what was seen.
    by
        Who.
    detail
        Names, counts and flags; nothing personal.
    at
        UTC without zone; without it, now.
    """
    with operations.writing() as connection:
        write(connection, action, of, by=by, detail=detail, at=at)


def write(
    connection: sa.Connection,
    action: str,
    of: str | None,
    *,
    by: str | None,
    detail: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Write an entry within a writing transaction."""
    sequence = next_sequence(connection, at or datetime.now(UTC).replace(tzinfo=None), by)
    text = None if detail is None else json.dumps(dict(detail), ensure_ascii=False, sort_keys=True)
    connection.execute(AUDIT.insert().values(sequence=sequence, action=action, object=of, detail=text))


def listed(operations: Operations, *, of: str | None = None, limit: int | None = None) -> pa.Table:
    """List entries, newest first.

    Parameters
    ----------
    of
        Only of this object, such as a customer's id.
    limit
        Entries at most.
    """
    said = sa.union_all(*_ENTRIES).subquery()
    query = (
        sa.select(
            CHANGES.c.changed_at.label("at"),
            CHANGES.c.changed_by.label("by"),
            said.c.action,
            said.c.object,
            said.c.detail,
        )
        .join(said, said.c.sequence == CHANGES.c.sequence)
        .order_by(CHANGES.c.sequence.desc())
        .limit(limit)
    )
    with operations.reading() as connection:
        rows = connection.execute(query if of is None else query.where(said.c.object == of)).mappings()
        told = [dict(row) | {"at": row["at"].replace(microsecond=0)} for row in rows]
    return pa.Table.from_pylist(told, ENTRIES)


def files_out(operations: Operations) -> list[str]:
    """Name the files that rows left the workspace in, as far as they were written by it."""
    query = sa.select(AUDIT.c.detail).where(AUDIT.c.action.in_(TAKEN))
    with operations.reading() as connection:
        details = [json.loads(text) for text in connection.scalars(query) if text]
    return sorted({detail["file"] for detail in details if "file" in detail})


TAKEN: Final = ("table exported", "campaign exported")
"""Actions by which rows leave the workspace in a file."""
_ENTRIES: Final = (
    sa.select(AUDIT.c.sequence, AUDIT.c.action, AUDIT.c.object, AUDIT.c.detail),
    sa.select(
        REVIEWS.c.sequence,
        sa.literal("rule ").concat(REVIEWS.c.state).label("action"),
        REVIEWS.c.rule_id,
        sa.null(),
    ),
    sa.select(
        WRITTEN_RULES.c.sequence,
        sa.case((WRITTEN_RULES.c.is_removed, "rule removed"), else_="rule written"),
        WRITTEN_RULES.c.rule_id,
        sa.null(),
    ),
    sa.select(
        ERASURES.c.sequence, sa.literal("customer erased"), sa.func.min(ERASURES.c.digest), sa.null()
    ).group_by(ERASURES.c.sequence),
    sa.select(
        POLICIES.c.sequence,
        sa.literal("policy published"),
        POLICIES.c.policy_id.concat(" ").concat(sa.cast(POLICIES.c.version, sa.Text)),
        sa.null(),
    ),
)
