from datetime import date, timedelta

import pytest

from nextbest.base.messages import render
from nextbest.decisions.offers.run import run
from nextbest.decisions.offers.spec import OfferSettings

SETTINGS = OfferSettings()
THEN = date(2026, 6, 3)
NAMES = [f"c{number:03}" for number in range(300)]


def line(customer, product, day):
    return {
        "order_id": f"{customer}-{product}-{day}",
        "customer_id": customer,
        "product_id": product,
        "ordered_at": day,
    }


def listed(customer, probability, product="cake", **own):
    return {
        "customer_id": customer,
        "list": "discover",
        "rank": 1,
        "product_id": product,
        "level": "product",
        "probability": probability,
        "reason_code": "popular",
        "reason": "",
    } | own


@pytest.fixture
def cakes(make_store):
    """All buy tea in May; of 300 customers to whom cake was listed every second buys it in June."""

    def make(promised, starts_on=THEN, **more):
        lines = [line(name, "tea", "2026-05-01") for name in NAMES]
        lines += [line(name, "cake", "2026-06-10") for name in NAMES[::2]]
        return make_store(
            order_lines=lines + more.pop("order_lines", []),
            products=[{"product_id": "tea", "name": "Tea"}, {"product_id": "cake", "name": "Cake"}],
            recommendations=[listed("c001", 0.1)],
            earlier_recommendations=[listed(name, promised, starts_on=starts_on) for name in NAMES],
            **more,
        )

    return make


def tenths(store, kind="all"):
    rows = store.written["offer_calibration"].to_pylist()
    return {row["decile"]: row for row in rows if row["kind"] == kind}


def test_what_was_promised_stands_beside_what_came(cakes, moment):
    store = cakes(0.5)
    said = {each.code: each for each in run(store, SETTINGS, moment)}
    whole = tenths(store)[0]
    assert (whole["n"], whole["n_bought"], whole["starts_on"]) == (300, 150, THEN)
    assert whole["predicted"] == pytest.approx(0.5)
    assert whole["low"] < whole["observed"] == 0.5 < whole["high"]
    assert sum(row["n"] for decile, row in tenths(store).items() if decile) == 300
    assert tenths(store, "discover")[0] == whole | {"kind": "discover"}
    assert render(said["offers.promises_held"].sentence).startswith(
        "Offers keep what they promise: those of 28"
    )


def test_promises_that_were_off_are_said_to_be(cakes, moment):
    said = {each.code for each in run(cakes(0.9), SETTINGS, moment)}
    assert "offers.promises_off" in said
    assert "offers.promises_held" not in said


def test_who_had_bought_it_before_was_not_offered_it(cakes, moment):
    store = cakes(0.5, order_lines=[line(name, "cake", "2026-05-02") for name in NAMES[:100]])
    run(store, SETTINGS, moment)
    assert tenths(store)[0]["n"] == 200


@pytest.mark.parametrize("lists", [{"starts_on": THEN - timedelta(1)}, {"earlier_recommendations": []}])
def test_lists_of_another_day_test_nothing(cakes, make_store, moment, lists):
    store = (
        cakes(0.5, **lists)
        if "starts_on" in lists
        else make_store(
            order_lines=[line("ann", "tea", "2026-05-01")], recommendations=[listed("ann", 0.1)], **lists
        )
    )
    said = {each.code for each in run(store, SETTINGS, moment)}
    assert store.written["offer_calibration"].num_rows == 0
    assert not said & {"offers.promises_held", "offers.promises_off"}


def test_of_many_customers_those_with_earlier_lists_are_looked_at(cakes, moment, monkeypatch):
    monkeypatch.setattr("nextbest.decisions.offers.run.learning._MOST_CUSTOMERS", 20)
    store = cakes(0.5)
    run(store, SETTINGS, moment)
    assert (tenths(store)[0]["n"], tenths(store)[0]["n_bought"]) == (300, 150)
