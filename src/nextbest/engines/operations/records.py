"""What is kept: the tables of ``operations.db`` and their rows as people meet them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa

State = Literal["approved", "rejected", "noted"]
STATES: Final[tuple[State, ...]] = ("approved", "rejected", "noted")
VERSION: Final = 1
"""Of the tables below; kept in ``PRAGMA user_version``."""

TABLES: Final = sa.MetaData()
CHANGES: Final = sa.Table(
    "changes",
    TABLES,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("changed_at", sa.DateTime, nullable=False),
    sa.Column("changed_by", sa.Text),
    sqlite_autoincrement=True,
)
REVIEWS: Final = sa.Table(
    "reviews",
    TABLES,
    sa.Column("sequence", sa.ForeignKey(CHANGES.c.sequence), primary_key=True),
    sa.Column("rule_id", sa.Text, nullable=False, index=True),
    sa.Column(
        "state", sa.Text, sa.CheckConstraint("state in ('approved', 'rejected', 'noted')"), nullable=False
    ),
    sa.Column("note", sa.Text),
)
WRITTEN_RULES: Final = sa.Table(
    "written_rules",
    TABLES,
    sa.Column("sequence", sa.ForeignKey(CHANGES.c.sequence), primary_key=True),
    sa.Column("rule_id", sa.Text, nullable=False, index=True),
    sa.Column("is_removed", sa.Boolean, nullable=False),
    sa.Column("level", sa.Text),
    sa.Column("body_ids", sa.JSON),
    sa.Column("head_id", sa.Text),
    sa.Column("sign", sa.Text),
    sa.Column("is_ordered", sa.Boolean),
    sa.Column("note", sa.Text),
)


@dataclass(frozen=True, slots=True)
class Review:
    """What one person said about a rule at one moment."""

    rule_id: str
    state: State
    note: str | None
    reviewed_by: str | None
    reviewed_at: datetime
    """UTC."""
    sequence: int


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A rule that a person wrote: who buys the body should be offered (``+``) or not be offered (``-``) the head."""

    rule_id: str
    """Given by ``nextbest.models.rules``."""
    level: str
    body_ids: tuple[str, ...]
    head_id: str
    sign: str = "+"
    is_ordered: bool = False
    note: str | None = None
    written_by: str | None = None
