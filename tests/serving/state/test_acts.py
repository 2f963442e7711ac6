"""A visit followed by the service is the visit that the model learnt from."""

import json
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nextbest.models.intent import follow
from nextbest.models.intent.core.reading import Row, by_visitor
from nextbest.models.intent.core.visit import features
from nextbest.serving.events import Event
from nextbest.serving.state.core.acting import acts_of
from nextbest.serving.state.core.entries import take_in

NOON = datetime(2026, 1, 31, 12)  # noqa: DTZ001
NAMES = [
    "product_viewed",
    "products_searched",
    "product_added",
    "product_removed",
    "cart_viewed",
    "checkout_started",
    "order_completed",
    "decision_clicked",
    "decision_shown",
    "page_viewed",
    "identify",
]
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.integers(0, 50),
        st.sampled_from(["tea", "jam", None]),
        st.sampled_from([None, 2, "3", "many"]),
        st.sampled_from([None, 4.5, "2", "?"]),
        st.sampled_from([None, 12.0]),
    ),
    max_size=25,
)


def sent(number, said):
    name, minute, product, quantity, price, dwell = said
    properties = {"quantity": quantity, "price": price}
    if name in {"cart_viewed", "checkout_started"} and product:
        properties["products"] = [{"product_id": product} | properties]
    at = NOON + timedelta(minutes=2 * minute)
    return Event(
        f"e{number}",
        name,
        name,
        at,
        at,
        anonymous_id="phone",
        product_id=product,
        query="green" if name == "products_searched" and product else None,
        dwell_seconds=dwell,
        decision_id="d1" if name.startswith("decision") else None,
        properties=json.dumps(properties),
    )


def row(event):
    return Row(
        event.event_id,
        event.occurred_at,
        event.name,
        None,
        event.anonymous_id,
        None,
        event.product_id,
        event.query,
        event.dwell_seconds,
        event.properties,
    )


@given(EVENTS)
def test_the_document_tells_of_a_visit_what_the_events_tell(said):
    events = [sent(number, one) for number, one in enumerate(said)]
    document = {}
    for event in events:
        document = take_in(document, event)
    learnt = by_visitor(map(row, events)).get("a:phone", [])
    assert repr(features(follow(acts_of(document)))) == repr(features(follow(learnt)))
