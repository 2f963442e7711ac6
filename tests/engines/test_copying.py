import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nextbest.engines.operations import copying
from nextbest.engines.parts import Parts
from nextbest.serving.events import Event
from nextbest.serving.log import Decision, append, record
from nextbest.sources.cleaning import CleaningSettings

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC).replace(tzinfo=None)
LATER = datetime(2026, 2, 28, tzinfo=UTC)


def event(event_id, type_="Product Viewed", minute=0, who="ann", device=None, **said):
    at = NOON + timedelta(minutes=minute)
    properties = said.pop("properties", None)
    text = None if properties is None else json.dumps(properties)
    return Event(
        event_id, type_.lower().replace(" ", "_"), type_, at, at, who, device, properties=text, **said
    )


def put(operations, *events):
    with operations.writing() as connection:
        append(connection, events)


@pytest.fixture
def parts(database):
    return Parts.open(database["store"] / "tables")


def rows(parts, table):
    """Read a table as a run would see it, in the order of its first column's text."""
    files = [str(path) for path in Parts.open(parts.folder).files().get(table, ())]
    found = duckdb.from_parquet(files).fetch_arrow_table().to_pylist() if files else []
    return sorted(found, key=str)


def files(parts):
    return Parts.open(parts.folder).identity("events")


def test_events_reach_the_canonical_table_as_they_were_sent(operations, parts):
    put(operations, event("e1", product_id="tea", page="/tea", dwell_seconds=2.5, properties={"price": 3}))
    assert operations.copy(parts, operations.sequence())
    assert rows(parts, "events") == [
        {
            "event_id": "e1",
            "customer_id": "ann",
            "anonymous_id": None,
            "session_id": None,
            "type": "Product Viewed",
            "occurred_at": NOON,
            "product_id": "tea",
            "page": "/tea",
            "query": None,
            "channel": None,
            "dwell_seconds": 2.5,
            "properties": '{"price": 3}',
        }
    ]


def test_nothing_is_copied_where_nothing_is_new(operations, parts):
    assert not operations.copy(parts, operations.sequence())
    put(operations, event("e1"))
    assert operations.copy(parts, operations.sequence())
    before = files(parts)
    operations.review("r1", "approved", by="ann", at=LATER)
    assert not operations.copy(Parts.open(parts.folder), operations.sequence())
    assert files(parts) == before


def test_a_run_sees_events_up_to_its_number(operations, parts):
    put(operations, event("e1"))
    number = operations.sequence()
    put(operations, event("e2"))
    operations.copy(parts, number)
    assert [row["event_id"] for row in rows(parts, "events")] == ["e1"]
    operations.copy(parts, operations.sequence())
    assert [row["event_id"] for row in rows(parts, "events")] == ["e1", "e2"]


def test_small_parts_grow_and_large_ones_stay(operations, parts, monkeypatch):
    monkeypatch.setattr(copying, "SMALL", 2)
    put(operations, event("e1"))
    operations.copy(parts, operations.sequence())
    put(operations, event("e2"))
    operations.copy(parts, operations.sequence())
    [grown] = files(parts)
    put(operations, event("e3"))
    operations.copy(parts, operations.sequence())
    assert files(parts)[0] == grown
    assert len(files(parts)) == 2
    assert len(rows(parts, "events")) == 3


def test_many_events_come_in_several_parts(operations, parts, monkeypatch):
    monkeypatch.setattr(copying, "LARGE", 2)
    for n in range(5):
        put(operations, event(f"e{n}"))
    operations.copy(parts, operations.sequence())
    assert [pq.read_metadata(parts.folder / file).num_rows for file in files(parts)] == [2, 2, 1]


