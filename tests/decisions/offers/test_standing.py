"""What is never proposed, out of season, rarely bought again, or far weaker than the rest."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.decisions.offers.core.guardrails import RULES, example
from nextbest.decisions.offers.core.naming import lines_of
from nextbest.decisions.offers.core.ranking import STAGES, judge
from nextbest.decisions.offers.query import catalogue
from nextbest.decisions.offers.spec import SOURCES, OfferSettings

JANUARY = date(2026, 1, 2)
SETTINGS = OfferSettings()


def sold(product, n, days_ago, *, since=300):
    """Customers of a product: their last order so many days ago, the first ``since`` days ago."""
    return [
        {
            "customer_id": f"{product}{number}",
            "product_id": product,
            "n_orders": 1,
            "first_on": JANUARY - timedelta(days=since),
            "last_on": JANUARY - timedelta(days=days_ago),
        }
        for number in range(n)
    ]


def steady(product="bread"):
    """The same number of customers every week."""
    return [row for week in range(4) for row in sold(f"{product}{week}", 50, 7 * week + 3)]


def goods_of(make_store, has, products=None, settings=SETTINGS, profiles=None):
    import pyarrow as pa

    store = make_store(**({"products": products} if products else {"order_lines": [{"customer_id": "ann"}]}))
    rows = store.memtable(pa.Table.from_pylist(has))
    known = store.table("products") if products else None
    seen = store.memtable(pa.Table.from_pylist(profiles)) if profiles else None
    table = store.arrow(catalogue(rows, known, seen, None, JANUARY, settings))
    return {row["product_id"]: row for row in table.to_pylist()}


def test_christmas_cards_are_over_in_january_and_bread_is_not(make_store):
    has = steady() + sold("cards", 60, 12, since=40)
    goods = goods_of(make_store, has)
    assert goods["cards"]["is_fading"]
    assert not goods["bread0"]["is_fading"]


def test_what_nobody_buys_any_more_is_over(make_store):
    goods = goods_of(make_store, steady() + sold("old tea", 200, 40))
    assert goods["old tea"]["is_fading"]


def test_a_week_in_which_the_shop_was_closed_ends_no_season(make_store):
    closed = [row for week in range(1, 4) for row in sold(f"bread{week}", 50, 7 * week + 3)]
    assert not any(row["is_fading"] for row in goods_of(make_store, closed).values())


def test_three_customers_before_christmas_are_no_season(make_store):
    assert not goods_of(make_store, steady() + sold("honey", 3, 12, since=40))["honey"]["is_fading"]


def test_an_owner_may_offer_what_fades(make_store):
    has = steady() + sold("cards", 60, 12, since=40)
    settings = OfferSettings(offer_fading=True)
    assert not goods_of(make_store, has, settings=settings)["cards"]["is_fading"]


@pytest.mark.parametrize(
    ("name", "category", "is_never"),
    [
        ("GASOLINE-REG UNLEADED", "COUPON/MISC ITEMS", True),
        ("Golden", "Cigarettes", True),
        ("Refuelling bar", "Snacks", False),
        ("塑料袋（大）", "其他", True),
        ("Red shopping bag", "Bags", False),
        (None, "Snacks", True),
    ],
)
def test_what_no_shop_proposes(make_store, name, category, is_never):
    products = [
        {"product_id": "x", "name": name, "category": category},
        {"product_id": "tea", "name": "Tea", "category": "Drinks"},
    ]
    assert goods_of(make_store, sold("tea", 5, 3), products)["x"]["is_never"] == is_never


def test_a_shop_without_names_proposes_by_id(make_store):
    products = [{"product_id": "x", "category": "Drinks"}, {"product_id": "y", "category": "Drinks"}]
    assert not goods_of(make_store, steady(), products)["x"]["is_never"]


def test_an_owners_own_list_replaces_ours(make_store):
    products = [{"product_id": "x", "name": "Diesel", "category": "Fuel"}]
    settings = OfferSettings(never="tea, coffee")
    assert settings.never == ("tea", "coffee")
    assert not goods_of(make_store, steady(), products, settings)["x"]["is_never"]


def test_what_few_buy_again_leans_on_its_category(make_store):
    def profile(product, category, n_customers, repeat_rate):
        return {
            "product_id": product,
            "as_of": JANUARY,
            "category": category,
            "n_customers": n_customers,
            "repeat_rate": repeat_rate,
            "margin_per_order": 1.0,
            "margin_source": "given",
        }

    profiles = [
        profile("milk", "dairy", 1000, 0.6),
        profile("lamp", "lamps", 1000, 0.0),
        profile("new lamp", "lamps", 1, 0.0),
        profile("new milk", "dairy", 1, 0.0),
    ]
    has = [row for name in ("milk", "lamp", "new lamp", "new milk") for row in sold(name, 1, 3)]
    goods = goods_of(make_store, has, profiles=profiles)
    assert goods["lamp"]["again_ratio"] == goods["new lamp"]["again_ratio"] == 0.0
    assert goods["new milk"]["again_ratio"] > 1


def test_a_lamp_bought_once_is_not_offered_again_but_one_bought_twice_is():
    rows = replace(example(), again_ratio=np.array([0.1, 0.1]), own_orders=np.array([1.0, 2.0]))
    assert RULES["rarely_again"](rows, SETTINGS).tolist() == [True, False]


CHANCES = st.lists(st.one_of(st.just(float("nan")), st.floats(0, 1)), min_size=2, max_size=2)


@given(CHANCES, st.sampled_from([0.0, 0.2, 1.0]))
def test_no_offer_is_weaker_than_its_share_of_the_likeliest_that_is_new(chances, share):
    new = SOURCES.index("rule")
    rows = replace(
        example(),
        customer=np.zeros(2, dtype=np.int64),
        product=np.arange(2),
        name=np.arange(2),
        source=np.full(2, new),
        own_orders=np.zeros(2),
        own_days=np.full(2, np.nan),
        probability=np.array(chances),
    )
    verdicts = judge(rows, OfferSettings(weak_share=share))
    best = np.nanmax([*chances, 0.0])
    for place, chance in enumerate(chances):
        is_weak = STAGES[verdicts.stage[place]] == "too_weak"
        assert is_weak == (round(chance - share * best, 12) < 0)


def test_one_line_is_offered_once():
    rows = replace(
        example(), customer=np.zeros(2, dtype=np.int64), product=np.arange(2), own_days=np.full(2, 90.0)
    )
    names = lines_of(["EGGS - LARGE", "EGGS - X-LARGE"])
    verdicts = judge(replace(rows, name=names), SETTINGS)
    assert [STAGES[stage] for stage in verdicts.stage] == ["offered", "same_name"]
