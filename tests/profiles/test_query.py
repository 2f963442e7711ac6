from datetime import date

from nextbest.profiles.query import seen_lines

FIRST, SECOND = date(2017, 1, 10), date(2017, 2, 10)


def line(day, **cells):
    return {"order_id": "o1", "product_id": "tea", "ordered_at": day, **cells}


def seen(make_store, lines, *days):
    store = make_store(order_lines=lines)
    rows = store.arrow(seen_lines(store.table("order_lines"), days)).to_pylist()
    return sorted((row["as_of"], row["product_id"], row["is_kept"]) for row in rows)


def test_lines_on_or_after_the_day_are_not_seen(make_store):
    lines = [line("2017-01-09"), line("2017-01-10", product_id="milk")]
    assert seen(make_store, lines, FIRST) == [(FIRST, "tea", True)]


def test_several_days_see_what_each_sees_alone(make_store):
    lines = [line("2017-01-09"), line("2017-01-10", product_id="milk")]
    both = seen(make_store, lines, FIRST, SECOND)
    assert both == seen(make_store, lines, FIRST) + seen(make_store, lines, SECOND)


def test_a_cancellation_is_not_known_before_its_day(make_store):
    lines = [line("2017-01-05", cancelled_on=date(2017, 1, 10))]
    assert seen(make_store, lines, FIRST, SECOND) == [(FIRST, "tea", True), (SECOND, "tea", False)]


def test_postage_is_left_out_and_returns_are_seen_but_not_kept(make_store):
    lines = [
        line("2017-01-05", is_product=False),
        line("2017-01-06", product_id="milk", is_return=True, is_product=True),
    ]
    assert seen(make_store, lines, FIRST) == [(FIRST, "milk", False)]


def test_lines_without_an_order_fall_into_the_orders_of_their_day(make_store):
    store = make_store(order_lines=[line("2017-01-05", order_id=None), line("2017-01-06")])
    rows = store.arrow(seen_lines(store.table("order_lines"), [FIRST])).to_pylist()
    assert {row["order_id"] for row in rows} == {"2017-01-05", "o1"}
