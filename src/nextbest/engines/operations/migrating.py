"""Tables brought up to date with Alembic, within one transaction: all of it or nothing."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory


def upgrade(connection: sa.Connection, version: int) -> None:
    """Bring the tables to the newest version and note it.

    Parameters
    ----------
    connection
        In a writing transaction.
    version
        Of the tables that are there, 0 for none.
    """
    script = ScriptDirectory(str(Path(__file__).parent / "migrations"))
    context = MigrationContext.configure(connection)
    with Operations.context(context):
        for step in reversed(list(script.walk_revisions())):
            if int(step.revision) > version:
                step.module.upgrade()
    context.stamp(script, "head")
