import math

from hypothesis import given
from hypothesis import strategies as st

from nextbest.models.intent.core.visit import Visit, features, follow, update, with_cart
from nextbest.models.intent.spec import CEILING, FEATURES, IDLE_MS, KINDS, Act

MINUTE = 60_000


def seen(visit):
    return dict(zip(FEATURES, features(visit), strict=True))


def act(minute, kind, product=None, amount=None, price=None, *, session=None, lines=None):
    return Act(minute * MINUTE, f"{minute:05}", kind, product, amount, price, lines, session)


def test_what_was_done_is_counted():
    visit = follow(
        [
            act(0, "search"),
            act(1, "view", "tea"),
            act(2, "view", "pot"),
            act(3, "view", "tea"),
            act(4, "other"),
        ]
    )
    assert {name: seen(visit)[name] for name in ("n_events", "n_views", "n_products", "n_returns", "n_searches", "minutes")} == {
        "n_events": 5,
        "n_views": 3,
        "n_products": 2,
        "n_returns": 1,
        "n_searches": 1,
        "minutes": 4.0,
    }  # fmt: skip


def test_the_cart_has_its_value_as_far_as_prices_are_known():
    cart = [
        act(0, "add", "tea", 2.0, 3.5),
        act(1, "add", "tea", 1.0),
        act(2, "add", "jam", 1.0),
        act(3, "remove", "tea", 1.0),
    ]
    found = seen(follow(cart))
    assert (found["cart_lines"], found["cart_units"], found["cart_value"]) == (2, 3.0, 7.0)
    assert math.isnan(seen(follow([act(0, "add", "jam", 1.0)]))["cart_value"])
    assert seen(Visit(number=1))["cart_value"] == 0


def test_a_removal_without_units_takes_the_whole_line():
    assert follow([act(0, "add", "tea", 5.0), act(1, "remove", "tea")]).cart == {}


def test_a_look_at_the_whole_cart_corrects_it():
    visit = follow([act(0, "add", "tea", 1.0), act(1, "cart", lines=(("jam", 2.0, 4.0),))])
    assert visit.cart == {"jam": (2.0, 4.0)}
    assert with_cart(visit, [("pot", 1.0, None)]).cart == {"pot": (1.0, None)}


def test_how_long_a_page_was_looked_at_is_known_when_it_was_left():
    first = follow([act(0, "view", "tea", 40.0)])
    assert seen(first)["dwell_seconds"] == 0
    assert seen(update(first, act(1, "other")))["dwell_seconds"] == 40


def test_half_an_hour_of_silence_ends_a_visit_and_the_cart_stays():
    visit = follow([act(0, "add", "tea", 1.0), act(31, "other")])
    assert (visit.number, visit.n_events, visit.cart) == (2, 1, {"tea": (1.0, None)})
    assert seen(visit)["days_since_last_visit"] == IDLE_MS * 31 / 30 / 86_400_000
    assert follow([act(0, "add", "tea", 1.0), act(30, "other")]).number == 1


def test_session_ids_say_more_than_silence():
    assert follow([act(0, "other", session="s1"), act(90, "other", session="s1")]).number == 1
    assert follow([act(0, "other", session="s1"), act(1, "other", session="s2")]).number == 2
    assert follow([act(0, "other", session="s1"), act(1, "other"), act(2, "other", session="s1")]).number == 1


def test_an_order_ends_the_visit_and_is_remembered():
    visit = follow([act(0, "add", "tea", 1.0), act(1, "order"), act(2, "other")])
    assert (visit.number, visit.n_events, visit.cart, visit.n_orders) == (2, 1, {}, 1)
    assert seen(visit)["days_since_last_order"] == 1 / 1440


def test_counts_end_at_a_ceiling():
    visit = follow([act(minute, "view", f"p{minute}") for minute in range(CEILING + 30)])
    assert (seen(visit)["n_views"], seen(visit)["n_products"]) == (CEILING, CEILING)


ACTS = st.lists(
    st.builds(
        lambda *said: said,
        st.integers(0, 45),
        st.sampled_from(KINDS),
        st.sampled_from(["tea", "jam"]),
        st.sampled_from([None, 1.0, 2.0]),
        st.sampled_from([None, 3.5]),
        st.sampled_from([None, None, "s1", "s2"]),
    ),
    max_size=30,
)


def timed(drawn):
    at, acts = 0, []
    for number, (gap, kind, product, amount, price, session) in enumerate(drawn):
        at += gap
        acts.append(Act(at * MINUTE, f"{number:03}", kind, product, amount, price, None, session))
    return acts


@given(ACTS, st.integers(0, 30))
def test_one_by_one_is_from_scratch_and_what_comes_later_changes_nothing(drawn, cut):
    visit, acts = Visit(), timed(drawn)
    for number, one in enumerate(acts):
        visit = update(visit, one)
        if number == cut:
            earlier, before = visit, repr(features(visit))
            assert repr(follow(acts[: cut + 1])) == repr(earlier)
    assert repr(follow(acts)) == repr(visit)
    if cut < len(acts):
        assert repr(features(earlier)) == before


@given(ACTS)
def test_every_feature_is_a_number_that_is_not_negative_or_not_known(drawn):
    for value in features(follow(timed(drawn))):
        assert math.isnan(value) or value >= 0
