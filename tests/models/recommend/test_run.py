from datetime import date, timedelta

import numpy as np
import pytest

from nextbest.base.capability import Moment
from nextbest.base.errors import SettingsError
from nextbest.base.messages import codes, render
from nextbest.models.recommend.run import run
from nextbest.models.recommend.spec import RecommendSettings

DAY = date(2026, 8, 1)
MOMENT = Moment(as_of=DAY)


def tables(store):
    return {name: rows.to_pylist() for name, rows in store.written.items()}


def said(found):
    return {finding.code for finding in found}


def test_discoveries_are_new_and_repeats_are_not(shop, lived):
    rows = lived()
    store = shop(order_lines=rows)
    found = run(store, RecommendSettings(), MOMENT)
    had = {(row["customer_id"], row["product_id"]) for row in rows}
    listed = tables(store)["recommendations"]
    assert {row["list"] for row in listed} == {"repeat", "discover"}
    for row in listed:
        assert ((row["customer_id"], row["product_id"]) in had) == (row["list"] == "repeat")
    assert said(found) & {"recommend.repeat_better", "recommend.repeat_even", "recommend.repeat_plain"}


def test_habits_and_tastes_are_found_again(shop, lived):
    store = shop(order_lines=lived(n_customers=90))
    run(store, RecommendSettings(), MOMENT)
    found = {
        (row["list"], row["method"]): row for row in tables(store)["recommend_evaluation"] if row["k"] == 10
    }
    assert found["repeat", "nextbest"]["recall"] >= found["repeat", "personal_frequency"]["recall"] - 0.05
    assert found["discover", "nextbest"]["recall"] >= found["discover", "popularity"]["recall"] - 0.05
    assert found["all", "popularity"]["recall"] < found["all", "nextbest"]["recall"]
    assert found["repeat", "popularity"]["is_baseline"]
    assert [key for key, row in found.items() if row["is_chosen"]] == [
        (kind, "nextbest") for kind in ("all", "discover", "repeat")
    ]


def test_row_order_and_threads_change_nothing(shop, lived):
    rows = lived(n_customers=40)
    one, other = shop(order_lines=rows, threads=1), shop(order_lines=rows[::-1], threads=2)
    run(one, RecommendSettings(), MOMENT)
    run(other, RecommendSettings(), MOMENT)
    assert tables(one) == tables(other)


def test_orders_on_or_after_the_run_s_day_change_nothing(shop, lived):
    rows = lived(n_customers=40)
    later = [
        row | {"line_id": f"x{at}", "order_id": f"x{at}", "ordered_at": "2026-08-01T09:00:00"}
        for at, row in enumerate(rows[:200])
    ]
    now, then = shop(order_lines=rows), shop(order_lines=rows + later)
    run(now, RecommendSettings(), MOMENT)
    run(then, RecommendSettings(), MOMENT)
    assert tables(now) == tables(then)


def test_with_a_date_the_lists_do_not_know_what_came_after(shop, lived):
    rows = lived(n_customers=40)
    cut = date(2026, 5, 20)
    settings = RecommendSettings(holdout=cut)
    whole = shop(order_lines=rows)
    run(whole, settings, MOMENT)
    early = [row for row in rows if row["ordered_at"] < cut.isoformat()]
    changed = early + [row | {"product_id": "p00"} for row in rows if row["ordered_at"] >= cut.isoformat()]
    other = shop(order_lines=changed)
    run(other, settings, MOMENT)
    assert tables(whole)["recommendations"] == tables(other)["recommendations"]
    assert tables(whole)["recommend_evaluation"] != tables(other)["recommend_evaluation"]


def test_a_reason_names_only_what_the_customer_bought(shop, lived):
    rows = lived()
    store = shop(
        order_lines=rows, products=[{"product_id": f"p{n:02}", "name": f"Tea {n}"} for n in range(30)]
    )
    run(store, RecommendSettings(), MOMENT)
    had = {(row["customer_id"], row["product_id"]) for row in rows}
    because = [row for row in tables(store)["recommendations"] if row["because_id"]]
    assert because
    for row in because:
        assert (row["customer_id"], row["because_id"]) in had
        assert row["reason"] == f"Because you bought Tea {int(row['because_id'][1:])}"


