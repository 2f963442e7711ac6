"""One customer over everything that a workspace holds: given in one piece, and forgotten everywhere."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nextbest.app import auditing, config, draft, forgetting, looking
from nextbest.app.adding import add_account
from nextbest.app.config import SourceSettings
from nextbest.app.operating import open_operations
from nextbest.app.workspace import Workspace
from nextbest.base.errors import DataError
from nextbest.engines.operations import Operations
from nextbest.engines.snapshots import one_writer
from nextbest.serving.events import EventSettings, read_items
from nextbest.serving.log import append

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=9)
ORDERS = "order_id,customer_id,product_id,order_date,quantity,net_revenue\n"
"""Ann is cust-1 in every file."""


def write_files(folder):
    rows = [f"o{n},cust-{n % 7},p{n % 3},2026-01-{n % 28 + 1:02},1,2.50" for n in range(60)]
    (folder / "orders.csv").write_text(ORDERS + "\n".join([*rows, "o77,cust-1,p1,no day,1,2.50"]))
    people = [f"cust-{n},Name {n},cust{n}@shop.example,+44 7700 90012{n}" for n in range(7)]
    (folder / "customers.csv").write_text("customer_id,name,email,phone\n" + "\n".join(people))
    consents = [f"cust-{n},marketing,email,granted,2026-01-01T00:00:00Z" for n in range(7)]
    (folder / "consents.csv").write_text(
        "customer_id,purpose,channel,status,changed_at\n" + "\n".join(consents)
    )
    (folder / "identities.csv").write_text(
        "alias,kind,customer_id,since_at\nweb-1,customer,cust-1,2026-01-02T00:00:00Z\na-9,device,cust-1,\n"
    )


@pytest.fixture
def workspace(tmp_path, database, monkeypatch):
    """Make a shop with every kind of row about ann, in SQLite and in PostgreSQL."""
    if "url" in database:
        monkeypatch.setenv("NEXTBEST_DATABASE", database["url"])
    write_files(tmp_path)
    files = [str(tmp_path / f"{name}.csv") for name in ("orders", "customers", "consents")]
    shop = tmp_path / "shop"
    drafted = draft.draft(shop, files, {"time_zone": "UTC"})
    columns = {name: name for name in ("alias", "kind", "customer_id", "since_at")}
    own = SourceSettings(
        name="identities", files=(str(tmp_path / "identities.csv"),), table="identities", columns=columns
    )
    shop.mkdir()
    config.write(shop, drafted.shop, [*(source.settings for source in drafted.sources), own])
    made = Workspace.open(shop)
    made.load(now=NOON)
    events = [
        {"type": "Product Viewed", "anonymousId": "a-1", "product_id": "p1", "messageId": "e1"},
        {"type": "identify", "anonymousId": "a-1", "userId": "cust-1", "messageId": "e2"},
        {"type": "Product Viewed", "anonymousId": "a-9", "product_id": "p2", "messageId": "e3"},
        {"type": "Product Viewed", "userId": "web-1", "product_id": "p2", "messageId": "e4"},
        {"type": "Product Viewed", "userId": "cust-2", "product_id": "p2", "messageId": "e5"},
    ]
    send(made, events, NOON)
    made.run(["rfm", "lifecycle"], now=NOON)
    return made


def send(workspace, items, at):
    events = read_items(items, at, EventSettings()).events
    with open_operations(workspace.folder) as operations, operations.writing() as connection:
        return append(connection, events)


def erase(workspace, customer_id="cust-1", now=LATER):
    return forgetting.erase(workspace.folder, customer_id, by="eve", now=now)


def naming(workspace, *ids):
    """Name the files of a workspace that still hold one of the ids; SQLite's too."""
    found = []
    for path in sorted(workspace.folder.rglob("*")):
        if path.is_file() and path.suffix == ".parquet":
            text = json.dumps(pq.read_table(path).to_pylist(), default=str)
        else:
            text = path.read_bytes().decode("latin-1") if path.is_file() else ""
        found += [
            path.name for one in ids if f'"{one}"' in text or (path.suffix != ".parquet" and one in text)
        ]
    return found


