"""Probabilities from propensity models: of the product itself, of its category by the product's share, of the same horizon only."""

import json
from datetime import timedelta

import pytest

from nextbest.decisions.offers.run import run
from nextbest.decisions.offers.spec import OfferSettings

SETTINGS = OfferSettings(weak_share=0)


def model(as_of, target, kind, *, days=28, customer="ann", propensity=0.4):
    name = f"propensity.{target}"
    return {
        "propensity_models": [
            {
                "model_id": name,
                "target": target,
                "model": "logistic",
                "is_chosen": True,
                "kind": kind,
                "n": 9,
                "n_positive": 3,
            }
        ],
        "propensity_scores": [
            {
                "model_id": name,
                "target": target,
                "customer_id": customer,
                "propensity": propensity,
                "rank": 1,
                "decile": 1,
                "reasons": "",
                "because": "[]",
                "row": 1,
            }
        ],
        "propensity_windows": [
            {
                "model_id": name,
                "target": target,
                "origin_on": as_of,
                "part": "application",
                "outcome_from": as_of,
                "outcome_until": as_of + timedelta(days=days - 1),
                "n": 9,
                "n_owners_left_out": 0,
            }
        ],
    }


def candidate(store, customer, product):
    rows = store.written["offer_candidates"].to_pylist()
    return next(row for row in rows if (row["customer_id"], row["product_id"]) == (customer, product))


def test_a_model_of_the_product_gives_its_probability(make_store, shop, moment):
    store = make_store(**shop, **model(moment.as_of, "cake", "product"))
    run(store, SETTINGS, moment)
    cake, jam = candidate(store, "ann", "cake"), candidate(store, "ann", "jam")
    assert (cake["probability"], cake["model_id"]) == (0.4, "propensity.cake")
    assert cake["expected_profit"] == pytest.approx(0.4 * 3.0)
    assert jam["model_id"] == "recommend"
    assert candidate(store, "bob", "cake")["model_id"] == "recommend"


@pytest.mark.parametrize("change", [{"days": 90}, {"kind": "rule"}, {"kind": "flat"}])
def test_a_model_of_something_else_changes_nothing(make_store, shop, moment, change):
    plain = make_store(**shop)
    run(plain, SETTINGS, moment)
    store = make_store(**shop, **model(moment.as_of, "cake", **({"kind": "product"} | change)))
    run(store, SETTINGS, moment)
    assert store.written["offer_candidates"].equals(plain.written["offer_candidates"])


def test_a_category_gives_a_product_its_share_of_it(make_store, shop, moment):
    """Of four customers of the bakery in the last four weeks, one bought cake: a quarter of 0.4."""
    lines = [
        {"customer_id": f"c{number}", "product_id": product, "ordered_at": "2026-06-20"}
        for number, product in enumerate(("cake", "pie", "pie", "pie"))
    ]
    products = [*shop["products"], {"product_id": "pie", "name": "Pie", "category": "bakery"}]
    rows = shop | {"order_lines": [*shop["order_lines"], *lines], "products": products}
    store = make_store(**rows, **model(moment.as_of, "bakery", "category"))
    run(store, SETTINGS, moment)
    cake = candidate(store, "ann", "cake")
    assert cake["probability"] == pytest.approx(0.1)
    assert cake["model_id"] == "propensity.bakery"


def test_who_knows_the_category_is_not_given_its_share(make_store, shop, moment):
    store = make_store(**shop, **model(moment.as_of, "drinks", "category"))
    run(store, SETTINGS, moment)
    assert candidate(store, "ann", "tea")["model_id"] == "recommend"
    assert candidate(store, "ann", "fine tea")["model_id"] != "propensity.drinks"


@pytest.mark.parametrize("customer", ["ann", "bob"])
@pytest.mark.parametrize("product", ["tea", "milk"])
def test_what_is_taken_out_of_a_history_is_no_reason_any_more(make_store, shop, moment, customer, product):
    rest = [
        row for row in shop["order_lines"] if (row["customer_id"], row["product_id"]) != (customer, product)
    ]
    audience = [row for row in shop["audiences"] if (customer, product) != (row["customer_id"], "tea")]
    store = make_store(**shop | {"order_lines": rest, "audiences": audience})
    run(store, SETTINGS, moment)
    mine = [row for row in store.written["next_best_offers"].to_pylist() if row["customer_id"] == customer]
    assert all(json.loads(row["placeholders"])["because"] != product.title() for row in mine)
