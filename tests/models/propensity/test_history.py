"""From history, end to end: probabilities that are known by construction are found, owners are left out, questions are understood."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from nextbest.base.capability import Moment
from nextbest.base.errors import DataError, SettingsError
from nextbest.base.findings import Finding
from nextbest.models.propensity.core.choosing import Workshop
from nextbest.models.propensity.run.history import results_of
from nextbest.models.propensity.spec import PropensitySettings

AS_OF = date(2024, 7, 1)
SMALL = {"candidates": "logistic", "folds": 2, "origins": 2}
N_CUSTOMERS, N_DAYS = 300, 210
CHANCES = (0.1, 0.4, 0.8)
"""Of buying tea within 28 days, by kind of customer."""


def orders(n_customers):
    """Everybody orders every week; tea as often as their kind says, and nine in ten a kettle, once, some of them soon."""
    rng = np.random.default_rng(7)
    rows = []
    for number in range(n_customers):
        name, a_week = f"c{number:03}", 1 - (1 - CHANCES[number % 3]) ** 0.25
        kettle = int(rng.integers(0, 300)) if rng.random() < 0.9 else 999
        for day in range(int(rng.integers(0, 7)), N_DAYS, 7):
            bought = ["bread"] + ["tea"] * (rng.random() < a_week) + ["kettle"] * (kettle <= day < kettle + 7)
            rows += [(name, day, product) for product in bought]
    return rows


@pytest.fixture(scope="session")
def shop_lines():
    return orders(N_CUSTOMERS)


def table(rows):
    """Make order lines of customer, day and product; day 210 is the day of the run."""
    day = [AS_OF - timedelta(days=N_DAYS - at) for _, at, _ in rows]
    return pa.table(
        {
            "line_id": [f"{name}-{at}-{product}" for name, at, product in rows],
            "order_id": [f"{name}-{at}" for name, at, _ in rows],
            "customer_id": [name for name, _, _ in rows],
            "product_id": [product for _, _, product in rows],
            "ordered_on": pa.array(day, pa.date32()),
            "ordered_at": pa.array(day, pa.date32()).cast(pa.timestamp("us", "UTC")),
        }
    )


PRODUCTS = [
    {"product_id": "tea", "name": "Green tea", "category": "drinks", "department": "food"},
    {"product_id": "bread", "name": "Bread", "category": "bakery", "department": "food"},
    {"product_id": "kettle", "name": "Kettle", "category": "kitchen", "department": "home"},
]


@pytest.fixture
def ask(make_store, shop_lines):
    """Ask about products of the shop; further tables and settings as needed."""

    def results(lines=None, tables=None, name="", workshop=None, **settings):
        store = make_store(
            order_lines=table(shop_lines) if lines is None else lines,
            **({"products": PRODUCTS} | (tables or {})),
        )
        asked = PropensitySettings(**(SMALL | settings))
        return list(results_of(store, name, asked, Moment(AS_OF, 0), workshop or Workshop()))

    return results


def of_customers(result):
    return dict(zip(result.scored_ids, result.probability, strict=True))


def test_probabilities_that_are_known_are_found(ask):
    n = 900
    kinds = [{"customer_id": f"c{number:03}", "plan": "abc"[number % 3]} for number in range(n)]
    (tea,) = ask(table(orders(n)), tables={"customers": kinds}, product="tea", origins=4)
    found = of_customers(tea)
    assert len(found) == n
    for kind, chance in enumerate(CHANCES):
        told = np.mean([found[f"c{number:03}"] for number in range(kind, n, 3)])
        assert told == pytest.approx(chance, abs=0.04)


def test_the_model_is_judged_beside_the_simple_rule(ask):
    (tea,) = ask(product="tea", candidates="logistic,small_trees")
    assert [one.model for one in tea.tried] == ["logistic", "small_trees", "baseline"]
    assert all(len(one.probability) == len(tea.judged) for one in tea.tried)
    assert set(tea.judged.origin) == {1}
    assert [row["part"] for row in tea.windows] == ["training", "test", "application"]
    assert [row["n_positive"] for row in tea.windows[1:]] == [tea.judged.n_positive, None]
    assert tea.windows[-1]["origin_on"] == AS_OF


def test_who_has_what_is_bought_once_is_left_out_and_counted(ask, shop_lines):
    (kettle,) = ask(product="Kettle")
    owners = {name for name, _, product in shop_lines if product == "kettle"}
    assert owners
    assert not owners & set(kettle.scored_ids)
    assert kettle.windows[-1]["n_owners_left_out"] == len(owners)
    (with_owners,) = ask(product="kettle", include_owners=True)
    assert len(with_owners.scored_ids) == N_CUSTOMERS


def test_the_order_of_rows_does_not_matter(ask, shop_lines):
    lines = table(shop_lines)
    shuffled = lines.take(np.random.default_rng(1).permutation(len(lines)))
    (one,), (other,) = ask(product="tea"), ask(shuffled, product="tea")
    np.testing.assert_allclose(one.probability, other.probability, rtol=1e-12)


def test_models_made_side_by_side_are_the_same(ask):
    from nextbest.models.propensity.run.workshop import open_workshop

    with open_workshop() as workshop:
        together = ask(product="tea,bread,kettle", workshop=workshop)
    alone = ask(product="tea,bread,kettle")
    assert [one.model_id for one in together[:2]] == [one.model_id for one in alone[:2]] == ["tea", "kettle"]
    for one, other in zip(together[:2], alone[:2], strict=True):
        np.testing.assert_array_equal(one.probability, other.probability)
    assert together[2] == alone[2]
    assert together[2].values["targets"] == ["bread"]


def test_orders_after_the_day_of_the_run_change_nothing(ask, shop_lines):
    later = table([("c000", N_DAYS + 3, "tea"), ("new", N_DAYS + 1, "tea")])
    (one,) = ask(product="tea")
    (other,) = ask(pa.concat_tables([table(shop_lines), later]), product="tea")
    np.testing.assert_array_equal(one.probability, other.probability)


def test_random_sampling_judges_customers_that_were_not_learnt_from(ask):
    (tea,) = ask(product="tea", sampling="random")
    assert set(tea.judged.origin) == {0, 1}
    parts = [row["part"] for row in tea.windows]
    assert parts == ["training", "test"] * 2 + ["application"]


def test_a_rule_is_asked_of_its_audience_only(ask, shop_lines):
    rule = {"rule_id": "abcd1234", "level": "product", "body_ids": "tea", "head_id": "kettle", "sign": "+"}
    (found,) = ask(tables={"rules": [rule]}, rule="abcd")
    drinkers = {name for name, _, product in shop_lines if product == "tea"}
    owners = {name for name, _, product in shop_lines if product == "kettle"}
    assert found.kind == "rule"
    assert found.target == "kettle"
    assert set(found.scored_ids) == drinkers - owners


def test_a_category_is_asked_by_name_whatever_its_letters(ask):
    (drinks,) = ask(product="Drinks", name="campaign")
    assert (drinks.kind, drinks.target, drinks.model_id) == ("category", "drinks", "campaign")


def test_a_wrong_product_is_refused_with_what_is_close(ask):
    with pytest.raises(SettingsError, match="drinks"):
        ask(product="drincs")


def test_a_name_of_several_products_is_refused_with_their_ids(ask):
    twice = [*PRODUCTS, {"product_id": "tea2", "name": "Green tea", "category": "drinks"}]
    with pytest.raises(SettingsError, match="tea, tea2"):
        ask(tables={"products": twice}, product="Green tea")


def test_what_everybody_buys_cannot_be_predicted(ask):
    with pytest.raises(DataError, match="bread"):
        ask(product="bread")


def test_without_a_question_the_categories_of_most_customers_are_taken(ask):
    results = ask(most_products=2)
    assert [one.target for one in results if not isinstance(one, Finding)] == ["drinks", "kitchen"]


def test_without_a_question_and_with_a_short_history_a_finding_says_so(ask, shop_lines):
    some_days = [row for row in shop_lines if row[1] > N_DAYS - 60]
    (finding,) = ask(table(some_days))
    assert finding.code == "propensity.history_too_short"
    assert "60" in str(finding.values["days"]) or finding.values["days"] <= 60
    assert ask(table(some_days), most_products=0) == []
    with pytest.raises(DataError, match="84 days"):
        ask(table(some_days), product="tea")


def test_only_buyers_whose_profit_rose_count(ask):
    months = [date(2023, 12, 1), *(date(2024, month, 1) for month in range(1, 7))]
    rising = {f"c{number:03}" for number in range(0, N_CUSTOMERS, 2)}
    profit = [
        {"customer_id": f"c{number:03}", "month_on": on, "profit": 10 + at * (1 if number % 2 == 0 else -1)}
        for number in range(N_CUSTOMERS)
        for at, on in enumerate(months)
    ]
    (tea,) = ask(tables={"customer_profit": profit}, product="tea", label="profit_rose")
    assert set(tea.judged.customer_ids[tea.judged.target]) <= rising
    assert tea.judged.n_positive
    with pytest.raises(DataError, match="customer_profit"):
        ask(product="tea", label="profit_rose")


def test_a_bank_with_holdings_only_is_asked_who_opens_next(make_store):
    rng = np.random.default_rng(3)
    start = AS_OF - timedelta(days=N_DAYS)
    rows = []
    for number in range(300):
        name = f"c{number:03}"
        rows.append({"customer_id": name, "product_id": "account", "opened_on": None})
        if rng.random() < (0.9 if number % 2 else 0.2):
            opened = start + timedelta(days=int(rng.integers(0, N_DAYS)))
            rows.append({"customer_id": name, "product_id": "card", "opened_on": opened})
    store = make_store(
        holdings=rows,
        customers=[{"customer_id": f"c{n:03}", "plan": "gold" if n % 2 else "basic"} for n in range(300)],
    )
    settings = PropensitySettings(**SMALL, product="card")
    (card,) = results_of(store, "", settings, Moment(AS_OF, 0), Workshop())
    holders = {row["customer_id"] for row in rows if row["product_id"] == "card"}
    assert not holders & set(card.scored_ids)
    assert len(card.scored_ids) == 300 - len(holders)
    assert card.windows[-1]["n_owners_left_out"] == len(holders)
    found = of_customers(card)
    gold = np.mean([p for name, p in found.items() if int(name[1:]) % 2])
    assert gold > 2 * np.mean([p for name, p in found.items() if not int(name[1:]) % 2])


def test_an_attribute_that_holds_the_answer_is_left_out(ask, shop_lines):
    bought_late = {name for name, day, product in shop_lines if product == "tea" and day >= N_DAYS - 28}
    known = [
        {"customer_id": f"c{n:03}", "drinks_tea": str(f"c{n:03}" in bought_late)} for n in range(N_CUSTOMERS)
    ]
    (tea,) = ask(tables={"customers": known}, product="tea", leak_auc=0.7)
    assert {fate.name: fate.left_out for fate in tea.fates}["drinks_tea"] == "leak"
    (allowed,) = ask(tables={"customers": known}, product="tea", leak_auc=0.7, allow="drinks_tea")
    assert {fate.name: fate.left_out for fate in allowed.fates}["drinks_tea"] is None
