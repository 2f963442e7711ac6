"""One operational store for runs, commands and the service, wherever the settings say that it is."""

from datetime import UTC, datetime

import pytest

from nextbest.app import config, draft
from nextbest.app.operating import open_operations
from nextbest.app.serving import Service
from nextbest.app.workspace import Workspace
from nextbest.serving.events import EventSettings, read_items
from nextbest.serving.log import append

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    rows = [f"o{n},c{n % 7},p{n % 3},2026-01-{n % 28 + 1:02},1,2.50" for n in range(60)]
    (tmp_path / "orders.csv").write_text(
        "order_id,customer_id,product_id,order_date,quantity,net_revenue\n" + "\n".join(rows)
    )
    made = draft.draft(tmp_path / "shop", [str(tmp_path / "orders.csv")], {"time_zone": "UTC"})
    draft.write(tmp_path / "shop", made)
    return tmp_path / "shop"


def set_database(folder, url):
    path = folder / config.FILE
    text = path.read_text(encoding="utf-8")
    assert "# database =" in text
    path.write_text(text.replace("# database =", f'database = "{url}"'), encoding="utf-8")


@pytest.mark.parametrize("is_said_by", ["settings", "environment"])
def test_a_run_sees_what_the_service_kept_in_the_database_of_the_settings(
    folder, postgresql, monkeypatch, is_said_by
):
    url = postgresql()
    if is_said_by == "settings":
        set_database(folder, url)
    else:
        set_database(folder, "postgresql://nobody@db.example/none")
        monkeypatch.setenv("NEXTBEST_DATABASE", url)
    viewed = [{"type": "Product Viewed", "customer_id": "c1", "product_id": "p1"}]
    with Service(folder) as service, service.operations.writing() as connection:
        append(connection, read_items(viewed, NOON, EventSettings()).events)
    shop = Workspace.open(folder)
    shop.load()
    shop.run(["rfm"])
    assert shop.table("events")["product_id"].to_pylist() == ["p1"]
    assert not (folder / "store" / "operations.db").exists()


def test_what_is_asked_for_goes_before_the_settings(folder, tmp_path):
    set_database(folder, "postgresql://nobody@db.example/none")
    with open_operations(folder, f"sqlite:///{tmp_path / 'own.db'}"):
        assert (tmp_path / "own.db").exists()


def test_one_file_asked_alone_never_meets_the_shops_database(tmp_path, monkeypatch):
    from nextbest.app.one_file import OneFile, run_one

    monkeypatch.setenv("NEXTBEST_DATABASE", "postgresql://nobody@db.example/none")
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "order_id,customer_id,product_id,order_date\n1,ann,tea,2026-01-05\n2,ann,tea,2026-01-09\n"
    )
    asked = OneFile("rfm", (("order_lines", str(orders)),), {}, {}, tmp_path / "out", {})
    assert run_one(asked, print).tables
