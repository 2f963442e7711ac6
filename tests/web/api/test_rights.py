"""The rights of a customer over HTTP, and a running service that forgets at once."""

import time

import pytest

from nextbest.app import auditing, forgetting
from nextbest.app.asking import asked
from nextbest.app.operating import open_operations
from nextbest.app.serving import Service
from nextbest.engines.snapshots import one_writer


@pytest.fixture
def running(make_shop, serving, tmp_path):
    with serving(make_shop(tmp_path / "shop"), "--workers", "2") as served:
        yield served


def unknown(server, customer_id):
    """Ask both workers whether they know a customer; connections change between them."""
    body = {"subject": {"customer_id": customer_id}, "placements": [{"id": "home"}], "dry_run": True}
    told = []
    for _ in range(8):
        with server() as client:
            told.append(client.post("/v1/decide", json=body).json()["notes"].get("unknown_customer", 0))
    return set(told)


def test_a_customer_is_given_and_forgotten_by_every_worker_within_seconds(running):
    with running.client() as server:
        seen = {
            "event": "Product Viewed",
            "userId": "ann",
            "properties": {"product_id": "cup"},
            "messageId": "m1",
        }
        assert server.post("/v1/events", json=[seen]).json()["accepted"] == 1
        told = server.get("/v1/customers/ann/export").json()
        assert told["run"]["customers"] == [
            {"customer_id": "ann", "place": "Oslo", "email": "ann@mail.example"}
        ]
        assert [row["event_id"] for row in told["operations"]["events"]] == ["m1"]
        assert unknown(running.client, "ann") == {0}
        done = server.delete("/v1/customers/ann").json()
        assert not done["is_pending"]
        assert {"where": "operations", "table": "events", "rows": 1} in done["removed"]
        assert {"where": "runs", "table": "customers", "rows": 1} in done["removed"]
        time.sleep(2.5)
        assert unknown(running.client, "ann") == {1}
        assert server.get("/v1/customers/ann").status_code == 404
        assert server.get("/v1/customers/ann/export").status_code == 404
        again = server.post(
            "/v1/events", json=[seen | {"timestamp": "2026-01-01T00:00:00Z", "messageId": "m2"}]
        )
        assert again.json()["erased"] == 1
    with open_operations(running.folder) as operations:
        told = auditing.listed(operations).to_pylist()
    assert [
        (row["action"], row["by"].split()[0]) for row in told if row["action"].startswith("customer ")
    ] == [
        ("customer erased", "till"),
        ("customer exported", "till"),
    ]
    assert "ann'" not in str([row["object"] for row in told])
    assert "ann" not in (running.folder / "log").read_text().replace("channel", "")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/customers/ann/export"), ("DELETE", "/v1/customers/ann")]
)
def test_a_browsers_key_has_no_part_in_it(browser, method, path):
    assert browser.request(method, path).status_code == 403


def test_what_no_customer_is_called_is_not_there(server):
    assert server.get("/v1/customers/nobody-7/export").status_code == 404
    assert server.delete("/v1/customers/%00").status_code == 404


def test_no_answer_but_the_customers_own_copy_tells_what_reaches_a_person(service, server):
    asked = {"subject": {"customer_id": "c5"}, "placements": [{"id": "home"}], "explain": True}
    told = [server.post("/v1/decide", json=asked), server.get("/v1/customers/c5")]
    decision = told[0].json()["placements"]["home"]["decision_id"]
    told += [
        server.get(path)
        for path in (f"/v1/decisions/{decision}", "/v1/recommendations/repeat?customer_id=c5")
    ]
    told += [server.get(path) for path in ("/v1/policies", "/metrics", "/health/ready")]
    assert all("mail.example" not in one.text for one in told)
    assert "c5@mail.example" in server.get("/v1/customers/c5/export").text
    log = (service.folder / "log").read_text()
    assert "mail.example" not in log
    assert "/v1/customers/{customer_id}" in log
    assert "/v1/customers/c5" not in log


@pytest.fixture
def opened(make_shop, tmp_path):
    with Service(make_shop(tmp_path / "shop").folder) as service:
        yield service


def notes(service, customer_id):
    return service.consider(asked(customer_id, ["home"])).notes


def test_who_is_erased_from_the_command_line_is_unknown_to_the_service_though_its_memory_is_older(opened):
    assert "unknown_customer" not in notes(opened, "c1")
    with one_writer(opened.folder / "store"):
        assert forgetting.erase(opened.folder, "c1", by="eve").is_pending
    opened.follow()
    assert notes(opened, "c1")["unknown_customer"] == 1
    assert "unknown_customer" not in notes(opened, "c2")
    assert opened.is_erased("c1")


def test_files_that_nobody_else_cleans_are_cleaned_by_the_service(opened, monkeypatch):
    with one_writer(opened.folder / "store"):
        forgetting.erase(opened.folder, "c1", by="eve")
    opened.follow()
    assert forgetting.is_waiting(opened.folder / "store")
    monkeypatch.setattr("nextbest.app.serving._LEFT", 0.0)
    opened.follow()
    assert not forgetting.is_waiting(opened.folder / "store")


def test_a_run_that_began_after_the_erasure_tells_of_who_came_back(opened, publish):
    forgetting.erase(opened.folder, "c1", by="eve")
    publish(opened.folder, "r2", operations_up_to=opened.operations.sequence())
    opened.follow()
    assert "unknown_customer" not in notes(opened, "c1")
