"""Reviews and written rules: how they are given, listed and handed to a run."""

from __future__ import annotations

import dataclasses
import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from nextbest.base.errors import DataError
from nextbest.engines.operations.database import Database
from nextbest.engines.operations.records import STATES, Review, State, WrittenRule
from nextbest.serving.log import Erased, Forgotten, Person, erase, everything_about, forgotten
from nextbest.tables.operational import CHANGES, REVIEWS, WRITTEN_RULES, next_sequence

if TYPE_CHECKING:
    import pyarrow as pa

    from nextbest.engines.parts import Parts
    from nextbest.sources.cleaning import CleaningSettings


class Operations:
    """The operational store of one workspace.

    Examples
    --------
    >>> import tempfile
    >>> day = datetime(2026, 1, 31, tzinfo=UTC)
    >>> with tempfile.TemporaryDirectory() as folder, Operations.open(Path(folder)) as operations:
    ...     operations.review("r1", "approved", by="ann", at=day)
    ...     [(review.rule_id, review.state) for review in operations.reviews()]
    1
    [('r1', 'approved')]
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, store: Path, *, url: str | None = None, patience: float = 10.0) -> Self:
        """Open ``operations.db`` in a workspace's ``store`` folder, and create it the first time.

        Parameters
        ----------
        store
            The workspace's ``store`` folder.
        url
            Of a PostgreSQL database to use in its place, such as ``postgresql://shop@db.example/nextbest``.
        patience
            Seconds to wait for another process that is writing.

        Raises
        ------
        WorkspaceError
            It cannot be read or written, is damaged, or was written by a newer nextbest.
        SettingsError
            The URL names no database that can be used.
        """
        return cls(
            Database.connect(url, patience) if url else Database.open(store / "operations.db", patience)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._database.engine.dispose()

    def writing(self) -> AbstractContextManager[sa.Connection]:
        """Open a transaction that holds the write lock and commits at its end: what the decision service writes with."""
        return self._database.writing()

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """Open a transaction that sees one state of the database and changes nothing."""
        return self._database.reading()

    def everything_about(self, customer: str | Person) -> dict[str, list[dict[str, Any]]]:
        """Give every operational row about a customer, by table, ready for JSON."""
        with self._database.reading() as connection:
            return everything_about(connection, customer)

    def erase(self, customer: str | Person, *, by: str | None, at: datetime) -> Erased:
        """Forget a customer: every operational row goes, keyed hashes of the ids stay.

        The next run copies the canonical parts again without them.
        """
        with self._database.erasing() as connection:
            return erase(connection, customer, _utc(at), by=by)

    def forgotten(self, *, after: int = 0) -> Forgotten:
        """Tell who was erased, by changes after a number."""
        with self._database.reading() as connection:
            return forgotten(connection, after=after)

    def review(
        self, rule_id: str, state: State, *, by: str | None, at: datetime, note: str | None = None
    ) -> int:
        """Approve, reject or annotate a rule.

        Parameters
        ----------
        rule_id
            Key of the rule.
        state
            ``approved``, ``rejected``, or ``noted``, which leaves an approval or rejection as it is.
        by
            Who says so.
        at
            When, with its time zone.
        note
            Why.

        Returns
        -------
        Sequence number of the change.
        """
        if state not in STATES:
            raise DataError("operations.state_unknown", state=str(state), known=STATES)
        with self._database.writing() as connection:
            sequence = _change(connection, by, at)
            row = {"sequence": sequence, "rule_id": rule_id, "state": state, "note": note}
            connection.execute(REVIEWS.insert().values(row))
        return sequence

    def add_rule(self, rule: WrittenRule, *, at: datetime) -> int:
        """Add a written rule, or change the note and author of one that is there; gives its sequence number."""
        if rule.sign not in ("+", "-"):
            raise DataError("operations.sign_unknown", sign=rule.sign)
        if not rule.body_ids:
            raise DataError("operations.body_empty", head=rule.head_id)
        row = dataclasses.asdict(rule) | {"is_removed": False}
        author = row.pop("written_by")
        with self._database.writing() as connection:
            sequence = _change(connection, author, at)
            connection.execute(WRITTEN_RULES.insert().values(row | {"sequence": sequence}))
        return sequence

    def remove_rule(self, rule_id: str, *, by: str | None, at: datetime) -> int:
        """Remove a written rule; its history stays. Gives the sequence number of the change."""
        with self._database.writing() as connection:
            known = _written_rules(connection, None)
            if rule_id not in known:
                raise DataError("operations.rule_unknown", rule_id=rule_id, n=len(known))
            sequence = _change(connection, by, at)
            row = {"sequence": sequence, "rule_id": rule_id, "is_removed": True}
            connection.execute(WRITTEN_RULES.insert().values(row))
        return sequence

    def history(self, rule_id: str | None = None, *, up_to: int | None = None) -> list[Review]:
        """List every review ever given, oldest first; of one rule, or of all."""
        query = _up_to(REVIEWS, up_to)
        with self._database.reading() as connection:
            rows = connection.execute(query if rule_id is None else query.where(REVIEWS.c.rule_id == rule_id))
            return [_review(row) for row in rows]

    def reviews(self, *, up_to: int | None = None) -> list[Review]:
        """List what holds now, one review per rule, by rule_id.

        The last approval or rejection holds, with the last note given since; a rule that was only annotated is ``noted``.
        """
        current: dict[str, Review] = {}
        for review in self.history(up_to=up_to):
            current[review.rule_id] = _follow(current.get(review.rule_id), review)
        return [current[rule_id] for rule_id in sorted(current)]

    def written_rules(self, *, up_to: int | None = None) -> list[WrittenRule]:
        """List the written rules that were not removed, by rule_id."""
        with self._database.reading() as connection:
            rules = _written_rules(connection, up_to)
        return [rules[rule_id] for rule_id in sorted(rules)]

    def sequence(self) -> int:
        """Give the number of the last change; 0 before the first."""
        with self._database.reading() as connection:
            return connection.scalar(sa.select(sa.func.max(CHANGES.c.sequence))) or 0

    def copy(self, parts: Parts, up_to: int, cleaning: CleaningSettings | None = None) -> bool:
        """Bring events, who is who, exposures, responses and consents of a workspace up to a sequence number.

        Parameters
        ----------
        cleaning
            Rules for events, as those of files; none without.

        Returns
        -------
        Whether any changed.
        """
        from nextbest.engines.operations.copying import copy

        with self._database.reading() as connection:
            return copy(connection, parts, up_to, cleaning)

    def snapshot_rows(self, up_to: int | None = None) -> dict[str, pa.Table]:
        """Give the rows of ``reviews`` and ``written_rules`` for a run, as their contracts say.

        Parameters
        ----------
        up_to
            Last sequence number to see, as ``sequence()`` gave it; without it, everything.
        """
        import pyarrow as pa

        from nextbest.engines.duckdb_store import arrow_schema
        from nextbest.tables import canonical

        number = self.sequence() if up_to is None else up_to
        reviews = [dataclasses.asdict(review) for review in self.reviews(up_to=number)]
        rules = [
            dataclasses.asdict(rule) | {"body_ids": json.dumps(rule.body_ids, ensure_ascii=False)}
            for rule in self.written_rules(up_to=number)
        ]
        found = ((canonical.REVIEWS, reviews), (canonical.WRITTEN_RULES, rules))
        return {contract.name: pa.Table.from_pylist(rows, arrow_schema(contract)) for contract, rows in found}


def _change(connection: sa.Connection, by: str | None, at: datetime) -> int:
    return next_sequence(connection, _utc(at), by)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise DataError("operations.time_without_zone", got=at.isoformat())
    return at.astimezone(UTC).replace(tzinfo=None)


def _up_to(table: sa.Table, up_to: int | None) -> sa.Select[Any]:
    query = (
        sa.select(table, CHANGES.c.changed_at, CHANGES.c.changed_by).join(CHANGES).order_by(table.c.sequence)
    )
    return query if up_to is None else query.where(table.c.sequence <= up_to)


def _written_rules(connection: sa.Connection, up_to: int | None) -> dict[str, WrittenRule]:
    rules: dict[str, WrittenRule] = {}
    for row in connection.execute(_up_to(WRITTEN_RULES, up_to)):
        rules.pop(row.rule_id, None)
        if not row.is_removed:
            rules[row.rule_id] = WrittenRule(
                row.rule_id,
                row.level,
                tuple(row.body_ids),
                row.head_id,
                row.sign,
                row.is_ordered,
                row.note,
                row.changed_by,
            )
    return rules


def _review(row: sa.Row[Any]) -> Review:
    when = row.changed_at.replace(tzinfo=UTC)
    return Review(row.rule_id, row.state, row.note, row.changed_by, when, row.sequence)


def _follow(before: Review | None, after: Review) -> Review:
    """Let a note stand beside the approval or rejection it follows, and anything else take its place."""
    if before is None or after.state != "noted":
        return after
    note = before.note if after.note is None else after.note
    return dataclasses.replace(after if before.state == "noted" else before, note=note)
