"""The operational tables: what happens between two runs, in SQLite or PostgreSQL, written in transactions.

Nothing that was acknowledged is ever lost: a row is there once its transaction is on the disk. Each transaction that a run must
see takes the next number of ``changes``; a run copies the rows up to a number, so the same number gives the same rows.
Instants are UTC without zone; JSON is text; money is decimal text. ``personal`` in a column's ``info`` marks what identifies a
person. This module loads SQLAlchemy: it stands outside the door of ``nextbest.tables``.
"""

from datetime import datetime
from typing import Final

import sqlalchemy as sa

VERSION: Final = 2
"""Of the tables below: the number of the last migration; kept in ``alembic_version``, and by SQLite in ``PRAGMA user_version``."""

TABLES: Final = sa.MetaData()
PERSONAL: Final = {"personal": True}
_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

CHANGES: Final = sa.Table(
    "changes",
    TABLES,
    sa.Column("sequence", _NUMBER, primary_key=True),
    sa.Column("changed_at", sa.DateTime, nullable=False),
    sa.Column("changed_by", sa.Text),
    sqlite_autoincrement=True,
)


def _sequence(*, is_key: bool = False) -> sa.Column[int]:
    """Make the column that says which change a row came with."""
    return sa.Column(
        "sequence", _NUMBER, sa.ForeignKey(CHANGES.c.sequence), primary_key=is_key, nullable=False
    )


REVIEWS: Final = sa.Table(
    "reviews",
    TABLES,
    _sequence(is_key=True),
    sa.Column("rule_id", sa.Text, nullable=False, index=True),
    sa.Column(
        "state", sa.Text, sa.CheckConstraint("state in ('approved', 'rejected', 'noted')"), nullable=False
    ),
    sa.Column("note", sa.Text),
)
"""What people said of rules."""

WRITTEN_RULES: Final = sa.Table(
    "written_rules",
    TABLES,
    _sequence(is_key=True),
    sa.Column("rule_id", sa.Text, nullable=False, index=True),
    sa.Column("is_removed", sa.Boolean, nullable=False),
    sa.Column("level", sa.Text),
    sa.Column("body_ids", sa.JSON),
    sa.Column("head_id", sa.Text),
    sa.Column("sign", sa.Text),
    sa.Column("is_ordered", sa.Boolean),
    sa.Column("note", sa.Text),
)
"""Rules that people wrote."""

EVENTS: Final = sa.Table(
    "events",
    TABLES,
    sa.Column("event_id", sa.Text, primary_key=True),
    _sequence(),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text),
    sa.Column("anonymous_id", sa.Text, info=PERSONAL),
    sa.Column("session_id", sa.Text),
    sa.Column("occurred_at", sa.DateTime, nullable=False),
    sa.Column("received_at", sa.DateTime, nullable=False),
    sa.Column("product_id", sa.Text),
    sa.Column("page", sa.Text),
    sa.Column("query", sa.Text),
    sa.Column("channel", sa.Text),
    sa.Column("dwell_seconds", sa.Float),
    sa.Column("decision_id", sa.Text),
    sa.Column("offer_id", sa.Text),
    sa.Column("properties", sa.Text),
    sa.Index("ix_events_sequence", "sequence"),
    sa.Index("ix_events_customer_id", "customer_id"),
    sa.Index("ix_events_anonymous_id", "anonymous_id"),
    sa.Index(
        "ix_events_decision_id",
        "decision_id",
        sqlite_where=sa.text("decision_id is not null"),
        postgresql_where=sa.text("decision_id is not null"),
    ),
)
"""One row per thing a visitor did, as it was sent: ``type`` is ``product_viewed``, ``name`` "Product Viewed"."""

LINKS: Final = sa.Table(
    "links",
    TABLES,
    sa.Column("alias", sa.Text, primary_key=True, info=PERSONAL),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("since_at", sa.DateTime, nullable=False),
    _sequence(),
    sa.Index("ix_links_customer_id", "customer_id"),
    sa.Index("ix_links_sequence", "sequence"),
)
"""Who is who: a subject (``a:`` anonymous, ``c:`` customer) that turned out to be a customer, since the first time it was said."""

SUBJECT_STATE: Final = sa.Table(
    "subject_state",
    TABLES,
    sa.Column("subject", sa.Text, primary_key=True, info=PERSONAL),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("updated_at", sa.DateTime, nullable=False),
)
"""One row per subject: cart, views, searches, offers, consents; see :mod:`nextbest.serving.state`."""

