"""Whatever happens to a run, readers see the last good snapshot."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from nextbest.app import draft
from nextbest.app.workspace import Workspace
from nextbest.base.errors import WorkspaceError
from nextbest.engines.duckdb_store import DuckDBStore


@pytest.fixture
def workspace(tmp_path):
    rows = [f"o{n},c{n % 7},p{n % 3},2026-01-{n % 28 + 1:02},1,2.50" for n in range(120)]
    (tmp_path / "orders.csv").write_text(
        "order_id,customer_id,product_id,order_date,quantity,net_revenue\n" + "\n".join(rows)
    )
    made = draft.draft(tmp_path / "shop", [str(tmp_path / "orders.csv")], {"time_zone": "UTC"})
    draft.write(tmp_path / "shop", made)
    shop = Workspace.open(tmp_path / "shop")
    shop.load()
    return shop


def test_a_killed_run_leaves_the_last_snapshot(workspace):
    first = workspace.run(["rfm"])
    code = (
        "import sys, time\nimport nextbest\nfrom nextbest.engines.duckdb_store import DuckDBStore\n"
        "write = DuckDBStore.write\n"
        "def slow(self, name, rows):\n    write(self, name, rows)\n    print(name, flush=True)\n    time.sleep(60)\n"
        "DuckDBStore.write = slow\nnextbest.open(sys.argv[1]).run(['lifecycle'])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(workspace.folder)], stdout=subprocess.PIPE)
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert workspace.current_run() == first.name
    assert workspace.table("rfm").num_rows == 7
    assert workspace.run(["lifecycle"]).name is not None


def test_a_full_disk_leaves_the_last_snapshot(workspace, monkeypatch):
    first = workspace.run(["rfm"])

    def full(_, __, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(DuckDBStore, "save", full)
    with pytest.raises(WorkspaceError, match="no space left"):
        workspace.run(["lifecycle"])
    monkeypatch.undo()
    assert workspace.current_run() == first.name
    assert len(list((workspace.folder / "store" / "snapshots").iterdir())) == 1


def test_two_runs_at_once_do_not_meet(workspace):
    workspace.run(["rfm"])

    def attempt(name):
        try:
            return workspace.run([name]).name
        except WorkspaceError as error:
            return error.message.code

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(attempt, ["lifecycle", "behaviour"]))
    assert any(result != "engines.busy" for result in results)
    assert workspace.table("rfm").num_rows == 7


def test_readers_see_whole_runs_while_others_publish(workspace):
    workspace.run(["rfm"])
    stop = time.monotonic() + 3
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(
            lambda: [read_once(workspace) for _ in iter(lambda: time.monotonic() < stop, False)]
        )
        for bins in (3, 4, 5):
            text = (workspace.folder / "nextbest.toml").read_text()
            (workspace.folder / "nextbest.toml").write_text(text.replace("# bins = 5", f"bins = {bins}"))
            Workspace.open(workspace.folder).run(["rfm"])
        assert set(reading.result()) == {7}


def read_once(workspace):
    return workspace.table("rfm").num_rows


def test_what_was_not_asked_for_keeps_its_last_tables(workspace):
    workspace.run(["rfm"])
    workspace.run(["lifecycle"])
    assert workspace.table("rfm").num_rows == 7
    assert isinstance(workspace.table("findings"), pa.Table)


def test_a_profile_as_of_an_earlier_day_sees_no_later_order(workspace):
    path = workspace.folder / "nextbest.toml"
    path.write_text(path.read_text().replace("# as_of =", "as_of = 2026-01-10", 1))
    shop = Workspace.open(workspace.folder)
    shop.run(["rfm"])
    assert max(shop.table("rfm")["days_since_last_order"].to_pylist()) <= 9
    assert set(map(str, shop.table("rfm")["as_of"].to_pylist())) == {"2026-01-10"}


def test_an_order_of_the_year_2099_does_not_age_every_customer(workspace):
    late = workspace.folder.parent / "late.csv"
    late.write_text(
        "order_id,customer_id,product_id,order_date,quantity,net_revenue\n"
        "x1,c1,p1,2099-01-01,1,2.50\nx2,c2,p1,2026-01-28,1,2.50\n"
    )
    path = workspace.folder / "nextbest.toml"
    path.write_text(path.read_text().replace('orders.csv"]', 'orders.csv", "../late.csv"]'))
    shop = Workspace.open(workspace.folder)
    (record,) = shop.load().files
    assert (record["n_kept"], record["n_quarantined"]) == (1, 1)
    assert [reason["rule"] for reason in record["reasons"]] == ["cleaning.future"]
