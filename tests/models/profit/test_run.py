"""Stories: a planted truth is recovered, chance is not sold as truth, and what is missing is named."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from nextbest.base.capability import Moment
from nextbest.base.messages import codes
from nextbest.models.profit import CARD, ProfitSettings
from nextbest.models.profit.run import run

START, N_DAYS = date(2026, 1, 1), 300
MOMENT = Moment(START + timedelta(days=N_DAYS), seed=7)
SETTINGS = ProfitSettings(n_placebos=200)
HEADS = [f"h{number}" for number in range(8)]
PROFILES = [
    {"product_id": name, "as_of": START, "margin_share": 0.5, "margin_source": "given"}
    for name in ["bread", *HEADS]
]


def table(store, name):
    return store.written[name].to_pylist()


def heads(store):
    return {row["head_id"]: row for row in table(store, "head_profit")}


@pytest.fixture
def told(make_store, make_shop, rules):
    """Run the room on a made-up shop."""

    def tell(*, settings=SETTINGS, moment=MOMENT, change=lambda lines: lines, seed=1, **truth):
        lines = change(make_shop(seed, **truth))
        store = make_store(order_lines=lines, product_profiles=PROFILES, rules=rules)
        return store, run(store, settings, moment)

    return tell


def test_a_planted_effect_is_recovered_with_its_interval(told):
    store, findings = told(seed=2, effect=3.0)
    (null,) = table(store, "placebo_check")
    found = heads(store)["h0"]
    orders_after = 84 * 0.16
    assert null["is_calibrated"]
    assert found["verdict"] == "more"
    assert found["ci_low"] < 3.0 * orders_after < found["ci_high"]
    assert found["n_buyers"] >= found["n_matched"] > 30
    assert [finding.ref for finding in findings if finding.code == "profit.followed_by_more"] == [
        "product:h0"
    ]
    assert {row["verdict"] for name, row in heads(store).items() if name != "h0"} == {"no_evidence"}


def test_a_planted_loss_is_flagged(told):
    store, findings = told(effect=-3.0)
    found = heads(store)["h0"]
    assert (found["verdict"], found["is_losing"]) == ("less", True)
    assert found["ci_high"] < 0
    (loss,) = [finding for finding in findings if finding.code == "profit.followed_by_less"]
    assert loss.money == pytest.approx(-found["difference"] * found["n_matched"])
    assert loss.margin_source == "given"


def test_where_nothing_follows_nothing_is_told(told):
    store, findings = told()
    (null,) = table(store, "placebo_check")
    assert null["n_placebos"] == 200
    assert 0.02 <= null["share_rejected"] <= 0.08
    assert {row["verdict"] for row in heads(store).values()} == {"no_evidence"}
    assert not any(row["is_losing"] for row in heads(store).values())
    assert "profit.no_evidence" in {finding.code for finding in findings}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("growth", [0.3, 0.6])
def test_customers_who_were_growing_anyway_are_not_sold_as_an_effect(told, seed, growth):
    store, _ = told(seed=seed, growth=growth)
    found = heads(store)["h0"]
    assert found["pre_trend"] > 0
    assert found["beyond_trend"] < found["difference"]
    assert found["verdict"] in {"no_evidence", "cannot_be_told"}


def test_the_heads_own_margin_stands_apart(told):
    def again_the_next_day(lines):
        """Let every buyer of h0 buy it for 10 more on the day after."""
        rows = [row for row in lines.to_pylist() if row["product_id"] == "h0"]
        later = [
            row | {"ordered_on": row["ordered_on"] + timedelta(days=1), "order_id": row["order_id"] + "+"}
            for row in rows
        ]
        for row in later:
            row["net_revenue"] += 19
        return pa.concat_tables([lines, pa.Table.from_pylist(later, lines.schema)])

    found = heads(told(change=again_the_next_day)[0])["h0"]
    assert found["profit_after"] - found["profit_after_without_head"] == pytest.approx(10)
    assert 5 < found["difference"] - found["difference_without_head"] <= 10  # some controls buy it later


def test_row_order_and_threads_change_nothing(make_store, make_shop, rules):
    lines = make_shop(2, effect=2.0)
    one = make_store(order_lines=lines, product_profiles=PROFILES, rules=rules, threads=1)
    backwards = lines.take(list(range(lines.num_rows))[::-1])
    other = make_store(order_lines=backwards, product_profiles=PROFILES[::-1], rules=rules[::-1], threads=2)
    assert run(one, SETTINGS, MOMENT) == run(other, SETTINGS, MOMENT)
    for name in (table.name for table in CARD.writes):
        assert one.written[name].equals(other.written[name]), name


def test_nothing_on_or_after_as_of_is_seen(told):
    day = START + timedelta(days=260)
    moment = Moment(day, seed=7)

    def known_then(lines):
        rows = [row for row in lines.to_pylist() if row["ordered_on"] < day]
        return pa.Table.from_pylist(rows, lines.schema)

    whole, past = (told(moment=moment, change=change)[0] for change in (lambda lines: lines, known_then))
    for name in ("head_profit", "placebo_check", "products_held", "payback"):
        assert whole.written[name].equals(past.written[name]), name


def test_a_wrong_spread_of_the_placebos_lets_nothing_be_told(told, monkeypatch):
    from nextbest.models.profit.core import placebos

    monkeypatch.setattr(placebos, "CALIBRATED", (0.99, 1.0))
    store, findings = told(effect=3.0)
    assert {row["verdict"] for row in heads(store).values()} == {"cannot_be_told"}
    assert "profit.cannot_be_told" in {finding.code for finding in findings}


def test_rejected_and_negative_rules_are_not_looked_at(make_store, make_shop, rules):
    own = [
        rules[0] | {"review": "rejected"},
        rules[1] | {"sign": "-"},
        rules[2],
        rules[3] | {"size_q_value": 0.3},
    ]
    vouched = rules[4] | {"size_q_value": 0.9, "review": "approved"}
    store = make_store(order_lines=make_shop(1), product_profiles=PROFILES, rules=[*own, vouched])
    run(store, SETTINGS, MOMENT)
    assert set(heads(store)) == {"h2", "h4"}


def test_categories_may_be_heads(make_store, make_shop, rules):
    products = [{"product_id": name, "category": "treats"} for name in ("h0", "h1")]
    category = rules[0] | {"level": "category", "head_id": "treats", "head": "treats"}
    store = make_store(
        order_lines=make_shop(1), product_profiles=PROFILES, rules=[category], products=products
    )
    run(store, SETTINGS, MOMENT)
    assert [row["level"] for row in table(store, "head_profit")] == ["category"]


def month(number):
    return date(2025 + number // 12, number % 12 + 1, 1)


def bank(n_customers=400, effect=0.0):
    """A bank: profit by month that wobbles, every other customer opens a loan in a month of its own."""
    rng = np.random.default_rng(5)
    profit, holdings = [], []
    for number in range(n_customers):
        opened = 4 + number % 8 if number % 2 else None
        earned = rng.normal(20, 5) + rng.normal(0, 3, 18) + effect * (np.arange(18) > (opened or 99))
        name = f"c{number:03}"
        profit += [
            {"customer_id": name, "month_on": month(at), "profit": round(float(earned[at]), 2)}
            for at in range(18)
        ]
        if opened is not None:
            holdings.append({"customer_id": name, "product_id": "loan", "opened_on": month(opened)})
    return profit, holdings


@pytest.mark.parametrize(("effect", "verdict"), [(4.0, "more"), (-4.0, "less")])
def test_a_bank_is_compared_month_by_month(make_store, rules, effect, verdict):
    profit, holdings = bank(effect=effect)
    loan = rules[0] | {"head_id": "loan", "head": "Loan"}
    store = make_store(customer_profit=profit, holdings=holdings, rules=[loan])
    run(store, SETTINGS, Moment(date(2026, 7, 1)))
    (found,) = table(store, "head_profit")
    assert found["verdict"] == verdict
    assert found["ci_low"] < 3 * effect < found["ci_high"]
    assert found["profit_after_without_head"] is None
    assert found["margin_source"] == "given"


def test_holdings_only_tell_who_left(make_store):
    holdings = [
        {"customer_id": f"c{number}", "product_id": product, "opened_on": "2025-01-01", "closed_on": closed}
        for number in range(80)
        for product, closed in (
            ("card", "2026-05-01" if number < 20 else None),
            ("loan", None) if number >= 40 else ("card", "2026-05-01" if number < 20 else None),
        )
    ]
    store = make_store(holdings=holdings)
    findings = run(store, ProfitSettings(), Moment(date(2026, 7, 1)))
    assert [finding.code for finding in findings] == ["profit.no_profit", "profit.leaving_by_holdings"]
    one, two = table(store, "products_held")
    assert (one["n_products_held"], one["n_customers"], one["n_left"]) == (1, 40, 20)
    assert (two["n_products_held"], two["n_customers"], two["n_left"]) == (2, 40, 0)
    assert one["share_low"] < 0.5 < one["share_high"]


def test_orders_tell_who_fell_silent_by_categories(make_store):
    lines = [
        {"customer_id": name, "product_id": product, "order_id": f"{name}{day}", "ordered_on": day}
        for name, product, day in (
            ("ann", "tea", "2026-02-01"),
            ("ann", "bread", "2026-02-03"),
            ("ann", "tea", "2026-05-01"),
            ("bob", "tea", "2026-02-01"),
            ("bob", "milk", "2026-07-01"),
        )
    ]
    products = [{"product_id": "tea", "category": "drinks"}, {"product_id": "bread", "category": "bakery"}]
    store = make_store(order_lines=lines, products=products)
    run(store, ProfitSettings(), Moment(date(2026, 7, 1)))
    rows = [
        (row["n_products_held"], row["n_customers"], row["n_left"]) for row in table(store, "products_held")
    ]
    assert rows == [(1, 1, 1), (2, 1, 0)]
    assert {row["counted"] for row in table(store, "products_held")} == {"categories"}


def test_paying_back_is_said_only_where_a_cost_is_given(told):
    store, findings = told()
    assert {row["is_paid_back"] for row in table(store, "payback")} == {None}
    assert "profit.brings" in {finding.code for finding in findings}


def test_a_cost_is_paid_back_when_the_mean_margin_reaches_it(told):
    store, findings = told(settings=ProfitSettings(n_placebos=100, min_buyers=10, acquisition_cost=0.5))
    assert table(store, "payback")[0]["is_paid_back"]
    (said,) = [finding for finding in findings if finding.code.startswith("profit.paid_back")]
    assert said.values["n_months_needed"] == 1


@pytest.mark.parametrize(
    ("tables", "moment", "code"),
    [
        ({}, MOMENT, "profit.no_profit"),
        ({}, Moment(None), "profit.no_dates"),
        ({"product_profiles": PROFILES}, MOMENT, "profit.no_heads"),
    ],
    ids=["no margins", "no dates", "no rules"],
)
def test_what_is_missing_is_named(make_store, make_shop, tables, moment, code):
    lines = make_shop(1)
    if not tables:
        lines = lines.drop_columns("net_revenue")
    store = make_store(order_lines=lines, **tables)
    assert run(store, SETTINGS, moment)[0].code == code
    assert table(store, "head_profit") == []


def test_too_little_history_is_a_smaller_answer(told):
    store, findings = told(moment=Moment(START + timedelta(days=120)))
    assert findings[0].code == "profit.too_few_buyers"
    assert findings[0].values["n_heads"] == 8
    assert table(store, "head_profit") == []


def test_every_finding_has_its_texts(told):
    for effect in (3.0, 0.0):
        for finding in told(effect=effect)[1]:
            for language in ("en", "zh"):
                own = {finding.code, f"{finding.code}.evidence", f"{finding.code}.action"}
                assert own <= set(codes(language))