DECISIONS: Final = sa.Table(
    "decisions",
    TABLES,
    sa.Column("decision_id", sa.Text, primary_key=True),
    _sequence(),
    sa.Column("request_id", sa.Text, nullable=False, index=True),
    sa.Column("decided_at", sa.DateTime, nullable=False),
    sa.Column("customer_id", sa.Text, index=True),
    sa.Column("anonymous_id", sa.Text, index=True, info=PERSONAL),
    sa.Column("session_id", sa.Text),
    sa.Column("placement", sa.Text, nullable=False),
    sa.Column("channel", sa.Text),
    sa.Column("rank", sa.Integer),
    sa.Column(
        "outcome", sa.Text, sa.CheckConstraint("outcome in ('decided', 'none', 'fallback')"), nullable=False
    ),
    sa.Column("cause", sa.Text),
    sa.Column("offer_id", sa.Text),
    sa.Column("kind", sa.Text),
    sa.Column("product_ids", sa.Text),
    sa.Column("price", sa.Text),
    sa.Column("n_candidates", sa.Integer, nullable=False),
    sa.Column("probability", sa.Float),
    sa.Column("expected_profit", sa.Float),
    sa.Column("incremental_profit", sa.Float),
    sa.Column("margin_source", sa.Text),
    sa.Column("assignment_reason", sa.Text, nullable=False),
    sa.Column("assignment_probability", sa.Float, nullable=False),
    sa.Column("experiment_id", sa.Text),
    sa.Column("experiment_version", sa.Integer),
    sa.Column("variant", sa.Text),
    sa.Column("policy_id", sa.Text, nullable=False),
    sa.Column("policy_version", sa.Integer, nullable=False),
    sa.Column("snapshot", sa.Text),
    sa.Column("trace", sa.Text),
    sa.Index("ix_decisions_sequence", "sequence"),
)
"""One row per offer decided on, or per placement that got none or a fallback, written before it was answered."""

CONTACTS: Final = sa.Table(
    "contacts",
    TABLES,
    sa.Column("decision_id", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True, info=PERSONAL),
    sa.Column("reserved_at", sa.DateTime, nullable=False),
    sa.Index("ix_contacts_scope", "scope", "reserved_at"),
)
"""What counts against caps: one row per decision and scope, such as ``c:ann/email``."""

KEYS: Final = sa.Table(
    "keys",
    TABLES,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False, info=PERSONAL),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, sa.CheckConstraint("scope in ('server', 'browser')"), nullable=False),
    sa.Column("origins", sa.JSON),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("created_by", sa.Text),
    sa.Column("expires_at", sa.DateTime),
    sa.Column("revoked_at", sa.DateTime),
)
"""API keys; of the secret only a digest."""

POLICIES: Final = sa.Table(
    "policies",
    TABLES,
    _sequence(is_key=True),
    sa.Column("policy_id", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("restores", sa.Integer),
    sa.Column("note", sa.Text),
    sa.UniqueConstraint("policy_id", "version", name="uq_policies_version"),
)
"""Every policy ever published; the last version holds, a roll back publishes an older document again."""

AUDIT: Final = sa.Table(
    "audit",
    TABLES,
    _sequence(is_key=True),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("object", sa.Text),
    sa.Column("detail", sa.Text),
)
"""Who saw or changed what; who and when stand in ``changes``."""

ERASURES: Final = sa.Table(
    "erasures",
    TABLES,
    sa.Column("digest", sa.Text, primary_key=True),
    _sequence(),
    sa.Column("erased_at", sa.DateTime, nullable=False),
    sa.Column("touched", sa.JSON, nullable=False),
    sa.Index("ix_erasures_sequence", "sequence"),
)
"""What is left of an erased subject: a keyed hash, and the changes whose rows went."""

SECRETS: Final = sa.Table(
    "secrets",
    TABLES,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False, info=PERSONAL),
)
"""Keys of this database, such as that of the hashes in ``erasures``."""


def next_sequence(connection: sa.Connection, changed_at: datetime, changed_by: str | None = None) -> int:
    """Give a change its number: within a transaction that holds the write lock, so that numbers appear in their order.

    Parameters
    ----------
    connection
        In a writing transaction.
    changed_at
        UTC without zone.
    changed_by
        Who changed something, where it was a person.
    """
    said = {"changed_at": changed_at, "changed_by": changed_by}
    return int(connection.execute(_NEXT, said).scalar_one())


_LAST: Final = sa.select(sa.func.coalesce(sa.func.max(CHANGES.c.sequence), 0) + 1).scalar_subquery()
_NEXT: Final = CHANGES.insert().values(sequence=_LAST).returning(CHANGES.c.sequence)
