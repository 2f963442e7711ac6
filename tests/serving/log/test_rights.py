import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from nextbest.serving.log import Cap, Decision, append, erase, everything_about, record, reserve
from nextbest.tables.operational import AUDIT, ERASURES, SECRETS, TABLES, next_sequence


@pytest.fixture
def story(operations, event, noon):
    """Let ann use two devices, of which one is bob's as well, and get a mail."""
    with operations.writing() as connection:
        append(
            connection,
            [
                event("e1", who=None, device="a-1", product_id="tea"),
                event("e2", "identify", 1, "ann", "a-1"),
                event("e3", "identify", 2, "ann", "a-2"),
                event("e4", "identify", 3, "bob", "a-2"),
                event("e5", "alias", 4, "ann", properties={"previous_id": "annie"}),
                event("e6", minute=5, who="annie"),
                event("e7", minute=6, who="ann/2"),
            ],
        )
        record(
            connection,
            [
                Decision(
                    decision_id="d1",
                    request_id="r1",
                    decided_at=noon,
                    placement="mail",
                    outcome="decided",
                    n_candidates=1,
                    assignment_reason="policy",
                    assignment_probability=1.0,
                    policy_id="default",
                    policy_version=1,
                    snapshot=None,
                    customer_id="ann",
                )
            ],
        )
        caps = [Cap("c:ann/email", 9, None), Cap("offer:o1", 9, None)]
        reserve(connection, "d1", caps, noon)
        reserve(connection, "d7", [Cap("c:ann/2/email", 9, None)], noon)
        number = next_sequence(connection, noon, "eve")
        connection.execute(
            AUDIT.insert(), {"sequence": number, "action": "saw", "object": "ann", "detail": "profile"}
        )
    return operations


@pytest.mark.parametrize("asked", ["ann", "annie"])
def test_everything_about_a_customer_is_given_whichever_id_is_asked(story, asked):
    with story.reading() as connection:
        found = everything_about(connection, asked)
    assert sorted(row["event_id"] for row in found["events"]) == ["e1", "e2", "e3", "e5", "e6"]
    assert [row["decision_id"] for row in found["decisions"]] == ["d1"]
    assert {row["scope"] for row in found["contacts"]} == {"c:ann/email", "offer:o1"}
    assert [row["subject"] for row in found["subject_state"]] == ["c:ann"]
    json.dumps(found)


@pytest.mark.parametrize("asked", ["ann", "annie"])
def test_of_an_erased_customer_only_hashes_stay(story, asked, noon):
    with story.writing() as connection:
        erased = erase(connection, asked, noon + timedelta(minutes=9), by="eve")
    assert (erased.n_events, erased.n_decisions, erased.n_contacts) == (5, 1, 2)
    with story.reading() as connection:
        assert all(not rows for rows in everything_about(connection, asked).values())
        kept = {table.name: connection.execute(sa.select(table)).all() for table in TABLES.sorted_tables}
    assert {row.event_id for row in kept["events"]} == {"e4", "e7"}
    assert [row.scope for row in kept["contacts"]] == ["c:ann/2/email"]
    text = str([rows for name, rows in kept.items() if name not in {"events", "contacts", "subject_state"}])
    assert all(f"'{name}'" not in text and f":{name}'" not in text for name in ("ann", "annie", "a-1"))
    assert len(kept["audit"][0].object) == 64


def test_what_is_sent_again_from_before_the_erasure_is_dropped(story, event, noon):
    with story.writing() as connection:
        erase(connection, "ann", noon + timedelta(minutes=9))
    with story.writing() as connection:
        again = append(
            connection,
            [
                event("e1", who=None, device="a-1", product_id="tea"),
                event("e2", "identify", 1, "ann", "a-1"),
                event("e6", minute=5, who="annie"),
                event("e8", minute=10, who="ann"),
                event("e9", minute=1, who="carl"),
            ],
        )
    assert (again.n_accepted, again.n_erased) == (2, 3)


def test_who_is_erased_twice_has_the_later_time(story, event, noon):
    for minute in (9, 30):
        with story.writing() as connection:
            erase(connection, "ann", noon + timedelta(minutes=minute))
    with story.writing() as connection:
        assert append(connection, [event("e8", minute=20, who="ann")]).n_erased == 1


def test_somebody_unknown_can_be_erased(operations, noon):
    with operations.writing() as connection:
        assert erase(connection, "nobody", noon).n_events == 0
    with operations.reading() as connection:
        [row] = connection.execute(sa.select(ERASURES)).all()
        [secret] = connection.execute(sa.select(SECRETS)).all()
    assert "nobody" not in row.digest
    assert len(secret.value) == 64


def test_the_store_erases_with_a_time_and_a_name(story):
    assert story.everything_about("ann")["events"]
    story.erase("ann", by="eve", at=datetime(2026, 2, 1, tzinfo=UTC))
    assert not story.everything_about("ann")["events"]
