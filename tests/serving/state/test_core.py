import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.serving.events import DECISION_VERBS, Event
from nextbest.serving.state.core.entries import take_in
from nextbest.serving.state.core.joining import join
from nextbest.serving.state.core.seeing import see
from nextbest.serving.state.spec import LIMITS, CartLine

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC).replace(tzinfo=None)
NAMES = [
    "product_viewed",
    "products_searched",
    "product_added",
    "product_removed",
    "cart_viewed",
    "order_completed",
]


def event(n, type_, minute=0, **said):
    at = NOON + timedelta(minutes=minute)
    properties = said.pop("properties", None)
    text = None if properties is None else json.dumps(properties)
    return Event(f"e{n}", type_, type_, at, at, "ann", properties=text, **said)


def document(*events):
    made = {}
    for one in events:
        made = take_in(made, one)
    return made


def seen(*events, at=0):
    return see(document(*events), NOON + timedelta(minutes=at))


def test_the_cart_follows_what_is_put_in_and_taken_out():
    state = seen(
        event(1, "product_added", 0, product_id="tea", properties={"quantity": 2, "price": "3.50"}),
        event(2, "product_added", 1, product_id="jam"),
        event(3, "product_added", 2, product_id="milk", properties={"quantity": "3"}),
        event(4, "product_removed", 3, product_id="tea", properties={"quantity": 1}),
        event(5, "product_removed", 4, product_id="jam"),
    )
    assert state.cart == (CartLine("milk", 3.0, None), CartLine("tea", 1.0, "3.50"))


def test_an_order_empties_the_cart_and_is_remembered():
    state = seen(
        event(1, "product_added", 0, product_id="tea"),
        event(
            2, "order_completed", 1, properties={"products": [{"product_id": "tea"}, {"product_id": "jam"}]}
        ),
        event(3, "product_added", 2, product_id="milk"),
    )
    assert [line.product_id for line in state.cart] == ["milk"]
    assert [product for product, _ in state.ordered] == ["tea", "jam"]


def test_a_look_at_the_whole_cart_corrects_it():
    whole = {"products": [{"product_id": "jam", "quantity": 4, "price": 2}, {"name": "no id"}, 7]}
    state = seen(event(1, "product_added", 0, product_id="tea"), event(2, "cart_viewed", 1, properties=whole))
    assert state.cart == (CartLine("jam", 4.0, "2"),)


@pytest.mark.parametrize("quantity", ["many", -1, 0, None, True, [2], 1e12, "1e999", 10**15])
def test_an_odd_quantity_is_one(quantity):
    state = seen(event(1, "product_added", product_id="tea", properties={"quantity": quantity}))
    assert state.cart[0].quantity == 1.0


def test_what_became_of_offers_is_seen_latest_first():
    state = seen(
        event(1, "decision_shown", 0, decision_id="d1", offer_id="o1"),
        event(2, "decision_rejected", 1, decision_id="d1", offer_id="o1"),
    )
    assert [(offer.verb, offer.offer_id) for offer in state.offers] == [("rejected", "o1"), ("shown", "o1")]


def test_the_last_consent_holds_per_purpose_and_channel():
    def consent(n, minute, status, channel=None):
        said = {"purpose": "marketing", "channel": channel, "status": status}
        return event(n, "consent_changed", minute, properties=said)

    state = seen(consent(1, 5, "revoked"), consent(2, 1, "granted"), consent(3, 2, "granted", "email"))
    assert state.consents == {("marketing", None): "revoked", ("marketing", "email"): "granted"}


def test_half_an_hour_of_silence_ends_a_session():
    visits = [
        event(n, "product_viewed", minute, product_id="tea", dwell_seconds=5.0)
        for n, minute in enumerate((0, 31, 61))
    ]
    session = seen(*visits, at=91).session
    assert (session.started_at, session.n_events, session.n_views, session.dwell_seconds) == (
        NOON + timedelta(minutes=31),
        2,
        2,
        10.0,
    )
    assert seen(*visits, at=92).session is None


def test_what_is_done_to_a_visitor_opens_no_session():
    assert seen(event(1, "decision_shown", decision_id="d1"), event(2, "adviser_contacted")).session is None
    assert seen(event(1, "decision_clicked", decision_id="d1")).session.n_events == 1


EVENTS = st.lists(
    st.builds(
        lambda n, type_, minute, product, quantity: event(
            n,
            type_,
            minute,
            product_id=product,
            query="green tea",
            decision_id="d1",
            properties={
                "quantity": quantity,
                "products": [{"product_id": "tea"}] if quantity else None,
                "purpose": "marketing",
                "status": "granted" if quantity else "denied",
            },
        ),
        st.integers(0, 10_000),
        st.sampled_from([*NAMES, *DECISION_VERBS, "consent_changed", "page_viewed"]),
        st.integers(0, 90),
        st.sampled_from([None, "tea", "jam"]),
        st.integers(0, 3),
    ),
    max_size=40,
    unique_by=lambda one: one.event_id,
)


@pytest.mark.usefixtures("small_limits")
@given(events=EVENTS, data=st.data())
def test_order_and_repetition_do_not_matter(events, data):
    shuffled = data.draw(
        st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else [])
    )
    assert document(*shuffled) == document(*events)


@pytest.mark.usefixtures("small_limits")
@given(events=EVENTS, cut=st.integers(0, 40))
def test_two_subjects_joined_are_as_one(events, cut):
    one, other = document(*events[:cut]), document(*events[cut:])
    assert join(one, other) == join(other, one) == document(*events)
    assert join(one, one) == one


@pytest.fixture(scope="module")
def small_limits():
    """Let every list be full soon, for all examples."""
    with pytest.MonkeyPatch.context() as patch:
        for name in LIMITS:
            patch.setitem(LIMITS, name, 3)
        yield


@given(events=EVENTS)
def test_a_document_is_json(events):
    made = document(*events)
    assert json.loads(json.dumps(made)) == made


def test_a_document_stays_small_whatever_comes():
    products = [{"product_id": f"{'明' * 200}{n}", "quantity": 1, "price": 1.5} for n in range(200)]
    types = [*NAMES, *DECISION_VERBS, "page_viewed"]
    made = document(
        *(
            event(
                n,
                types[n % len(types)],
                n % 50,
                product_id="明" * 200,
                query="茶" * 500,
                decision_id="d" * 200,
                offer_id="o" * 200,
                properties={"products": products}
                if n % 40 == 0 or types[n % len(types)] == "order_completed"
                else None,
            )
            for n in range(3_000)
        )
    )
    assert len(json.dumps(made, ensure_ascii=False).encode()) < 400_000
    assert {name: len(made[name]) for name in LIMITS if name != "cart"} == {
        name: limit for name, limit in LIMITS.items() if name != "cart"
    }