def test_what_a_device_did_is_joined_when_somebody_is_known_on_it(operations, parts, monkeypatch):
    monkeypatch.setattr(copying, "SMALL", 0)
    put(operations, event("e1", minute=1, who=None, device="a-1"))
    put(operations, event("e2", minute=1, who=None, device="a-2"))
    operations.copy(parts, operations.sequence())
    first = files(parts)
    put(operations, event("e3", "Identify", 5, "ann", "a-1"), event("e4", "Identify", 8, "bob", "a-1"))
    put(
        operations,
        event("e5", minute=6, who=None, device="a-1"),
        event("e6", minute=9, who=None, device="a-1"),
    )
    operations.copy(parts, operations.sequence())
    owners = {row["event_id"]: row["customer_id"] for row in rows(parts, "events")}
    assert owners == {"e1": "ann", "e2": None, "e3": "ann", "e4": "bob", "e5": "ann", "e6": "bob"}
    assert len(first) == 1
    assert first[0] not in files(parts)


def test_a_customer_who_turned_out_to_be_another_is_that_one_everywhere(operations, parts):
    put(operations, event("e1", who="old"))
    operations.copy(parts, operations.sequence())
    put(operations, event("e2", "Alias", 1, "ann", properties={"previous_id": "old"}))
    operations.copy(parts, operations.sequence())
    assert {row["customer_id"] for row in rows(parts, "events")} == {"ann"}


def test_events_that_a_file_brought_too_count_once(operations, parts):
    put(operations, event("e1"), event("e2"))
    operations.copy(parts, operations.sequence())
    with parts.scratch() as scratch:
        pq.write_table(pa.table({"event_id": ["e2", "e9"]}), scratch / "new.parquet")
        parts.add("events", scratch / "new.parquet", source="cleaned", rows=2, name="loaded")
    parts.save()
    operations.copy(parts, operations.sequence())
    operational = [file for file in files(parts) if file.startswith("operational/")]
    assert pq.read_table(parts.folder / operational[0])["event_id"].to_pylist() == ["e1"]


def decision(decision_id, **said):
    base = {
        "decision_id": decision_id,
        "request_id": "r1",
        "decided_at": NOON,
        "placement": "cart",
        "outcome": "decided",
        "n_candidates": 3,
        "assignment_reason": "experiment",
        "assignment_probability": 0.5,
        "policy_id": "default",
        "policy_version": 1,
        "snapshot": None,
        "customer_id": "ann",
        "offer_id": "o1",
        "experiment_id": "x1",
        "experiment_version": 2,
        "variant": "b",
        "channel": "web",
    }
    return Decision(**base | said)


def test_decisions_become_exposures_and_responses(operations, parts):
    held_back = {"outcome": "none", "cause": "holdout", "offer_id": None, "variant": "control"}
    with operations.writing() as connection:
        record(
            connection, [decision("d1"), decision("d2", customer_id=None, anonymous_id="a-1", **held_back)]
        )
    put(operations, event("e1", "Decision Shown", 1, decision_id="d1"))
    said = {"revenue": "19.99", "margin": 4}
    put(operations, event("e2", "Decision Accepted", 2, decision_id="d1", properties=said))
    operations.copy(parts, operations.sequence())
    shown = {row["decision_id"]: row for row in rows(parts, "exposures")}
    assert {
        name: shown["d1"][name]
        for name in ("customer_id", "unit_id", "offer_id", "variant", "experiment_version")
    } == {
        "customer_id": "ann",
        "unit_id": None,
        "offer_id": "o1",
        "variant": "b",
        "experiment_version": "2",
    }
    assert (shown["d1"]["exposed_at"], shown["d1"]["assignment_probability"]) == (
        NOON + timedelta(minutes=1),
        0.5,
    )
    assert (shown["d2"]["unit_id"], shown["d2"]["unit_type"], shown["d2"]["variant"]) == (
        "a-1",
        "visitor",
        "control",
    )
    [response] = rows(parts, "responses")
    assert (response["response"], response["offer_id"]) == ("accepted", "o1")
    assert (response["revenue"], response["margin"]) == (Decimal("19.9900"), Decimal("4.0000"))


@pytest.mark.parametrize("revenue", ["much", None, True, "NaN", 1e30, [1]])
def test_revenue_that_is_no_money_is_left_open(operations, parts, revenue):
    put(operations, event("e1", "Decision Accepted", decision_id="d1", properties={"revenue": revenue}))
    operations.copy(parts, operations.sequence())
    assert rows(parts, "responses")[0]["revenue"] is None


