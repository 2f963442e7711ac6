import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextbest.base.errors import DataError, WorkspaceError
from nextbest.base.messages import render
from nextbest.engines.operations import STATES, Operations, WrittenRule
from nextbest.engines.operations.database import Database

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
TEA_AND_MILK = WrittenRule("r1", "product", ("tea", "牛奶"), "biscuits", note="afternoon", written_by="ann")


@pytest.fixture
def store(tmp_path):
    return tmp_path / "shop" / "store"


@pytest.fixture
def in_file(store):
    with Operations.open(store) as opened:
        yield opened


def said(operations):
    return {r.rule_id: (r.state, r.note, r.reviewed_by) for r in operations.reviews()}


def test_a_review_survives_closing_and_opening(database):
    with Operations.open(**database) as operations:
        operations.review("r1", "approved", by="ann", at=NOON, note="sells well")
    with Operations.open(**database) as operations:
        assert said(operations) == {"r1": ("approved", "sells well", "ann")}


def test_the_last_approval_or_rejection_holds_and_the_history_stays(operations):
    operations.review("r1", "approved", by="ann", at=NOON, note="sells well")
    operations.review("r1", "rejected", by="bob", at=NOON + timedelta(days=1))
    assert said(operations) == {"r1": ("rejected", None, "bob")}
    assert [review.state for review in operations.history("r1")] == ["approved", "rejected"]


def test_a_note_leaves_the_approval_as_it_is(operations):
    operations.review("r1", "approved", by="ann", at=NOON)
    operations.review("r1", "noted", by="bob", at=NOON, note="only in winter")
    operations.review("r2", "noted", by="bob", at=NOON, note="odd")
    operations.review("r2", "noted", by="ann", at=NOON, note="very odd")
    assert said(operations) == {
        "r1": ("approved", "only in winter", "ann"),
        "r2": ("noted", "very odd", "ann"),
    }


def test_times_are_kept_in_utc(operations):
    china = timezone(timedelta(hours=8))
    operations.review("r1", "noted", by=None, at=datetime(2026, 1, 31, 20, tzinfo=china))
    assert operations.reviews()[0].reviewed_at == NOON


def test_a_written_rule_is_added_changed_and_removed(operations):
    operations.add_rule(TEA_AND_MILK, at=NOON)
    operations.add_rule(WrittenRule("r1", "product", ("tea",), "biscuits", "-", is_ordered=True), at=NOON)
    operations.add_rule(WrittenRule("r0", "category", ("Tea",), "Cake"), at=NOON)
    assert [(rule.rule_id, rule.sign) for rule in operations.written_rules()] == [("r0", "+"), ("r1", "-")]
    operations.remove_rule("r1", by="ann", at=NOON)
    assert [rule.rule_id for rule in operations.written_rules()] == ["r0"]


def test_a_run_sees_the_rows_up_to_its_number_for_ever(operations):
    operations.add_rule(TEA_AND_MILK, at=NOON)
    operations.review("r1", "approved", by="ann", at=NOON)
    number = operations.sequence()
    before = operations.snapshot_rows(number)
    operations.review("r1", "rejected", by="bob", at=NOON)
    operations.remove_rule("r1", by="bob", at=NOON)
    assert number == 2
    assert operations.snapshot_rows(number) == before
    assert before["reviews"].to_pylist() == [
        {
            "rule_id": "r1",
            "state": "approved",
            "note": None,
            "reviewed_by": "ann",
            "reviewed_at": NOON.replace(tzinfo=None),
        }
    ]
    assert before["written_rules"].to_pylist() == [
        {
            "rule_id": "r1",
            "level": "product",
            "body_ids": '["tea", "牛奶"]',
            "head_id": "biscuits",
            "sign": "+",
            "is_ordered": False,
            "note": "afternoon",
            "written_by": "ann",
        }
    ]
    assert operations.snapshot_rows()["written_rules"].num_rows == 0


def test_a_new_workspace_has_empty_tables_with_their_columns(operations):
    assert operations.sequence() == 0
    rows = operations.snapshot_rows()
    assert {name: table.num_rows for name, table in rows.items()} == {"reviews": 0, "written_rules": 0}
    assert rows["reviews"].schema.field("reviewed_at").type == pa.timestamp("us")


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.sampled_from(["r1", "r2"]), st.sampled_from(STATES)), max_size=8))
def test_the_state_is_the_last_one_that_was_no_note(tmp_path_factory, changes):
    with Operations.open(tmp_path_factory.mktemp("store")) as operations:
        for rule_id, state in changes:
            operations.review(rule_id, state, by="ann", at=NOON)
        decided = {rule_id: "noted" for rule_id, _ in changes}
        decided |= {rule_id: state for rule_id, state in changes if state != "noted"}
        assert {r.rule_id: r.state for r in operations.reviews()} == decided
        assert operations.sequence() == len(changes) == len(operations.history())


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda o: o.review("r1", "loved", by=None, at=NOON), "one of approved, rejected, noted, got loved"),
        (lambda o: o.review("r1", "noted", by=None, at=datetime(2026, 1, 31)), "needs its time zone"),  # noqa: DTZ001
        (lambda o: o.add_rule(WrittenRule("r1", "product", (), "tea"), at=NOON), "has no body"),
        (lambda o: o.add_rule(WrittenRule("r1", "product", ("a",), "b", "x"), at=NOON), "is \\+ .* got x"),
        (lambda o: o.remove_rule("r9", by=None, at=NOON), "no written rule r9 among the 0"),
    ],
)
def test_nonsense_is_refused_and_leaves_nothing_behind(operations, wrong, sentence):
    with pytest.raises(DataError, match=sentence):
        wrong(operations)
    assert operations.sequence() == 0


