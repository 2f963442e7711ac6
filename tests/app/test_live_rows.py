"""What the decision service wrote between two runs is there for the next one."""

from datetime import UTC, datetime, timedelta

import pytest

from nextbest.app import draft
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
