import errno
import json
import subprocess
import sys

import pytest

from nextbest.base.errors import WorkspaceError
from nextbest.engines.snapshots import KEEP, Snapshots, one_writer, write_manifest


def publish(snapshots, name, text="x"):
    with snapshots.building(name) as folder:
        (folder / "t.parquet").write_text(text)
        write_manifest(folder / "manifest.json", {"run": name})


def test_a_finished_run_becomes_the_current_one(tmp_path):
    snapshots = Snapshots(tmp_path)
    assert snapshots.current() is None
    publish(snapshots, "a")
    publish(snapshots, "b")
    assert snapshots.current().name == "b"
    assert snapshots.names() == ["a", "b"]


def test_a_run_that_fails_leaves_the_old_one(tmp_path):
    snapshots = Snapshots(tmp_path)
    publish(snapshots, "a")
    with pytest.raises(ZeroDivisionError), snapshots.building("b") as folder:
        (folder / "t.parquet").write_text(str(1 / 0))
    assert snapshots.current().name == "a"
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == ["a"]


def test_a_killed_run_leaves_the_old_one_and_the_next_run_tidies_up(tmp_path):
    publish(Snapshots(tmp_path), "a")
    kill_while_building = """
import os, pathlib, signal, sys
from nextbest.engines.snapshots import Snapshots
with Snapshots(pathlib.Path(sys.argv[1])).building("b") as folder:
    (folder / "t.parquet").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", kill_while_building, str(tmp_path)], check=False)
    assert Snapshots(tmp_path).current().name == "a"
    assert Snapshots(tmp_path).names() == ["a"]
    publish(Snapshots(tmp_path), "c")
    assert sorted(path.name for path in (tmp_path / "snapshots").iterdir()) == ["a", "c"]


def test_a_full_disk_is_one_sentence(tmp_path):
    with (
        pytest.raises(WorkspaceError, match=r"no space left.*last good snapshot stays"),
        Snapshots(tmp_path).building("a"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_snapshot_of_a_newer_version_is_refused(tmp_path):
    snapshots = Snapshots(tmp_path)
    publish(snapshots, "a")
    manifest = tmp_path / "snapshots" / "a" / "manifest.json"
    manifest.write_text(json.dumps({"format": 99}))
    with pytest.raises(WorkspaceError, match=r"newer nextbest \(format 99"):
        snapshots.current()


def test_a_damaged_manifest_is_one_sentence(tmp_path):
    snapshots = Snapshots(tmp_path)
    publish(snapshots, "a")
    (tmp_path / "snapshots" / "a" / "manifest.json").write_text("{")
    with pytest.raises(WorkspaceError, match="not a manifest"):
        snapshots.current()


def test_only_the_last_runs_are_kept(tmp_path):
    snapshots = Snapshots(tmp_path)
    for number in range(KEEP + 3):
        publish(snapshots, f"run-{number:02}")
    assert len(snapshots.names()) == KEEP
    assert snapshots.current().name == f"run-{KEEP + 2:02}"


def test_an_unknown_run_is_named_with_those_there(tmp_path):
    publish(Snapshots(tmp_path), "a")
    with pytest.raises(WorkspaceError, match=r"no run b.*Runs kept: a"):
        Snapshots(tmp_path).open("b")


def test_two_writers_never_hold_a_workspace_at_once(tmp_path):
    hold = "import pathlib, sys\nfrom nextbest.engines.snapshots import one_writer\nwith one_writer(pathlib.Path(sys.argv[1])): pass"
    with one_writer(tmp_path / "store"):
        other = subprocess.run(
            [sys.executable, "-c", hold, str(tmp_path / "store")], capture_output=True, text=True, check=False
        )
    assert "Another load or run" in other.stderr
    with one_writer(tmp_path / "store"):
        pass


def test_a_run_of_which_something_is_gone_is_not_read(tmp_path):
    snapshots = Snapshots(tmp_path)
    with snapshots.building("a") as folder:
        (folder / "rules.parquet").write_text("x")
        write_manifest(folder / "manifest.json", {"tables": ["rfm", "rules"], "inputs": {"customers": []}})
    with pytest.raises(WorkspaceError, match="The run a is not whole: rfm are gone"):
        snapshots.current().tables()
    with pytest.raises(WorkspaceError, match="The run a is not whole: customers are gone"):
        snapshots.current().with_inputs({})
    (tmp_path / "snapshots" / "a" / "rfm.parquet").write_text("x")
    assert sorted(snapshots.current().with_inputs({"customers": []})) == ["customers", "rfm", "rules"]
