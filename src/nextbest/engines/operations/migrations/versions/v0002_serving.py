"""The decision service: events, who is who, state of subjects, decisions, contacts, keys, policies, audit, erasures."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _events()
    _decisions()
    _house()


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text) for name in names]


def _needed(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _sequence(*, is_key: bool = False) -> sa.Column[int]:
    return sa.Column(
        "sequence", NUMBER, sa.ForeignKey("changes.sequence"), primary_key=is_key, nullable=False
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("event_id", sa.Text, primary_key=True),
        _sequence(),
        *_needed("type", "name"),
        *_text("customer_id", "anonymous_id", "session_id"),
        sa.Column("occurred_at", sa.DateTime, nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
        *_text("product_id", "page", "query", "channel"),
        sa.Column("dwell_seconds", sa.Float),
        *_text("decision_id", "offer_id", "properties"),
    )
    for column in ("sequence", "customer_id", "anonymous_id"):
        op.create_index(f"ix_events_{column}", "events", [column])
    given = sa.text("decision_id is not null")
    op.create_index(
        "ix_events_decision_id", "events", ["decision_id"], sqlite_where=given, postgresql_where=given
    )
    op.create_table(
        "links",
        sa.Column("alias", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("since_at", sa.DateTime, nullable=False),
        _sequence(),
    )
    op.create_index("ix_links_customer_id", "links", ["customer_id"])
    op.create_index("ix_links_sequence", "links", ["sequence"])
    op.create_table(
        "subject_state",
        sa.Column("subject", sa.Text, primary_key=True),
        *_needed("document"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.Text, primary_key=True),
        _sequence(),
        *_needed("request_id"),
        sa.Column("decided_at", sa.DateTime, nullable=False),
        *_text("customer_id", "anonymous_id", "session_id"),
        *_needed("placement"),
        *_text("channel"),
        sa.Column("rank", sa.Integer),
        sa.Column(
            "outcome",
            sa.Text,
            sa.CheckConstraint("outcome in ('decided', 'none', 'fallback')"),
            nullable=False,
        ),
        *_text("cause", "offer_id", "kind", "product_ids", "price"),
        sa.Column("n_candidates", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Float) for name in ("probability", "expected_profit", "incremental_profit")),
        *_text("margin_source"),
        *_needed("assignment_reason"),
        sa.Column("assignment_probability", sa.Float, nullable=False),
        *_text("experiment_id"),
        sa.Column("experiment_version", sa.Integer),
        *_text("variant"),
        *_needed("policy_id"),
        sa.Column("policy_version", sa.Integer, nullable=False),
        *_text("snapshot", "trace"),
    )
    for column in ("request_id", "customer_id", "anonymous_id", "sequence"):
        op.create_index(f"ix_decisions_{column}", "decisions", [column])
    op.create_table(
        "contacts",
        sa.Column("decision_id", sa.Text, primary_key=True),
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("reserved_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_contacts_scope", "contacts", ["scope", "reserved_at"])


def _house() -> None:
    op.create_table(
        "keys",
        sa.Column("key_id", sa.Text, primary_key=True),
        *_needed("digest", "name"),
        sa.Column("scope", sa.Text, sa.CheckConstraint("scope in ('server', 'browser')"), nullable=False),
        sa.Column("origins", sa.JSON),
        sa.Column("created_at", sa.DateTime, nullable=False),
        *_text("created_by"),
        sa.Column("expires_at", sa.DateTime),
        sa.Column("revoked_at", sa.DateTime),
    )
    op.create_table(
        "policies",
        _sequence(is_key=True),
        *_needed("policy_id"),
        sa.Column("version", sa.Integer, nullable=False),
        *_needed("document"),
        sa.Column("restores", sa.Integer),
        *_text("note"),
        sa.UniqueConstraint("policy_id", "version", name="uq_policies_version"),
    )
    op.create_table("audit", _sequence(is_key=True), *_needed("action"), *_text("object", "detail"))
    op.create_table(
        "erasures",
        sa.Column("digest", sa.Text, primary_key=True),
        _sequence(),
        sa.Column("erased_at", sa.DateTime, nullable=False),
        sa.Column("touched", sa.JSON, nullable=False),
    )
    op.create_index("ix_erasures_sequence", "erasures", ["sequence"])
    op.create_table("secrets", sa.Column("name", sa.Text, primary_key=True), *_needed("value"))
