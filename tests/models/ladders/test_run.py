from datetime import date, timedelta

import pytest

from nextbest.base.capability import Moment
from nextbest.base.errors import SettingsError
from nextbest.base.messages import codes, render
from nextbest.models.ladders.run import run
from nextbest.models.ladders.spec import LadderSettings

MOMENT = Moment(date(2026, 7, 1))
SETTINGS = LadderSettings()


PRODUCTS = [
    {"product_id": name, "category": "coffee", "list_price": price}
    for name, price in (("plain", 2.0), ("good", 3.0), ("best", 4.5))
]


def bought(customer, product, day):
    return {
        "order_id": f"{customer}-{product}-{day}",
        "customer_id": customer,
        "product_id": product,
        "ordered_at": (date(2026, 1, 1) + timedelta(days=day)).isoformat(),
    }


TRIED = (("plain", 1), ("good", 20), ("plain", 40))


def climbers(n, days=(1, 40)):
    """Customers who buy the plain one on the first day and the good one on the second."""
    return [
        bought(f"c{number:02}", product, day)
        for number in range(n)
        for product, day in zip(("plain", "good"), days, strict=True)
    ]


def ladders(store):
    return {row["product_id"]: row for row in store.written["ladders"].to_pylist()}


def test_customers_who_step_up_make_a_ladder(make_store):
    stayers = [bought(f"s{number}", "plain", 1) for number in range(20)]
    store = make_store(products=PRODUCTS, order_lines=climbers(20) + stayers)
    found = run(store, SETTINGS, MOMENT)
    plain = ladders(store)["plain"]
    assert (plain["upgrade_id"], plain["source"], plain["is_supported"]) == ("good", "next_band", True)
    assert (plain["n_buyers"], plain["n_stepped"], plain["n_back"]) == (40, 20, 0)
    assert plain["expected_stepped"] == 10.0
    assert plain["share_stepped"] == 0.5
    assert plain["days_to_step"] == 39.0
    assert [finding.code for finding in found] == ["ladders.step"]


def test_customers_who_go_either_way_make_none(make_store):
    down = [row | {"customer_id": f"d{row['customer_id']}"} for row in climbers(20, days=(40, 1))]
    store = make_store(products=PRODUCTS, order_lines=climbers(20) + down)
    found = run(store, SETTINGS, MOMENT)
    assert not ladders(store)["plain"]["is_supported"]
    assert [finding.code for finding in found] == ["ladders.none"]


def test_who_tries_the_good_one_and_returns_to_the_plain_one_did_not_step_up(make_store):
    rows = [bought(f"c{n:02}", product, day) for n in range(20) for product, day in TRIED]
    store = make_store(products=PRODUCTS, order_lines=rows)
    run(store, SETTINGS, MOMENT)
    assert ladders(store) == {}


def test_a_new_pack_that_replaces_the_old_one_is_no_step_up(make_store):
    """Who buys only one of the two buys the plain one in January and the good one in February, too."""
    old = [bought(f"o{number:02}", "plain", 1) for number in range(40)]
    new = [bought(f"n{number:02}", "good", 40) for number in range(40)]
    store = make_store(products=PRODUCTS, order_lines=climbers(20) + old + new)
    run(store, SETTINGS, MOMENT)
    plain = ladders(store)["plain"]
    assert plain["expected_stepped"] == pytest.approx(18)
    assert not plain["is_supported"]


def test_what_is_bought_on_or_after_as_of_is_not_seen(make_store):
    rows = climbers(20, days=(1, 181))
    store = make_store(products=PRODUCTS, order_lines=rows)
    run(store, SETTINGS, MOMENT)
    assert ladders(store) == {}


def test_a_given_better_version_needs_no_evidence_and_comes_instead_of_the_band(make_store):
    products = [row | {"upgrade_of": "plain"} if row["product_id"] == "good" else row for row in PRODUCTS]
    store = make_store(products=products, order_lines=climbers(1))
    run(store, SETTINGS, MOMENT)
    plain = ladders(store)["plain"]
    assert (plain["source"], plain["is_supported"], plain["n_stepped"]) == ("given", True, 1)


def test_a_product_out_of_sale_is_nobodys_better_version(make_store):
    products = [row | {"is_active": row["product_id"] != "good"} for row in PRODUCTS]
    store = make_store(products=products, order_lines=climbers(20))
    run(store, SETTINGS, MOMENT)
    assert "plain" not in ladders(store)


def test_a_price_out_of_reach_is_no_step(make_store):
    store = make_store(products=PRODUCTS, order_lines=climbers(20))
    run(store, LadderSettings(max_price_ratio=1.2), MOMENT)
    assert ladders(store) == {}


def test_holdings_have_ladders_by_list_price(make_store):
    rows = [
        {"customer_id": f"c{number}", "product_id": product, "opened_on": date(2026, 1, day)}
        for number in range(20)
        for product, day in (("plain", 1), ("good", 20))
    ]
    store = make_store(products=PRODUCTS, holdings=rows)
    run(store, SETTINGS, MOMENT)
    assert ladders(store)["plain"]["n_stepped"] == 20


def test_without_days_only_given_ladders_are_supported(make_store):
    rows = [{k: v for k, v in row.items() if k != "ordered_at"} for row in climbers(20)]
    store = make_store(products=PRODUCTS, order_lines=rows)
    run(store, SETTINGS, Moment(None))
    assert ladders(store) == {}


def test_row_order_changes_nothing(make_store):
    one = make_store(products=PRODUCTS, order_lines=climbers(20), threads=1)
    other = make_store(products=PRODUCTS[::-1], order_lines=climbers(20)[::-1], threads=2)
    run(one, SETTINGS, MOMENT)
    run(other, SETTINGS, MOMENT)
    assert one.written["ladders"].equals(other.written["ladders"])


def test_a_need_that_is_no_column_is_refused(make_store):
    store = make_store(products=PRODUCTS, order_lines=climbers(2))
    with pytest.raises(SettingsError, match='no column "taste"'):
        run(store, LadderSettings(need="taste"), MOMENT)


@pytest.mark.parametrize("n", [1, 20])
def test_findings_have_words_in_both_languages(make_store, n):
    store = make_store(products=PRODUCTS, order_lines=climbers(n))
    for finding in run(store, SETTINGS, MOMENT):
        for language in ("en", "zh"):
            assert f"{finding.code}.action" in codes(language)
            assert render(finding.evidence, language)


def test_what_its_name_calls_smaller_is_no_better_version(make_store):
    products = [
        {"product_id": "plain", "name": "EGGS - X-LARGE", "category": "eggs", "list_price": 1.0},
        {"product_id": "good", "name": "EGGS - LARGE", "category": "eggs", "list_price": 1.4},
    ]
    store = make_store(products=products, order_lines=climbers(40))
    run(store, SETTINGS, MOMENT)
    assert ladders(store) == {}


def test_where_use_is_limited_a_better_version_is_named_without_moves(make_store):
    plans = [{"customer_id": "ann", "product_id": "plain", "usage": 12.0, "allowance": 10.0}]
    store = make_store(products=PRODUCTS, holdings=plans)
    run(store, SETTINGS, MOMENT)
    assert {name: row["is_supported"] for name, row in ladders(store).items()} == {"plain": False}


def test_where_nothing_is_known_of_better_versions_a_sentence_says_how_to_give_them(make_store):
    store = make_store(products=PRODUCTS, order_lines=climbers(3))
    assert [finding.code for finding in run(store, SETTINGS, MOMENT)] == ["ladders.nothing"]
