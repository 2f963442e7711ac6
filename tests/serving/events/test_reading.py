import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.base.errors import DataError
from nextbest.base.messages import render
from nextbest.serving.events import CALLS, EventSettings, parse, read_items

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
NAIVE_NOON = NOON.replace(tzinfo=None)
SETTINGS = EventSettings()


def read(*items, **settings):
    return read_items(list(items), NOON, EventSettings(**settings))


def one(**item):
    parsed = read({"type": "track", "event": "Product Viewed", "userId": "ann", "messageId": "m1"} | item)
    assert parsed.rejected == ()
    return parsed.events[0]


def refused(item, **settings):
    parsed = read(item, **settings)
    assert parsed.events == ()
    return parsed.rejected[0].code


SEGMENT = {
    "type": "track",
    "event": "Product Viewed",
    "messageId": "m1",
    "userId": "ann",
    "anonymousId": "a-7",
    "timestamp": "2026-01-31T19:59:00+08:00",
    "context": {"page": {"path": "/p/tea", "url": "https://shop.example/p/tea?mail=ann@example.org"}},
    "properties": {"product_id": "tea", "price": "3.50", "dwell_seconds": 12, "email": "ann@example.org"},
}


def test_a_segment_body_becomes_a_row():
    event = parse(json.dumps(SEGMENT).encode(), NOON, SETTINGS).events[0]
    assert event._asdict() == {
        "event_id": "m1",
        "type": "product_viewed",
        "name": "Product Viewed",
        "occurred_at": NAIVE_NOON - timedelta(minutes=1),
        "received_at": NAIVE_NOON,
        "customer_id": "ann",
        "anonymous_id": "a-7",
        "session_id": None,
        "product_id": "tea",
        "page": "/p/tea",
        "query": None,
        "channel": None,
        "dwell_seconds": 12.0,
        "decision_id": None,
        "offer_id": None,
        "properties": '{"price":"3.50"}',
    }


def test_our_own_words_say_the_same():
    ours = {
        "event_id": "m1",
        "type": "Product Viewed",
        "customer_id": "ann",
        "anonymous_id": "a-7",
        "occurred_at": "2026-01-31T11:59:00Z",
        "product_id": "tea",
        "page": "/p/tea",
        "dwell_seconds": 12,
        "properties": {"price": "3.50"},
    }
    assert read(ours).events == read(SEGMENT).events


@pytest.mark.parametrize(
    ("call", "type_", "name"),
    [
        ("page", "page_viewed", "Page Viewed"),
        ("screen", "screen_viewed", "Screen Viewed"),
        ("identify", "identify", "Identify"),
        ("group", "group", "Group"),
    ],
)
def test_every_call_of_the_segment_spec_is_understood(call, type_, name):
    body = {"userId": "ann", "anonymousId": "a-7", "messageId": "m1", "traits": {"email": "ann@example.org"}}
    by_route = parse(json.dumps(body).encode(), NOON, SETTINGS, call=call).events
    assert by_route == read(body | {"type": call}).events
    assert (by_route[0].type, by_route[0].name) == (type_, name)
    assert by_route[0].properties is None


def test_an_alias_keeps_the_previous_id():
    event = read({"type": "alias", "previousId": "a-7", "userId": "ann"}).events[0]
    assert (event.type, event.customer_id, event.properties) == ("alias", "ann", '{"previous_id":"a-7"}')
    assert refused({"type": "alias", "userId": "ann"}) == "events.alias_incomplete"
    assert refused({"type": "alias", "previousId": "a", "anonymousId": "b"}) == "events.alias_incomplete"


@pytest.mark.parametrize("envelope", ["batch", "events", None])
def test_a_batch_comes_in_an_envelope_or_as_a_list(envelope):
    items = [{"type": "page", "anonymousId": "a"}, {"type": "Quiz Finished", "anonymous_id": "a"}]
    content = items if envelope is None else {envelope: items}
    events = parse(json.dumps(content).encode(), NOON, SETTINGS).events
    assert [event.type for event in events] == ["page_viewed", "quiz_finished"]


