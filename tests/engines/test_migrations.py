import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from nextbest.base.errors import SettingsError, WorkspaceError
from nextbest.engines.operations import Operations, migrating
from nextbest.engines.operations.database import Database
from nextbest.tables.operational import TABLES, VERSION

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)

FIRST = """
create table changes (sequence integer not null primary key autoincrement, changed_at datetime not null, changed_by text);
create table reviews (
    sequence integer not null primary key references changes (sequence),
    rule_id text not null,
    state text not null check (state in ('approved', 'rejected', 'noted')),
    note text
);
create index ix_reviews_rule_id on reviews (rule_id);
create table written_rules (
    sequence integer not null primary key references changes (sequence),
    rule_id text not null, is_removed boolean not null, level text, body_ids json, head_id text, sign text,
    is_ordered boolean, note text
);
create index ix_written_rules_rule_id on written_rules (rule_id);
insert into changes values (1, '2025-12-31 10:00:00.000000', 'ann');
insert into reviews values (1, 'r1', 'approved', 'sells well');
pragma user_version = 1;
"""
"""What the first version wrote, before there was Alembic."""


@pytest.fixture
def old_store(tmp_path):
    with closing(sqlite3.connect(tmp_path / "operations.db")) as connection:
        connection.executescript(FIRST)
    return tmp_path


def differences(operations):
    with operations._database.engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection), TABLES)


def test_the_migrations_make_what_the_contracts_say(operations):
    assert differences(operations) == []


def test_a_file_of_the_first_version_is_upgraded_in_place(old_store):
    with Operations.open(old_store) as operations:
        assert [(review.rule_id, review.note) for review in operations.reviews()] == [("r1", "sells well")]
        assert operations.review("r1", "rejected", by="bob", at=NOON) == 2
        assert differences(operations) == []
    with closing(sqlite3.connect(old_store / "operations.db")) as connection:
        assert connection.execute("pragma user_version").fetchone() == (VERSION,)


def test_an_upgrade_that_fails_changes_nothing(old_store, monkeypatch):
    def broken(*_):
        raise OSError(28, "No space left on device")

    real = migrating.upgrade

    def half(connection, _):
        connection.exec_driver_sql("create table half (x int)")
        broken()

    monkeypatch.setattr(migrating, "upgrade", half)
    with pytest.raises(WorkspaceError, match="No space left"):
        Operations.open(old_store)
    monkeypatch.setattr(migrating, "upgrade", real)
    with Operations.open(old_store) as operations:
        assert differences(operations) == []


def test_a_database_of_a_newer_version_is_refused(operations, database):
    with operations.writing() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("pragma user_version = 9")
        else:
            connection.exec_driver_sql("update alembic_version set version_num = '0009'")
    with pytest.raises(WorkspaceError, match=r"newer nextbest \(format 9, this one knows up to 2\)"):
        Operations.open(**database)


def test_opening_what_is_up_to_date_loads_no_alembic(database):
    Operations.open(**database).close()
    code = (
        "import sys; from pathlib import Path; from nextbest.engines.operations import Operations;"
        "Operations.open(Path(sys.argv[1]), url=sys.argv[2] or None).close(); print('alembic' in sys.modules)"
    )
    place = [str(database["store"]), database.get("url", "")]
    assert (
        subprocess.run([sys.executable, "-c", code, *place], capture_output=True, check=True).stdout
        == b"False\n"
    )


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://shop:secret@db/shop", "names mysql; expected postgresql://"),
        ("nonsense", "names nonsense; expected postgresql://"),
    ],
)
def test_a_url_of_no_database_is_refused(tmp_path, url, sentence):
    with pytest.raises(SettingsError, match=sentence) as caught:
        Operations.open(tmp_path, url=url)
    assert "secret" not in str(caught.value)


def test_a_server_that_is_silent_is_not_waited_for_longer_than_asked(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://shop:secret@127.0.0.1:{silent.getsockname()[1]}/shop"
        began = time.monotonic()
        with pytest.raises(WorkspaceError, match="shop does not answer"):
            Operations.open(tmp_path, url=url, patience=2)
    assert time.monotonic() - began < 30


def test_a_database_that_does_not_answer_gets_one_sentence(tmp_path):
    with pytest.raises(WorkspaceError, match="shop does not answer") as caught:
        Operations.open(tmp_path, url=f"postgresql://ann:secret@/shop?host={tmp_path}")
    assert "secret" not in str(caught.value)


def test_a_lock_that_is_held_too_long_gets_one_sentence(operations, database):
    with (
        operations.writing(),
        Operations.open(**database, patience=0.2) as hasty,
        pytest.raises(WorkspaceError, match="being written by another process"),
    ):
        hasty.review("r1", "noted", by=None, at=NOON)


def test_a_reader_may_not_write(operations):
    if operations._database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite lets a reader become a writer; nothing here does")
    with (
        pytest.raises(WorkspaceError, match="cannot be opened for writing"),
        operations.reading() as connection,
    ):
        connection.execute(sa.insert(TABLES.tables["secrets"]), {"name": "a", "value": "b"})


def test_a_url_may_name_a_sqlite_file(tmp_path):
    database = Database.connect(f"sqlite:///{tmp_path}/own.db", 1.0)
    assert (tmp_path / "own.db").exists()
    database.engine.dispose()
