from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.models.intent.core.reading import Row, act_of, by_visitor
from nextbest.models.intent.core.steps import Steps, drawn, split, visits_of
from nextbest.models.intent.spec import FEATURES

NOON = datetime(2026, 1, 31, 12)  # noqa: DTZ001
LATE = 10**15


def row(n, type_, minute=0, **said):
    return Row(f"e{n}", NOON + timedelta(minutes=minute), type_, **{"anonymous_id": "phone"} | said)


def visits(*rows, until=LATE):
    return visits_of(by_visitor(rows), until=until)


def test_every_step_before_the_order_is_learnt_from_and_the_order_is_not():
    (visit,) = visits(row(1, "Product Viewed", 0, product_id="tea"), row(2, "Product Added", 1, product_id="tea"), row(3, "Order Completed", 2))  # fmt: skip
    assert visit.has_order
    assert [step[FEATURES.index("cart_lines")] for step in visit.steps] == [0, 1]


def test_what_happened_at_the_instant_of_the_order_is_no_step():
    (visit,) = visits(row(1, "Product Viewed", 0, product_id="tea"), row(2, "Payment Done", 2), row(3, "Order Completed", 2))  # fmt: skip
    assert len(visit.steps) == 1


def test_what_follows_an_order_is_another_visit():
    first, then = visits(row(1, "Page Viewed", 0), row(2, "Order Completed", 2), row(3, "Page Viewed", 3))
    assert (first.has_order, then.has_order) == (True, False)


def test_an_order_in_a_later_visit_is_not_this_ones():
    first, then = visits(row(1, "Page Viewed", 0), row(2, "Page Viewed", 60), row(3, "Order Completed", 61))
    assert (first.has_order, then.has_order) == (False, True)


def test_a_visit_that_may_still_run_is_left_out():
    rows = [row(1, "Page Viewed", 0)]
    (visit,) = visits(*rows)
    assert visits(*rows, until=visit.ended_at + 60_000) == []


def test_an_order_that_the_server_sends_belongs_to_the_device_used_last():
    (visit,) = visits(
        row(1, "Page Viewed", 0, customer_id="ann"),
        row(2, "order_completed", 1, customer_id="ann", anonymous_id=None),
    )
    assert (visit.visitor, visit.has_order) == ("a:phone", True)


def test_what_another_device_did_before_is_not_known():
    found = visits(
        row(1, "Page Viewed", 0, customer_id="ann", anonymous_id="laptop"),
        row(2, "Order Completed", 1, customer_id="ann", anonymous_id="laptop"),
        row(3, "Page Viewed", 60, customer_id="ann", anonymous_id="phone"),
    )
    assert found[-1].steps[0][FEATURES.index("n_orders")] == 0


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("Product Viewed", "view"),
        ("view_item", "view"),
        ("addToCart", "add"),
        ("Purchase", "order"),
        ("Decision Clicked", "offer"),
        ("收藏", "other"),
    ],
)
def test_names_of_segment_and_google_analytics_are_known(type_, kind):
    assert act_of(row(1, type_, product_id="tea")).kind == kind


def test_what_is_done_to_a_visitor_is_no_act():
    assert act_of(row(1, "Decision Shown")) is None


@pytest.mark.parametrize(
    "properties", ["", "{", "[1]", '{"quantity": "many", "price": -1}', '{"quantity": true}']
)
def test_odd_properties_say_nothing(properties):
    act = act_of(row(1, "Product Added", product_id="tea", properties=properties))
    assert (act.amount, act.price) == (1.0, None)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["Product Viewed", "Product Added", "Page Viewed", "Order Completed"]),
        st.integers(0, 200),
        st.sampled_from(["phone", "laptop", None]),
        st.sampled_from(["ann", None]),
    ),
    max_size=25,
)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(said, chance):
    rows = [
        row(number, type_, minute, anonymous_id=device, customer_id=customer, product_id="tea")
        for number, (type_, minute, device, customer) in enumerate(said)
    ]
    shuffled = chance.sample(rows, len(rows))
    assert repr(visits(*rows)) == repr(visits(*shuffled))


@given(ROWS, st.integers(0, 200))
def test_events_after_a_step_change_it_in_nothing(said, minute):
    rows = [
        row(number, type_, at, anonymous_id="phone", product_id="tea")
        for number, (type_, at, _, _) in enumerate(said)
    ]
    border = (NOON + timedelta(minutes=minute) - datetime(1970, 1, 1)) // timedelta(milliseconds=1)  # noqa: DTZ001
    early = [one for one in rows if one.occurred_at < NOON + timedelta(minutes=minute)]

    def before(found):
        steps = [step for visit in found if visit.started_at < border for step in visit.steps]
        return [repr(step) for step in steps]

    assert before(visits(*rows))[: len(before(visits(*early)))] == before(visits(*early))


def test_the_newest_fifth_is_told_apart_and_what_crosses_the_border_is_in_neither():
    rows = [row(n, "Page Viewed", 60 * n, anonymous_id=f"d{n}") for n in range(10)]
    crossing = [
        row(50, "Page Viewed", 60 * 8 - 5, anonymous_id="x"),
        row(51, "Page Viewed", 60 * 8 + 5, anonymous_id="x"),
    ]
    older, newest = split(visits(*rows, *crossing), 0.2)
    assert "a:x" not in {visit.visitor for visit in older}
    assert max(visit.ended_at for visit in older) < min(visit.started_at for visit in newest)


def test_whole_visits_are_drawn_by_chance_alone():
    found = visits(*(row(n, "Page Viewed", 0, anonymous_id=f"d{n}") for n in range(200)))
    some = drawn(found, 50, seed=1)
    assert len(some) == 50
    assert some == drawn(found[::-1], 50, seed=1)
    assert some != drawn(found, 50, seed=2)


def test_steps_are_sorted_by_visitor_and_time():
    steps = Steps.of(
        visits(row(1, "Page Viewed", 5, anonymous_id="b"), row(2, "Page Viewed", 9, anonymous_id="a"))
    )
    assert steps.visitor.tolist() == ["a:a", "a:b"]
    assert len(Steps.of([])) == 0
