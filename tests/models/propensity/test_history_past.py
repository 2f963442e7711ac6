"""What is seen of customers as of a day: nothing that came later, whatever table it stands in."""

from datetime import date

import numpy as np
import pytest

from nextbest.base.errors import DataError
from nextbest.models.propensity.core.windows import calendar
from nextbest.models.propensity.run.lens import lens_of
from nextbest.models.propensity.run.past import days_of, looks_of, past_of, spells_of
from nextbest.models.propensity.spec import PropensitySettings

AS_OF = date(2024, 6, 1)
LATER = date(2024, 4, 20)
SETTINGS = PropensitySettings(outcome_days=28, origins=2)
PRODUCTS = [
    {"product_id": "milk", "category": "dairy", "department": "food"},
    {"product_id": "soap", "category": "bath", "department": "home"},
]
CUSTOMERS = [
    {"customer_id": "ann", "joined_on": "2023-12-01", "plan": "gold", "renewed": "2024-05-20"},
    {"customer_id": "bob", "joined_on": "2024-05-20", "plan": "basic", "renewed": "2024-01-10"},
]


def line(order, customer, product, day, **more):
    return {
        "line_id": f"{order}-{product}",
        "order_id": order,
        "customer_id": customer,
        "product_id": product,
        "ordered_at": day,
        "net_revenue": 10,
        **more,
    }


EARLY = [
    line("o1", "ann", "milk", "2024-01-01"),
    line("o2", "ann", "milk", "2024-02-01"),
    line("o2", "ann", "soap", "2024-02-01", cancelled_on="2024-05-01"),
    line("o3", "bob", "milk", "2024-02-10"),
]
LATE = [
    line("o4", "ann", "soap", "2024-04-21"),
    line("o5", "bob", "soap", "2024-05-09", is_return=True),
    line("o6", "cat", "milk", "2024-04-20"),
]
EVENTS_EARLY = [
    {
        "event_id": "e1",
        "customer_id": "ann",
        "type": "Product Viewed",
        "product_id": "milk",
        "occurred_at": "2024-03-25T09:00",
    }
]
EVENTS_LATE = [
    {
        "event_id": "e2",
        "customer_id": "ann",
        "type": "Product Viewed",
        "product_id": "milk",
        "occurred_at": "2024-04-19T10:00",
    }
]
HOLDINGS_EARLY = [
    {"customer_id": "ann", "product_id": "loan", "opened_on": "2024-01-05", "closed_on": "2024-05-05"}
]
HOLDINGS_LATE = [{"customer_id": "bob", "product_id": "loan", "opened_on": "2024-04-20"}]


def seen(make_store, day, *, late):
    """Look at the shop as of a day, with or without what came after 20 April."""
    store = make_store(
        order_lines=EARLY + (LATE if late else []),
        events=EVENTS_EARLY + (EVENTS_LATE if late else []),
        interactions=[
            {
                "interaction_id": "i1",
                "customer_id": "bob",
                "kind": "complaint",
                "occurred_at": "2024-03-01T10:00",
            }
        ],
        holdings=HOLDINGS_EARLY + (HOLDINGS_LATE if late else []),
        products=PRODUCTS,
        customers=CUSTOMERS,
    )
    past = past_of(store, AS_OF)
    lens = lens_of(past, calendar(past.first_on, AS_OF, SETTINGS))
    crowd = past.share(np.arange(2))
    return past, crowd, lens.view(crowd, day)


def test_what_comes_later_changes_no_column(make_store):
    _, _, before = seen(make_store, LATER, late=False)
    _, _, after = seen(make_store, LATER, late=True)
    assert list(before.columns) == list(after.columns)
    for name, values in before.columns.items():
        np.testing.assert_array_equal(values, after.columns[name], err_msg=name)
    assert before.tastes.n_days.tolist() == after.tastes.n_days.tolist()


def test_columns_say_what_was_known_on_the_day(make_store):
    _, crowd, view = seen(make_store, LATER, late=True)
    known = {name: dict(zip(crowd.ids, values, strict=True)) for name, values in view.columns.items()}
    assert known["days_since_last_order"] == {"ann": 79.0, "bob": 70.0}
    assert known["n_orders_28d"] == {"ann": 0.0, "bob": 0.0}
    assert known["share_of_purchases: food"] == {"ann": pytest.approx(0.5), "bob": 1.0}
    assert known["n_events_28d: Product Viewed"] == {"ann": 1.0, "bob": 0.0}
    assert known["n_interactions_91d: complaint"] == {"ann": 0.0, "bob": 1.0}
    assert known["holds: loan"] == {"ann": 1.0, "bob": 0.0}
    assert known["plan"] == {"ann": "gold", "bob": "basic"}


def test_a_day_among_the_attributes_is_not_known_before_it_has_come(make_store):
    _, crowd, view = seen(make_store, LATER, late=True)
    known = {name: dict(zip(crowd.ids, view.columns[name], strict=True)) for name in ("joined_on", "renewed")}
    assert known["joined_on"]["ann"] == 141
    assert np.isnan(known["joined_on"]["bob"])
    assert np.isnan(known["renewed"]["ann"])


def test_what_was_cancelled_later_counted_until_then(make_store):
    past, crowd, _ = seen(make_store, LATER, late=True)
    (soap,) = days_of(past, crowd, [["soap"]])
    assert soap.before((date(2024, 5, 1) - date(1970, 1, 1)).days).counts().tolist() == [2, 0]
    assert soap.before((date(2024, 5, 2) - date(1970, 1, 1)).days).counts().tolist() == [1, 0]


def test_holdings_and_looks_are_read_by_thing(make_store):
    past, crowd, _ = seen(make_store, LATER, late=True)
    loan, nothing = spells_of(past, crowd, [["loan"], ["milk"]])
    assert loan.on_eve((LATER - date(1970, 1, 1)).days).tolist() == [True, False]
    assert nothing.on_eve(0).tolist() == [False, False]
    (looks,) = looks_of(past, crowd, [["milk"]])
    assert looks.counts().tolist() == [2, 0]


def test_holdings_without_days_are_no_history(make_store):
    store = make_store(holdings=[{"customer_id": "ann", "product_id": "loan"}])
    with pytest.raises(DataError, match="ordered_on"):
        past_of(store, AS_OF)


def test_events_that_all_come_after_the_day_are_no_looks(make_store):
    later = [one | {"occurred_at": "2024-07-01T10:00"} for one in EVENTS_EARLY]
    past = past_of(make_store(order_lines=EARLY, events=later, products=PRODUCTS), AS_OF)
    (looks,) = looks_of(past, past.share(np.arange(2)), [["milk"]])
    assert looks.counts().tolist() == [0, 0]