def test_what_cannot_be_kept_is_refused_and_the_rest_is_kept():
    bad = [
        7,
        {"type": "track", "userId": "ann"},
        {"type": "page"},
        {"type": "track", "event": "Decision Shown", "userId": "ann"},
        {"type": "page", "userId": {"id": 1}},
        {"type": "page", "userId": "x" * 201},
        {"type": "page", "userId": "ann", "timestamp": "yesterday"},
        {"type": "page", "userId": "ann", "timestamp": 5},
        {"type": "page", "userId": "ann", "timestamp": "0001-01-01T00:00:00+14:00"},
        {"type": "page", "userId": "ann", "timestamp": "2026-02-02T12:00:00Z"},
        {"type": "page", "userId": "ann", "timestamp": "2019-01-01T12:00:00Z"},
        {"type": "page", "userId": "ann", "properties": ["no", "object"]},
        {"type": "page", "userId": "ann", "properties": {"dwell_seconds": -1}},
        {"type": "page", "userId": "ann", "properties": {"x": 2**70}},
        {"type": "page", "userId": "ann", "properties": {"x": "\udcff"}},
        {"type": "page", "userId": "ann", "properties": {"x": "a\x00b"}},
        {"type": ["page"], "userId": "ann"},
        {"type": "Consent Changed", "customer_id": "ann", "purpose": "fun", "status": "granted"},
        {"type": "Consent Changed", "customer_id": "ann", "purpose": "email", "status": "maybe"},
        {"type": "!!!", "customer_id": "ann"},
    ]
    parsed = read(*bad, {"type": "page", "userId": "ann"})
    assert [item.code.removeprefix("events.") for item in parsed.rejected] == [
        "no_object",
        "no_name",
        "nobody",
        "no_decision",
        "wrong_type",
        "id_too_long",
        "no_time",
        "wrong_type",
        "no_time",
        "future",
        "ancient",
        "wrong_type",
        "out_of_range",
        "bad_number",
        "bad_text",
        "bad_text",
        "wrong_type",
        "consent_unknown",
        "consent_unknown",
        "no_name",
    ]
    assert [item.index for item in parsed.rejected] == list(range(len(bad)))
    assert len(parsed.events) == 1
    for item in parsed.rejected:
        assert render(item.message) != render(item.message, "zh")


def test_a_text_that_is_not_utf8_costs_only_its_own_item():
    body = b'[{"type": "page", "userId": "a\xff"}, {"type": "page", "userId": "\xe6\x98\x8e"}]'
    parsed = parse(body, NOON, SETTINGS)
    assert [event.customer_id for event in parsed.events] == ["明"]
    assert [item.code for item in parsed.rejected] == ["events.bad_text"]


def test_an_item_may_be_neither_long_nor_deep():
    assert refused({"type": "page", "userId": "ann", "x": "x" * 40_000}) == "events.too_large"
    assert (
        refused({"type": "page", "userId": "ann", "x": "明" * 400}, max_item_bytes=1_000)
        == "events.too_large"
    )
    deep = {"type": "page", "userId": "ann", "x": json.loads("[" * 20 + "]" * 20)}
    assert refused(deep) == "events.too_deep"


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "1" + "0" * 400])
def test_a_number_that_is_none_costs_only_its_own_item(number):
    body = f'[{{"type": "page", "userId": "ann", "properties": {{"x": {number}}}}}, {{"type": "page", "userId": "bob"}}]'
    parsed = parse(body.encode(), NOON, SETTINGS)
    assert [event.customer_id for event in parsed.events] == ["bob"]
    assert [item.code for item in parsed.rejected] == ["events.bad_number"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "is not JSON: Expecting property name"),
        (b"[" * 100_000, "is not JSON: numbers too long or nested too deep"),
        (b"7", "expected an event, a list of them"),
        (b'{"batch": 7}', "expected an event, a list of them"),
        (b'{"type": "batch"}', "got null"),
        (b'{"batch": [], "sentAt": "now"}', "sentAt is no time"),
        (b" " * 2_000_000, "has 2,000,000 bytes; at most 1,000,000"),
        (b"[" + b"1," * 1_000 + b"1]", "holds 1,001 events; at most 1,000"),
    ],
)
def test_a_body_that_holds_no_events_is_refused_whole(body, sentence):
    with pytest.raises(DataError, match=sentence):
        parse(body, NOON, SETTINGS)


