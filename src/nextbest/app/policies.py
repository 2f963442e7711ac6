"""Policies of a workspace: every version ever published; the last one holds, a roll back publishes an older one again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from nextbest.base.errors import DataError
from nextbest.base.messages import Message
from nextbest.serving import decide, policy
from nextbest.serving.policy import Policy
from nextbest.tables.operational import CHANGES, POLICIES, next_sequence

_LAST = sa.select(POLICIES).order_by(POLICIES.c.version.desc()).limit(1)


def version(connection: sa.Connection) -> int:
    """Give the version that holds; 0: the one that every shop has from the start."""
    return connection.scalar(sa.select(sa.func.max(POLICIES.c.version))) or 0


def current(connection: sa.Connection) -> Policy:
    """Give the policy that holds."""
    row = connection.execute(_LAST).one_or_none()
    return Policy() if row is None else _read(row)


def of_version(connection: sa.Connection, number: int) -> Policy:
    """Give one version.

    Raises
    ------
    DataError
        There is none of this number.
    """
    if number == 0:
        return Policy()
    row = connection.execute(sa.select(POLICIES).where(POLICIES.c.version == number)).one_or_none()
    if row is None:
        raise DataError("api.policy_version", got=number, last=version(connection))
    return _read(row)


def listed(connection: sa.Connection) -> list[dict[str, Any]]:
    """List the versions, newest first: who published what when and why."""
    query = (
        sa.select(
            POLICIES.c.version,
            POLICIES.c.restores,
            POLICIES.c.note,
            CHANGES.c.changed_at.label("published_at"),
            CHANGES.c.changed_by.label("published_by"),
        )
        .join(CHANGES, CHANGES.c.sequence == POLICIES.c.sequence)
        .order_by(POLICIES.c.version.desc())
    )
    rows = connection.execute(query).mappings()
    return [{str(name): value for name, value in row.items()} for row in rows]


def problems(candidate: Policy) -> list[Message]:
    """List what is wrong with a policy."""
    return policy.check(candidate, decide.COLUMNS)


def publish(
    connection: sa.Connection,
    candidate: Policy,
    *,
    at: datetime,
    by: str | None,
    note: str | None = None,
    restores: int | None = None,
) -> int:
    """Let a policy hold from now on, and give its version.

    Parameters
    ----------
    connection
        In a writing transaction.
    candidate
        One that has no ``problems``.
    at
        UTC without zone.
    restores
        Version that a roll back publishes again.
    """
    number = version(connection) + 1
    document = candidate.model_copy(update={"version": number}).model_dump_json()
    row = {"policy_id": candidate.id, "version": number, "document": document, "restores": restores}
    sequence = next_sequence(connection, at, by)
    connection.execute(POLICIES.insert().values(row | {"sequence": sequence, "note": note}))
    return number


def _read(row: sa.Row[tuple[object, ...]]) -> Policy:
    return policy.read(row.document, f"policy {row.version}").model_copy(update={"version": row.version})
