"""What the decision service wrote between two runs is there for the next one."""

from datetime import UTC, datetime, timedelta

import pytest

from nextbest.app import config, draft
from nextbest.app.config import SourceSettings
from nextbest.app.workspace import Workspace
from nextbest.engines.operations import Operations
from nextbest.serving.events import EventSettings, read_items
from nextbest.serving.log import append

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path):
    rows = [f"o{n},c{n % 7},p{n % 3},2026-01-{n % 28 + 1:02},1,2.50" for n in range(60)]
    (tmp_path / "orders.csv").write_text(
        "order_id,customer_id,product_id,order_date,quantity,net_revenue\n" + "\n".join(rows)
    )
    made = draft.draft(tmp_path / "shop", [str(tmp_path / "orders.csv")], {"time_zone": "UTC"})
    draft.write(tmp_path / "shop", made)
    shop = Workspace.open(tmp_path / "shop")
    shop.load()
    return shop


def send(workspace, *items):
    events = read_items(list(items), NOON, EventSettings()).events
    with Operations.open(workspace.folder / "store") as operations, operations.writing() as connection:
        append(connection, events)


def test_events_of_the_service_are_tables_of_the_next_run(workspace):
    consent = {"type": "Consent Changed", "purpose": "marketing", "status": "granted", "anonymous_id": "a-1"}
    send(workspace, {"type": "Product Viewed", "anonymous_id": "a-1", "product_id": "p1"}, consent)
    workspace.run(["rfm"])
    assert workspace.table("events")["customer_id"].to_pylist() == [None, None]
    first = workspace.current_run()
    send(workspace, {"type": "identify", "anonymousId": "a-1", "userId": "c1"})
    workspace.run(["rfm"], now=NOON + timedelta(days=1))
    assert workspace.table("events")["customer_id"].to_pylist() == ["c1"] * 3
    assert workspace.table("consents")["customer_id"].to_pylist() == ["c1"]
    assert workspace.current_run() == first, "rfm reads no events: nothing had changed for it"
    workspace.load()
    assert workspace.table("events").num_rows == 3


def test_what_a_file_knows_by_its_device_only_is_the_customers_from_the_next_run_on(workspace, tmp_path):
    (tmp_path / "visits.csv").write_text(
        "event_id,customer_id,anonymous_id,type,occurred_at,product_id\n"
        "v1,,a-1,Product Viewed,2026-01-30T10:00:00Z,p1\nv2,,a-2,Product Viewed,2026-01-30T10:00:00Z,p2\n"
        "v3,c2,a-1,Product Viewed,2026-01-30T11:00:00Z,p2\n"
    )
    columns = ("event_id", "customer_id", "anonymous_id", "type", "occurred_at", "product_id")
    own = SourceSettings(
        name="visits",
        files=(str(tmp_path / "visits.csv"),),
        table="events",
        columns={name: name for name in columns},
    )
    shop = Workspace.open(workspace.folder)
    config.write(shop.folder, shop.config.shop.model_dump(), [*shop.config.sources, own])
    shop = Workspace.open(shop.folder)
    shop.load(now=NOON)
    send(shop, {"type": "identify", "anonymousId": "a-1", "userId": "c1", "messageId": "m1"})
    shop.run(["rfm"], now=NOON)

    def owners():
        rows = shop.table("events").to_pylist()
        return {row["event_id"]: row["customer_id"] for row in rows if row["event_id"].startswith("v")}

    assert owners() == {"v1": "c1", "v2": None, "v3": "c2"}
    assert [row["alias"] for row in shop.table("identities").to_pylist()] == ["a-1"]
    parts = [path.name for path in (shop.folder / "store" / "tables" / "events").iterdir()]
    shop.run(["rfm"], now=NOON + timedelta(days=1))
    assert [path.name for path in (shop.folder / "store" / "tables" / "events").iterdir()] == parts
    send(shop, {"type": "identify", "anonymousId": "a-2", "userId": "c1", "messageId": "m2"})
    shop.run(["rfm"], now=NOON + timedelta(days=2))
    assert owners() == {"v1": "c1", "v2": "c1", "v3": "c2"}


def test_events_of_the_service_stand_in_the_load_report_and_each_is_accounted_for(workspace):
    bot = [{"type": "Product Viewed", "anonymous_id": "bot", "messageId": f"b{n}"} for n in range(130)]
    send(workspace, *bot, {"type": "Product Viewed", "anonymous_id": "a-1", "product_id": "p1"})
    workspace.run(["rfm"], now=NOON)
    workspace.load(now=NOON)
    assert workspace.table("events").num_rows == 1
    (told,) = [row for row in workspace.table("load_report").to_pylist() if row["source"] == "service"]
    assert (told["n_read"], told["n_kept"], told["n_merged"], told["n_quarantined"]) == (131, 1, 0, 130)
    reasons = [row for row in workspace.table("load_reasons").to_pylist() if row["source"] == "service"]
    assert [(row["rule"], row["effect"], row["n_rows"]) for row in reasons] == [
        ("cleaning.bots", "quarantined", 130)
    ]