def test_consents_of_customers_are_kept_by_purpose_and_channel(operations, parts):
    said = {"purpose": "marketing", "channel": "email", "status": "revoked"}
    put(
        operations,
        event("e1", "Consent Changed", 1, properties=said),
        event("e2", "Consent Changed", 2, who=None, device="a-1", properties=said | {"channel": None}),
    )
    operations.copy(parts, operations.sequence())
    assert [row["customer_id"] for row in rows(parts, "consents")] == ["ann"]
    put(operations, event("e3", "Identify", 3, "bob", "a-1"))
    operations.copy(parts, operations.sequence())
    assert rows(parts, "consents") == [
        {"customer_id": "ann", "changed_at": NOON + timedelta(minutes=1), **said},
        {"customer_id": "bob", "changed_at": NOON + timedelta(minutes=2), **said, "channel": None},
    ]


def test_an_erased_customer_leaves_the_parts_and_the_files(operations, parts, database):
    put(
        operations,
        event("e1", who="ann-who-leaves", device="a-1", query="secret wish"),
        event("e2", who="bob"),
    )
    put(operations, event("e3", who=None, device="a-1"))
    operations.copy(parts, operations.sequence())
    erased = operations.erase("ann-who-leaves", by="bob", at=LATER)
    assert (erased.n_events, erased.n_decisions) == (2, 0)
    operations.copy(parts, operations.sequence())
    assert [row["event_id"] for row in rows(parts, "events")] == ["e2"]
    operations.close()
    left = b"".join(path.read_bytes() for path in database["store"].rglob("*") if path.is_file())
    assert b"ann-who-leaves" not in left
    assert b"secret wish" not in left


def test_a_database_that_began_anew_is_copied_anew(operations, parts):
    put(operations, event("e1"))
    operations.copy(parts, operations.sequence())
    parts.copied["ranges"] = [[0, 500, 1]]
    parts.save()
    assert operations.copy(Parts.open(parts.folder), operations.sequence())
    assert [row["event_id"] for row in rows(parts, "events")] == ["e1"]


def test_who_is_who_becomes_identities_the_last_customer_of_a_device_first(operations, parts):
    put(operations, event("e1", "Identify", 1, "ann", "a-1"), event("e2", "Identify", 2, "bob", "a-2"))
    number = operations.sequence()
    operations.copy(parts, number)
    put(operations, event("e3", "Identify", 5, "cem", "a-1"))
    put(operations, event("e4", "Alias", 6, "bob", properties={"previous_id": "bobby"}))
    assert operations.copy(parts, operations.sequence())
    known = {(row["kind"], row["alias"]): row["customer_id"] for row in rows(parts, "identities")}
    assert known == {("device", "a-1"): "cem", ("device", "a-2"): "bob", ("customer", "bobby"): "bob", ("device", "bobby"): "bob"}  # fmt: skip
    operations.erase("cem", by="eve", at=LATER)
    operations.copy(parts, operations.sequence())
    known = {(row["kind"], row["alias"]): row["customer_id"] for row in rows(parts, "identities")}
    assert known["device", "a-1"] == "ann", "she was known on it, too"


def test_events_pass_the_rules_that_files_pass_and_each_is_accounted_for(operations, parts):
    put(operations, *(event(f"b{n:03}", minute=0, who=None, device="bot") for n in range(130)))
    put(operations, event("e1", dwell_seconds=0.2), event("e2", dwell_seconds=2.0))
    operations.copy(parts, operations.sequence(), CleaningSettings())
    assert [row["event_id"] for row in rows(parts, "events")] == ["e2"]
    (account,) = parts.copied["accounts"].values()
    assert account == {
        "n_read": 132,
        "n_known": 0,
        "aside": {"cleaning.bots": 130, "cleaning.misclicks": 1},
    }
    assert operations.copy(parts, operations.sequence(), CleaningSettings(set_aside_bots=False))
    assert len(rows(parts, "events")) == 131, "a rule that is turned off brings its rows back"
    assert not operations.copy(parts, operations.sequence(), CleaningSettings(set_aside_bots=False))