def test_without_a_history_nothing_is_because_you_bought(shop, lived):
    rows = [row for row in lived() if row["customer_id"] != "c000"]
    customers = (
        [{"customer_id": "c000", "place": "Ghent"}]
        + [{"customer_id": f"c{n:03}", "place": "Ghent" if n % 2 else None} for n in range(1, 60)]
        + [{"customer_id": "new"}]
    )
    store = shop(order_lines=rows, customers=customers)
    run(store, RecommendSettings(), MOMENT)
    mine = [row for row in tables(store)["recommendations"] if row["customer_id"] in {"c000", "new"}]
    assert {(row["customer_id"], row["reason_code"]) for row in mine} == {
        ("c000", "fresh_segment"),
        ("new", "fresh"),
    }
    assert {row["reason"] for row in mine} == {
        "Popular in Ghent these weeks",
        "Popular in the shop these weeks",
    }
    assert all(row["list"] == "discover" and row["probability"] is None for row in mine)


def test_probabilities_are_shares_and_come_true(shop, lived):
    rows = lived(n_customers=250, seed=1)
    cut = date(2026, 6, 1)
    store = shop(order_lines=rows)
    run(store, RecommendSettings(holdout=cut), MOMENT)
    end = (cut + timedelta(days=28)).isoformat()
    bought = {
        (row["customer_id"], row["product_id"]) for row in rows if cut.isoformat() <= row["ordered_at"] < end
    }
    listed = [row for row in tables(store)["recommendations"] if row["list"] == "repeat"]
    chance = np.array([row["probability"] for row in listed])
    came = np.array([(row["customer_id"], row["product_id"]) in bought for row in listed])
    assert 0 <= chance.min() < chance.max() <= 1
    # The shop itself sells 7 % less in these weeks than in those before.
    assert chance.mean() == pytest.approx(came.mean(), rel=0.1)


def test_probabilities_are_tested_on_windows_they_were_not_learnt_from(shop, lived):
    cut = date(2026, 6, 1)
    store = shop(order_lines=lived(n_customers=250, seed=1))
    found = run(store, RecommendSettings(holdout=cut), MOMENT)
    rows = [row for row in tables(store)["recommend_calibration"] if row["list"] == "repeat"]
    assert {row["starts_on"] for row in rows} == {cut, cut - timedelta(28), cut - timedelta(56)}
    assert sum(row["n"] for row in rows if row["starts_on"] == cut) == sum(
        row["list"] == "repeat" for row in tables(store)["recommendations"]
    )
    assert all(row["low"] <= row["observed"] <= row["high"] for row in rows)
    assert said(found) & {"recommend.repeat_chances_held", "recommend.repeat_chances_off"}


def test_the_lists_of_one_horizon_ago_are_kept_with_what_could_be_foretold_then(shop, lived):
    lines = lived(n_customers=250, seed=1)
    store = shop(order_lines=lines)
    run(store, RecommendSettings(), Moment(as_of=date(2026, 6, 1)))
    start = date(2026, 6, 1) - timedelta(28)
    before = [row for row in lines if row["ordered_at"] < start.isoformat()]
    then = shop(order_lines=before)
    run(then, RecommendSettings(), Moment(as_of=start))
    earlier = tables(store)["earlier_recommendations"]
    assert {row["starts_on"] for row in earlier} == {start}
    assert all(0 <= row["probability"] <= 1 for row in earlier)
    repeated = {
        (row["customer_id"], row["product_id"]): row["since_days"]
        for row in earlier
        if row["list"] == "repeat"
    }
    known = {
        (row["customer_id"], row["product_id"]): row["since_days"]
        for row in tables(then)["recommendations"]
        if row["list"] == "repeat"
    }
    assert len(repeated) == len(known)
    assert len(set(repeated) & set(known)) > 0.8 * len(known)
    assert all(repeated[key] == known[key] for key in set(repeated) & set(known))


def test_an_order_sequence_is_enough(shop, lived):
    rows = [
        {
            "order_id": row["order_id"],
            "customer_id": row["customer_id"],
            "product_id": row["product_id"],
            "ordered_seq": int(row["order_id"][-2:]),
        }
        for row in lived(n_customers=40)
    ]
    store = shop(order_lines=rows)
    found = run(store, RecommendSettings(), Moment(as_of=None))
    assert "recommend.no_days" in said(found)
    listed = tables(store)["recommendations"]
    assert all(row["probability"] is None and row["gap_days"] is None for row in listed)
    assert tables(store)["recommend_evaluation"]


