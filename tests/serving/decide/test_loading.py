import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import pytest

from nextbest.serving.decide import COLUMNS, Loading, compile_policy, load
from nextbest.serving.decide.core.ids import Ids
from nextbest.serving.policy import Policy

AS_OF = date(2026, 1, 31)


def test_a_shop_without_any_table_still_loads():
    shop = load({}, Loading())
    assert (len(shop.customers.ids), len(shop.products), len(shop.personal.product)) == (0, 0, 0)


def test_only_what_is_permitted_is_kept_best_first(make_shop):
    shop = make_shop()
    lo, hi = (
        shop.personal.start[shop.customers.ids.find("ann")],
        shop.personal.start[shop.customers.ids.find("ann") + 1],
    )
    assert [shop.products.ids[one] for one in shop.personal.product[lo:hi]] == ["cake", "fund", "mug"]


def test_rules_that_a_person_rejected_are_not_loaded(make_shop):
    assert make_shop().rules.ids == ["r1"]


def test_only_columns_that_the_policy_names_are_loaded(make_shop):
    rule = {"rules": [{"name": "york", "stage": "eligibility", "where": "place = 'york' and age > 20"}]}
    ready = compile_policy(Policy.read(rule, "test"))
    assert ready.columns == {"place"}
    shop = make_shop(columns=ready.columns)
    assert list(shop.customers.attributes) == ["place"]
    assert shop.lacks(ready.columns | {"n_orders"}) == {"n_orders"}
    assert shop.customers.attributes["place"].at(np.array([0, -1])).tolist() == ["york", None]


@pytest.mark.parametrize("name", ["email", "phone", "birth_on", "gender", "name", "address"])
def test_conditions_cannot_name_what_identifies_a_person(name):
    assert name not in COLUMNS


def test_ids_are_found_whatever_they_are_written_in():
    words = ["客户1", "ann", "😀", "b\x00b", ""]
    ids = Ids.of(words)
    assert [ids[ids.find(one)] for one in words] == words
    assert ids.find("客户") == -1


def test_deciding_loads_no_engine():
    code = "import sys, nextbest.serving.decide as d; d.decide, d.load; print([m for m in ('ibis', 'duckdb', 'sklearn', 'lightgbm') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_orders_without_days_are_passed_over(make_shop):
    shop = make_shop(order_lines=[{"customer_id": "ann", "product_id": "tea"}])
    assert np.isnan(shop.products.base_rate).all()


def test_base_rates_are_shares_of_all_customers_within_28_days(make_shop):
    days = {"ann": 3, "bob": 27, "cem": 29}
    lines = [
        {"customer_id": who, "product_id": "tea", "ordered_on": AS_OF - timedelta(ago), "quantity": 1.0}
        for who, ago in days.items()
    ]
    shop = make_shop(order_lines=lines)
    assert shop.products.base_rate[shop.products.index["tea"]] == pytest.approx(2 / 3)
    assert shop.customers.had.product.tolist() == [shop.products.index["tea"]]