def test_everything_about_a_customer_is_given_in_one_piece(workspace):
    told = forgetting.export(workspace.folder, "cust-1", by="eve")
    assert told["known_as"] == {"customers": ("cust-1", "web-1"), "devices": ("a-1", "a-9")}
    assert {name: len(rows) for name, rows in told["tables"].items()} == {
        "consents": 1, "customers": 1, "events": 4, "identities": 3, "order_lines": 9, "quarantine": 1
    }  # fmt: skip
    assert told["tables"]["customers"][0]["email"] == "cust1@shop.example", "it is the customer's own"
    assert {"rfm", "lifecycle"} <= set(told["run"])
    assert sorted(row["event_id"] for row in told["operations"]["events"]) == ["e1", "e2", "e3", "e4"]
    json.dumps(told, default=str)


def test_nothing_is_given_about_nobody(workspace):
    with pytest.raises(DataError, match="nobody-7"):
        forgetting.export(workspace.folder, "nobody-7", by="eve")


def test_an_erased_customer_is_in_no_file_and_no_table(workspace):
    workspace.run(["rfm"], now=NOON + timedelta(days=1), where={"order_lines": "product_id = 'p1'"})
    page = workspace.folder / "report.html"
    page.write_text("<code>cust-1</code>")
    assert len(workspace.runs()) == 2
    done = erase(workspace, "web-1")
    assert (done.operations.n_events, done.tables["order_lines"], done.tables["customers"]) == (4, 9, 1)
    assert done.runs["rfm"] >= 2
    assert done.files == ("report.html",)
    assert not page.exists()
    assert not done.is_pending
    ids = ("cust-1", "web-1", "a-1", "a-9", "cust1@shop.example", "Name 1")
    assert naming(workspace, *ids) == []
    assert workspace.table("order_lines").num_rows == 51
    with pytest.raises(DataError):
        forgetting.export(workspace.folder, "cust-1", by="eve")
    again = erase(workspace)
    assert again.n_rows == 0


def test_no_file_brings_an_erased_customer_back_but_whoever_comes_later_is_kept(workspace, tmp_path):
    erase(workspace)
    path = tmp_path / "orders.csv"
    later = f"o99,cust-1,p2,{(LATER + timedelta(days=3)).date()},1,4.00\n"
    path.write_text(path.read_text() + f"\no98,cust-1,p1,2026-02-01,1,2.50\n{later}")
    (tmp_path / "customers.csv").write_text((tmp_path / "customers.csv").read_text() + "\ncust-8,Name 8,,\n")
    intake = workspace.load(now=LATER + timedelta(days=9))
    account = {file["table"]: file for file in intake.files}["order_lines"]
    assert account["n_read"] == account["n_kept"] + account["n_merged"] + account["n_quarantined"]
    assert {"rule": "loading.erased", "effect": "quarantined", "n_rows": 10, "example": None} in account[
        "reasons"
    ]
    lines = workspace.table("order_lines").to_pylist()
    assert [row["order_id"] for row in lines if row["customer_id"] == "cust-1"] == ["o99"]
    assert "cust-1" not in workspace.table("customers")["customer_id"].to_pylist()
    assert "cust-8" in workspace.table("customers")["customer_id"].to_pylist()
    assert [
        text for text in workspace.table("quarantine")["content"].to_pylist() if text and "cust-1" in text
    ] == []


def test_events_from_before_the_erasure_are_dropped_when_they_are_sent_again(workspace):
    erase(workspace)
    old = [{"type": "Product Viewed", "userId": "cust-1", "product_id": "p1", "messageId": "e1"}]
    assert send(workspace, old, NOON).n_erased == 1
    new = [{"type": "Product Viewed", "userId": "cust-1", "product_id": "p1", "messageId": "e11"}]
    assert send(workspace, new, LATER + timedelta(days=1)).n_accepted == 1


def test_an_erasure_while_a_load_holds_the_files_is_done_by_the_next_who_holds_them(workspace):
    with one_writer(workspace.folder / "store"):
        done = erase(workspace)
    assert done.is_pending
    assert done.operations.n_events == 4
    assert "cust-1" in workspace.table("order_lines")["customer_id"].to_pylist()
    workspace.run(["rfm"], now=LATER)
    assert naming(workspace, "cust-1", "a-1") == []
    assert not forgetting.is_waiting(workspace.folder / "store")