def test_a_day_to_hold_out_from_needs_days_within_the_data(shop, lived):
    undated = [{"order_id": "o", "customer_id": "ann", "product_id": "tea", "ordered_seq": 1}]
    with pytest.raises(SettingsError, match="no days"):
        run(shop(order_lines=undated), RecommendSettings(holdout=DAY), Moment(as_of=None))
    with pytest.raises(SettingsError, match="between"):
        run(shop(order_lines=lived(5, 4)), RecommendSettings(holdout=date(2020, 1, 1)), MOMENT)


def test_categories_can_be_recommended_instead(shop, lived):
    products = [
        {"product_id": f"p{n:02}", "category": f"kind {n // 5}", "department": "food"} for n in range(30)
    ]
    store = shop(order_lines=lived(), products=products)
    run(store, RecommendSettings(level="category"), MOMENT)
    listed = tables(store)["recommendations"]
    assert {row["product_id"] for row in listed} <= {f"kind {n}" for n in range(6)}
    assert {row["level"] for row in listed} == {"category"}


ODD = {
    "one order per customer": [("ann", "o1", 1, "tea"), ("bob", "o2", 2, "cake"), ("cid", "o3", 3, "tea")],
    "one customer": [("ann", f"o{n}", n, product) for n in range(1, 6) for product in ("tea", f"p{n}")],
    "bought by everybody": [
        (who, f"{who}{n}", n, "tea") for who in ("ann", "bob", "cid") for n in range(1, 5)
    ],
    "mostly guests": [(None, f"g{n}", n % 28 + 1, "tea") for n in range(90)]
    + [("ann", f"o{n}", n + 1, "cake") for n in range(10)],
    "nothing repeats": [(who, f"{who}{n}", n, f"{who} {n}") for who in ("ann", "bob") for n in range(1, 9)],
}


@pytest.mark.parametrize("rows", ODD.values(), ids=ODD.keys())
def test_a_shop_with_little_data_gets_a_smaller_answer_and_a_reason(shop, rows):
    lines = [
        {
            "order_id": order,
            "customer_id": who,
            "product_id": product,
            "ordered_at": f"2026-07-{day:02}T09:00:00",
        }
        for who, order, day, product in rows
    ]
    found = run(shop(order_lines=lines), RecommendSettings(), MOMENT)
    assert said(found) & {"recommend.not_judged", "recommend.nothing_repeats", "recommend.no_probability"}


def test_holdings_give_discoveries_only(shop):
    rows = [
        {"customer_id": f"c{n:02}", "product_id": product, "opened_on": f"2026-0{1 + at}-03"}
        for n in range(40)
        for at, product in enumerate(("account", "card") if n % 2 else ("account", "loan", "fund"))
    ]
    store = shop(holdings=rows)
    found = run(store, RecommendSettings(), MOMENT)
    assert {row["list"] for row in tables(store)["recommendations"]} == {"discover"}
    assert "recommend.nothing_repeats" not in said(found)


def test_no_orders_before_the_day_give_empty_tables_and_nothing_to_say(shop, lived):
    store = shop(order_lines=lived(3, 3))
    assert run(store, RecommendSettings(), Moment(as_of=date(2020, 1, 1))) == []
    assert all(not rows for rows in tables(store).values())


def test_returned_lines_and_postage_are_no_purchases(shop):
    line = {"customer_id": "ann", "order_id": "o1", "ordered_at": "2026-07-01T09:00:00"}
    store = shop(
        order_lines=[
            line | {"product_id": "tea"},
            line | {"product_id": "post", "is_product": False},
            line | {"product_id": "cake", "is_return": True},
            line | {"product_id": "jam", "cancelled_on": "2026-07-05"},
        ]
    )
    run(store, RecommendSettings(), MOMENT)
    assert [row["product_id"] for row in tables(store)["recommendations"]] == ["tea"]


def test_every_sentence_is_there_in_both_languages_with_the_same_placeholders(shop, lived):
    english, chinese = codes("en"), codes("zh")
    ours = {code for code in english if code.startswith("recommend.")}
    assert ours == {code for code in chinese if code.startswith("recommend.")}
    for finding in run(shop(order_lines=lived()), RecommendSettings(), MOMENT):
        for message in (finding.sentence, finding.evidence, finding.action):
            for language in ("en", "zh"):
                assert "{" not in render(message, language)
