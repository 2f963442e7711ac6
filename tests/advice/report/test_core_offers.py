"""Lists, offers, steps and profit: which rows are shown, in which order."""

import pyarrow as pa
import pytest
from tests.advice.report.typed import campaign_tables, offer_tables, profit_tables

from nextbest.advice.report.core.campaign import campaigns_of
from nextbest.advice.report.core.offers import list_scores, offers_of
from nextbest.advice.report.core.profit import profit_of


@pytest.fixture
def offers(arrow):
    return arrow(offer_tables())


def test_the_chosen_method_stands_once_and_under_the_name_of_what_is_behind_it(offers):
    repeat, discover = list_scores(offers["recommend_evaluation"])
    assert [method.method for method in repeat.methods] == ["blend", "personal_frequency", "popularity"]
    assert repeat.chosen.low == pytest.approx(0.36 - 1.96 * 0.008)
    assert repeat.baseline.method == "personal_frequency"
    assert discover.k == 10


def test_plain_methods_that_make_one_and_the_same_list_are_shown_once(offers):
    _, discover = list_scores(offers["recommend_evaluation"])
    assert [method.method for method in discover.methods] == ["blend", "popularity"]


def test_a_list_made_by_a_plain_method_has_no_better_baseline(offers):
    plain = [
        row | {"uses": "popularity" if row["is_chosen"] else row["uses"]}
        for row in offers["recommend_evaluation"].to_pylist()
        if row["method"] in {"nextbest", "popularity"}
    ]
    for score in list_scores(pa.Table.from_pylist(plain)):
        assert score.chosen.is_baseline
        assert score.baseline is None


def test_every_customer_product_and_pointer_is_an_example_once(offers):
    shown = offers_of(offers, 3).examples
    assert [(row["kind"], row["customer_id"], row["said"]["product"]) for row in shown] == [
        ("replenish", "ann", "Oat milk"),
        ("cross_sell", "bob", "Paper filters"),
        ("up_sell", "cid", "Single origin"),
    ]


def test_candidates_that_were_not_looked_at_are_told_apart_from_those_ruled_out(offers):
    found = offers_of(offers, 3)
    assert [row["reason"] for row in found.ruled_out] == ["has_alike", "just_bought"]
    assert found.beyond["n_candidates"] == 3438
    looked_at = found.n_offers + sum(row["n_candidates"] for row in found.ruled_out)
    assert looked_at == found.reach["n_candidates"]


def test_nothing_offered_is_no_section():
    assert offers_of({}, 3) is None
    assert profit_of({}) is None
    assert campaigns_of({}) == []


def test_heads_with_a_verdict_come_first(arrow):
    profit = profit_of(arrow(profit_tables()))
    assert [row["head"] for row in profit.heads] == ["Red wine", "Strawberry jam"]
    assert (profit.n_heads, profit.n_clear, profit.is_calibrated) == (2, 1, True)


def test_a_campaign_is_shown_at_its_own_budget_and_without_a_best_until_it_is_tested(arrow):
    (assumed,) = campaigns_of(arrow(campaign_tables()))
    assert assumed.level["budget_level"] == 1
    assert sorted(assumed.curves) == [0.05, 0.1, 0.2]
    assert assumed.best is None
    assert assumed.n_consent_assumed == 1100
    (tested,) = campaigns_of(arrow(campaign_tables(tested=0.15)))
    assert tested.best["depth"] == 0.5


def test_promises_of_all_offers_stand_before_those_of_each_kind():
    calibration = pa.Table.from_pylist(
        [
            {"kind": kind, "decile": decile, "n": 10}
            for kind in ("all", "cross_sell", "replenish")
            for decile in (0, 1)
        ]
    )
    kinds = pa.Table.from_pylist([{"kind": "replenish", "n_offers": 10, "n_tested": 0}])
    offers = offers_of({"offer_kinds": kinds, "offer_calibration": calibration}, 3)
    assert [(row["kind"], row["decile"]) for row in offers.promises] == [
        ("all", 0),
        ("replenish", 0),
        ("cross_sell", 0),
    ]