def test_the_time_of_receiving_needs_its_zone():
    with pytest.raises(DataError, match="needs its time zone"):
        parse(b"[]", NAIVE_NOON, SETTINGS)


def test_a_wrong_clock_is_set_right_by_when_the_batch_was_sent():
    said = {"type": "page", "userId": "ann", "timestamp": "1999-05-05T10:00:00Z"}
    batch = {"batch": [said], "sentAt": "1999-05-05T10:00:30Z"}
    event = parse(json.dumps(batch).encode(), NOON, SETTINGS).events[0]
    assert event.occurred_at == NAIVE_NOON - timedelta(seconds=30)


def test_what_seems_to_come_a_little_later_came_now():
    event = one(timestamp="2026-02-01T11:00:00Z")
    assert event.occurred_at == NAIVE_NOON


def test_an_event_without_an_id_is_the_same_when_it_is_sent_again():
    item = {
        "type": "page",
        "userId": "ann",
        "timestamp": "2026-01-31T11:00:00Z",
        "properties": {"a": 1, "b": 2},
    }
    again = {"properties": {"b": 2, "a": 1}, **item, "sentAt": "2026-01-31T11:00:00Z"}
    later = read_items([7, again], NOON + timedelta(hours=1), SETTINGS)
    assert read(item).events[0].event_id == later.events[0].event_id
    other = read(item | {"userId": "bob"}).events[0]
    assert other.event_id != read(item).events[0].event_id


def test_events_without_id_and_time_are_never_the_same():
    item = {"type": "page", "userId": "ann"}
    ids = {event.event_id for event in read(item, item).events}
    ids |= {event.event_id for event in read_items([item], NOON + timedelta(seconds=1), SETTINGS).events}
    assert len(ids) == 3


def test_names_and_contacts_of_people_are_not_kept():
    event = one(
        properties={
            "product_id": "tea",
            "E-Mail": "ann@example.org",
            "shipping_address": {"street": "1 Main St"},
            "products": [{"product_id": "tea", "phone": "555"}],
            "referrer": "https://mail.example/?user=ann@example.org",
        }
    )
    assert json.loads(event.properties) == {
        "products": [{"product_id": "tea"}],
        "referrer": "https://mail.example/",
    }


def test_the_only_product_of_a_list_is_the_product():
    assert one(properties={"products": [{"product_id": "tea"}]}).product_id == "tea"
    assert one(properties={"products": [{"product_id": "tea"}, {"product_id": "jam"}]}).product_id is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
FIELDS = (
    "type",
    "event",
    "userId",
    "anonymousId",
    "messageId",
    "timestamp",
    "sentAt",
    "context",
    "properties",
)
ITEMS = st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from([*CALLS, "ann"]), max_size=9)


@given(items=st.lists(ITEMS | JSON, max_size=4))
def test_whatever_is_sent_each_item_is_kept_or_refused(items):
    parsed = read(*items)
    assert len(parsed.events) + len(parsed.rejected) == len(items)
    assert all(
        event.event_id and event.type and (event.customer_id or event.anonymous_id) for event in parsed.events
    )
    for event in parsed.events:
        "".join(text for text in event if isinstance(text, str)).encode()