@pytest.mark.parametrize("place", ["snapshot", "database"])
def test_who_dies_in_the_middle_leaves_the_rest_to_the_next(workspace, monkeypatch, place):
    def die(*_, **__):
        raise KeyboardInterrupt

    where = (forgetting.persons, "leave_snapshot") if place == "snapshot" else (Operations, "erase")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(*where, die)
        erase(workspace)
    workspace.load(now=LATER)
    assert naming(workspace, "cust-1", "a-9") == []
    with open_operations(workspace.folder) as operations:
        assert not operations.everything_about("cust-1")["events"]
        assert operations.forgotten().erased_at("c:web-1") == LATER.replace(tzinfo=None)


def test_files_that_went_out_of_the_workspace_lose_the_customer_or_are_named(workspace, tmp_path):
    workspace.export("order_lines", workspace.folder / "lines.csv", by="eve")
    workspace.export("rfm", workspace.folder / "rfm.xlsx", by="eve")
    workspace.export("rfm", tmp_path / "rfm.parquet", by="eve")
    done = erase(workspace)
    assert sorted(done.files) == ["lines.csv", "rfm.xlsx"]
    assert done.elsewhere == (str(tmp_path / "rfm.parquet"),)
    text = (workspace.folder / "lines.csv").read_text(encoding="utf-8-sig")
    assert "cust-1" not in text
    assert len(text.splitlines()) == 52


@pytest.mark.parametrize(
    ("header", "ending"), [("客户编号", ".csv"), ("customer_id", ".parquet"), ("客户编号", ".xlsx")]
)
def test_a_campaigns_file_in_either_language_loses_the_customer_and_nobody_else(workspace, header, ending):
    file = workspace.folder / f"spring{ending}"
    rows = [
        {header: name, "text": f"={name}, hello", "decision_id": f"d-{name}"} for name in ("cust-1", "cust-2")
    ]
    looking.export(pa.Table.from_pylist(rows), file)
    workspace.note_file("campaign exported", "spring", file, by="bob", rows=2)
    before = looking.READERS[ending](file).to_pylist()
    assert erase(workspace).files == (file.name,)
    assert looking.READERS[ending](file).to_pylist() == before[1:]


def test_the_audit_tells_who_saw_and_took_what_and_forgets_with_the_customer(workspace):
    forgetting.export(workspace.folder, "cust-1", by="eve")
    workspace.export("customers", workspace.folder / "people.csv", by="bob", unmask=True)
    erase(workspace)
    with open_operations(workspace.folder) as operations:
        told = auditing.listed(operations).to_pylist()
    assert [(row["by"], row["action"]) for row in told] == [
        ("eve", "customer erased"), ("bob", "table exported"), ("eve", "customer exported")
    ]  # fmt: skip
    assert json.loads(told[1]["detail"]) == {"file": "people.csv", "rows": 7, "unmasked": True}
    assert "cust-1" not in str(told)
    assert len(told[2]["object"]) == 64


def test_rows_of_a_returned_file_that_are_set_aside_forget_the_customer_too(workspace):
    erase(workspace)
    aside = [
        {"source": "campaign", "file": "back.csv", "row": n, "rule": "campaign.unknown", "content": json.dumps({"customer_id": f"cust-{n}"})}
        for n in (1, 2)
    ]  # fmt: skip
    load = {
        "source": "campaign",
        "file": "back.csv",
        "table": "responses",
        "mark": "m",
        "loaded_at": NOON.isoformat(),
    }
    counts = {"n_read": 2, "n_kept": 0, "n_merged": 0, "n_quarantined": 2, "reasons": []}
    add_account(workspace.folder / "store", load | counts, [], aside)
    told = [row["content"] for row in workspace.table("quarantine").to_pylist() if row["file"] == "back.csv"]
    assert sorted(map(str, told)) == ["None", '{"customer_id": "cust-2"}']