def test_a_failed_change_leaves_no_gap(operations):
    with pytest.raises(sa.exc.IntegrityError):
        operations.review(None, "noted", by=None, at=NOON)
    assert operations.review("r1", "noted", by=None, at=NOON) == 1


def test_every_commit_is_on_the_disk_before_it_returns(store, in_file):
    with in_file._database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
    assert (store / "operations.db").exists()


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from nextbest.engines.operations import Operations
store, url, name, n = sys.argv[1:]
with Operations.open(Path(store), url=url or None) as operations:
    for i in range(int(n)):
        operations.review(f"{name}{i}", "approved", by=name, at=datetime(2026, 1, 31, tzinfo=UTC))
"""


def start_writer(database, name, n):
    place = [str(database["store"]), database.get("url", "")]
    return subprocess.Popen([sys.executable, "-c", WRITER, *place, name, str(n)], stderr=subprocess.PIPE)


def test_two_processes_create_and_write_at_once(database):
    writers = [start_writer(database, name, 40) for name in ("ann", "bob")]
    assert [writer.communicate()[1] for writer in writers] == [b"", b""]
    with Operations.open(**database) as operations:
        assert operations.sequence() == len(operations.reviews()) == 80


def test_a_writer_that_is_killed_loses_nothing_that_was_committed(database):
    with Operations.open(**database) as operations:
        writer = start_writer(database, "ann", 100_000)
        while operations.sequence() < 5:
            assert writer.poll() is None
        writer.kill()
        writer.communicate()
        n_kept = operations.sequence()
        assert n_kept >= 5
        assert len(operations.history()) == n_kept
        assert operations.review("bob", "noted", by="bob", at=NOON) == n_kept + 1


def test_a_locked_database_gets_one_sentence(store, in_file):
    with closing(sqlite3.connect(store / "operations.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            Operations.open(store, patience=0.05) as hasty,
            pytest.raises(WorkspaceError, match="written by another process") as caught,
        ):
            hasty.review("r1", "noted", by=None, at=NOON)
    assert "正被另一个进程写入" in render(caught.value.message, "zh")
    assert in_file.reviews() == []


def test_reading_goes_on_while_somebody_writes(store, in_file):
    in_file.review("r1", "approved", by="ann", at=NOON)
    with closing(sqlite3.connect(store / "operations.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert [review.rule_id for review in in_file.reviews()] == ["r1"]


def test_a_newer_schema_gets_one_sentence(store):
    Operations.open(store).close()
    with closing(sqlite3.connect(store / "operations.db")) as other:
        other.execute("PRAGMA user_version = 7")
    with pytest.raises(WorkspaceError, match=r"newer nextbest \(format 7, this one knows up to 2"):
        Operations.open(store)


def test_a_damaged_file_gets_one_sentence(store):
    store.mkdir(parents=True)
    (store / "operations.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(WorkspaceError, match="damaged or no SQLite file"):
        Operations.open(store)


def test_a_read_only_file_gets_one_sentence(store, in_file):
    address = f"file:{store / 'operations.db'}?mode=ro&uri=true"
    engine = sa.create_engine(f"sqlite+pysqlite:///{address}", poolclass=sa.NullPool)
    read_only = Operations(Database(engine, store / "operations.db"))
    with pytest.raises(
        WorkspaceError, match="cannot be opened for writing: attempt to write a readonly database"
    ):
        read_only.review("r1", "noted", by=None, at=NOON)
    assert in_file.reviews() == []


def test_a_folder_that_cannot_be_made_gets_one_sentence(tmp_path):
    (tmp_path / "store").write_text("a file where the folder should be")
    with pytest.raises(WorkspaceError, match="cannot be opened for writing"):
        Operations.open(tmp_path / "store")


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_read_only_folder_gets_one_sentence(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(WorkspaceError, match="cannot be opened for writing"):
        Operations.open(tmp_path / "store")


def test_a_full_disk_gets_one_sentence(in_file):
    @sa.event.listens_for(in_file._database.engine, "connect")
    def leave_no_room(connection, _):
        connection.execute("PRAGMA max_page_count = 1")

    in_file.close()
    with pytest.raises(WorkspaceError, match="the disk is full"):
        in_file.review("r1", "noted", by=None, at=NOON, note="x" * 100_000)
    assert in_file.sequence() == 0
