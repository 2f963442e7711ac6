"""What people decide by hand: reviews of rules, rules they write."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "changes",
        sa.Column("sequence", NUMBER, primary_key=True),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("changed_by", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "reviews",
        sa.Column("sequence", NUMBER, sa.ForeignKey("changes.sequence"), primary_key=True),
        sa.Column("rule_id", sa.Text, nullable=False, index=True),
        sa.Column(
            "state",
            sa.Text,
            sa.CheckConstraint("state in ('approved', 'rejected', 'noted')"),
            nullable=False,
        ),
        sa.Column("note", sa.Text),
    )
    op.create_table(
        "written_rules",
        sa.Column("sequence", NUMBER, sa.ForeignKey("changes.sequence"), primary_key=True),
        sa.Column("rule_id", sa.Text, nullable=False, index=True),
        sa.Column("is_removed", sa.Boolean, nullable=False),
        sa.Column("level", sa.Text),
        sa.Column("body_ids", sa.JSON),
        sa.Column("head_id", sa.Text),
        sa.Column("sign", sa.Text),
        sa.Column("is_ordered", sa.Boolean),
        sa.Column("note", sa.Text),
    )
