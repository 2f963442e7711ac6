import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextbest.serving.log import append
from nextbest.serving.state import read, read_all, subjects
from nextbest.tables.operational import LINKS, SUBJECT_STATE, TABLES


def put(operations, *events):
    with operations.writing() as connection:
        return append(connection, events)


def see(operations, noon, customer=None, device=None):
    with operations.reading() as connection:
        return read(connection, customer, device, noon + timedelta(minutes=20))


def rows(operations, table):
    with operations.reading() as connection:
        return sorted(tuple(row) for row in connection.execute(sa.select(table)))


def test_an_unknown_visitor_has_an_empty_state(operations, noon):
    state = see(operations, noon, "ann", "a-1")
    assert (state.cart, state.views, state.session) == ((), (), None)
    with operations.reading() as connection:
        assert subjects(connection, None, None) == ()


def test_the_state_is_there_when_the_event_is(operations, event, noon):
    put(operations, event("e1", product_id="tea"), event("e2", "product_added", 1, product_id="jam"))
    put(operations, event("e3", minute=2, product_id="jam"))
    state = see(operations, noon, "ann")
    assert [seen.product_id for seen in state.views] == ["jam", "tea"]
    assert [line.product_id for line in state.cart] == ["jam"]
    assert state.session.n_events == 3
    [(_, _, version, _)] = rows(operations, SUBJECT_STATE)
    assert version == 2


def test_what_a_device_did_belongs_to_the_customer_once_known(operations, event, noon):
    put(operations, event("e1", minute=0, who=None, device="a-1", product_id="tea"))
    assert see(operations, noon, "ann").session is None
    assert see(operations, noon, "ann", "a-1").session.n_events == 1
    put(operations, event("e2", "identify", 5, "ann", "a-1"))
    put(operations, event("e3", minute=6, who=None, device="a-1", product_id="jam"))
    for who, device in (("ann", None), (None, "a-1"), ("ann", "a-1")):
        state = see(operations, noon, who, device)
        assert [seen.product_id for seen in state.views] == ["jam", "tea"]
        assert (state.session.n_events, state.session.started_at) == (3, noon)
    assert len(rows(operations, SUBJECT_STATE)) == 1


def test_a_device_belongs_to_the_customer_who_was_last_new_on_it(operations, event, noon):
    put(operations, event("e1", "identify", 1, "ann", "a-1"), event("e2", "identify", 3, "bob", "a-1"))
    put(operations, event("e3", minute=4, who=None, device="a-1", product_id="jam"))
    assert see(operations, noon, "ann").views == ()
    assert [seen.product_id for seen in see(operations, noon, "bob").views] == ["jam"]


def test_a_customer_who_turns_out_to_be_another_takes_everything_along(operations, event, noon):
    put(operations, event("e1", minute=1, who="old", device="a-1", product_id="tea"))
    put(operations, event("e2", "alias", 2, "ann", properties={"previous_id": "old"}))
    put(operations, event("e3", "alias", 3, "anna", properties={"previous_id": "ann"}))
    put(operations, event("e4", minute=4, who=None, device="a-1", product_id="jam"))
    for who, device in (("old", None), ("ann", None), ("anna", None), (None, "a-1")):
        assert [seen.product_id for seen in see(operations, noon, who, device).views] == ["jam", "tea"]
    assert {customer for _, customer, _, _ in rows(operations, LINKS)} == {"anna"}
    assert len(rows(operations, SUBJECT_STATE)) == 1


def test_two_customers_who_are_each_other_are_one(operations, event, noon):
    put(operations, event("e1", minute=1, who="ann", product_id="tea"))
    put(operations, event("e2", "alias", 2, "ann", properties={"previous_id": "bob"}))
    put(operations, event("e3", "alias", 3, "bob", properties={"previous_id": "ann"}))
    assert [seen.product_id for seen in see(operations, noon, "bob").views] == ["tea"]


STORY = st.lists(
    st.tuples(
        st.sampled_from(["product_viewed", "product_added", "identify", "order_completed", "alias"]),
        st.integers(0, 60),
        st.sampled_from(["ann", None]),
        st.sampled_from(["a-1", "a-2", None]),
    ).filter(lambda said: said[2] or (said[3] and said[0] != "alias")),
    max_size=10,
)


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=STORY, data=st.data())
def test_order_retries_and_batches_do_not_matter(operations, event, story, data):
    events = [
        event(f"e{n}", type_, minute, who, device, product_id="tea", properties={"previous_id": "a-2"})
        for n, (type_, minute, who, device) in enumerate(story)
    ]
    again = data.draw(st.permutations(events + events[:3]))
    cut = data.draw(st.integers(0, len(again)))
    results = []
    for batches in ([events], [again[:cut], again[cut:]], [[one] for one in again]):
        with operations.writing() as connection:
            for table in reversed(TABLES.sorted_tables):
                connection.execute(sa.delete(table))
        for batch in batches:
            put(operations, *batch)
        states = {subject: json.loads(text) for subject, text, _, _ in rows(operations, SUBJECT_STATE)}
        results.append((states, [row[:3] for row in rows(operations, LINKS)]))
    assert results[0] == results[1] == results[2]


def test_many_visitors_are_read_as_each_would_be_alone(operations, event, noon):
    put(operations, event("e1", product_id="tea"), event("e2", who=None, device="a-1", product_id="jam"))
    put(
        operations,
        event("e3", "identify", 5, "bob", "a-2"),
        event("e4", who=None, device="a-2", product_id="pot"),
    )
    visitors = [(who, device) for who in ("ann", "bob", None) for device in ("a-1", "a-2", "a-3", None)]
    with operations.reading() as connection:
        together = read_all(connection, visitors, noon)
        assert together == [read(connection, who, device, noon) for who, device in visitors]
