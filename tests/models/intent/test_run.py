"""From events to a model that tells the truth of a made-up shop."""

from datetime import date

import numpy as np
import pytest

from nextbest.base.capability import Moment
from nextbest.base.messages import render
from nextbest.models.intent.core.reading import Row, by_visitor
from nextbest.models.intent.core.scoring import Scorer, columns_of
from nextbest.models.intent.core.steps import Steps, visits_of
from nextbest.models.intent.core.visit import follow
from nextbest.models.intent.run import run
from nextbest.models.intent.spec import FEATURES, MODEL_FILE, IntentSettings

MOMENT = Moment(None, seed=1)
PROFILES = [
    {"product_id": "p1", "as_of": "2026-03-01", "n_orders": 5, "revenue_total": "300", "margin_share": 0.4, "margin_source": "given"},
    {"product_id": "p2", "as_of": "2026-03-01", "n_orders": 5, "revenue_total": "100", "margin_share": 0.2, "margin_source": "given"},
    {"product_id": "p3", "as_of": "2026-03-01", "n_orders": 5, "revenue_total": "900", "margin_share": 0.9, "margin_source": "assumed"},
]  # fmt: skip


@pytest.fixture(scope="module")
def learnt():
    """Run once for all tests of this file: they look, they change nothing."""
    return {}


def results(make_store, events, learnt):
    if not learnt:
        rows = events(2000)
        store = make_store(events=rows, product_profiles=PROFILES)
        learnt |= {"findings": run(store, IntentSettings(), MOMENT), "store": store}
    return learnt


def test_a_made_up_shop_is_found_out(make_store, events, learnt):
    found = results(make_store, events, learnt)
    newest = {
        (row["model"], row["events_from"]): row
        for row in found["store"].written["intent_evaluation"].to_pylist()
        if row["judged_on"] == "newest"
    }
    chosen = next(row for row in newest.values() if row["is_chosen"] and row["events_from"] == 0)
    assert chosen["auc"] > newest["baseline", 0]["auc"] + 0.02
    assert chosen["log_loss"] < newest["baseline", 0]["log_loss"]
    assert chosen["calibration_error"] < 0.05


def test_told_probabilities_come_true_in_visits_that_were_not_learnt_from(make_store, events, learnt):
    scorer = Scorer.read(results(make_store, events, learnt)["store"].files[MODEL_FILE])
    fresh = Steps.of(visits_of(by_visitor(Row(**row) for row in events(3000, seed=7)), until=10**15))
    told = scorer.fitted.model.predict(columns_of(fresh.features))
    for part in np.array_split(np.argsort(told), 5):
        assert told[part].mean() == pytest.approx(fresh.target[part].mean(), abs=0.05)


def test_findings_say_it_in_both_languages(make_store, events, learnt):
    learned, coupon = results(make_store, events, learnt)["findings"]
    assert (learned.code, coupon.code) == ("intent.learnt", "intent.no_coupon")
    for finding in (learned, coupon):
        for language in ("en", "zh"):
            assert render(finding.sentence, language)
            assert render(finding.evidence, language)


def test_a_cheap_coupon_pays_where_margins_are_known(make_store, events):
    rows = events(600)
    settings = IntentSettings(coupon_share=0.03, coupon_odds=2, most_rows=1000)
    *_, coupon = run(make_store(events=rows, product_profiles=PROFILES), settings, MOMENT)
    assert coupon.code == "intent.coupon"
    assert coupon.values["margin_share"] == pytest.approx(0.35)
    assert coupon.values["below"] == pytest.approx((2 * (1 - 0.03 / 0.35) - 1) / 1)
    assert coupon.margin_source == "given"


def test_without_margins_nothing_is_said_of_coupons(make_store, events):
    rows = events(600)
    findings = run(make_store(events=rows), IntentSettings(most_rows=1000), MOMENT)
    assert [finding.code for finding in findings] == ["intent.learnt"]


def test_too_few_visits_are_no_evidence(make_store, events):
    rows = events(40)
    store = make_store(events=rows)
    (finding,) = run(store, IntentSettings(), MOMENT)
    assert (finding.code, finding.values["n_visits"]) == ("intent.too_few", 39)
    assert store.written["intent_evaluation"].num_rows == 0
    assert MODEL_FILE not in store.files


def test_where_the_cart_says_all_there_is_no_model(make_store):
    rng = np.random.default_rng(3)
    rows = []
    for number in range(600):
        at = np.datetime64("2026-01-01T00:00:00") + np.timedelta64(int(rng.integers(0, 5_000_000)), "s")
        kinds = ["Page Viewed", "Order Completed"] if rng.random() < 0.3 else ["Page Viewed"]
        rows += [
            {"event_id": f"e{number}-{step}", "anonymous_id": f"a{number}", "type": kind, "occurred_at": (at + np.timedelta64(step, "m")).item()}
            for step, kind in enumerate(kinds)
        ]  # fmt: skip
    store = make_store(events=rows)
    (finding,) = run(store, IntentSettings(), MOMENT)
    assert finding.code == "intent.no_better"
    assert MODEL_FILE not in store.files


def test_nothing_on_or_after_the_day_is_seen(make_store, events):
    rows = events(500)
    day = date(2026, 2, 10)
    early = [row for row in rows if row["occurred_at"].date() < day]
    settings = IntentSettings(most_rows=1000)
    whole, part = make_store(events=rows), make_store(events=early)
    said = [run(store, settings, Moment(day, seed=1)) for store in (whole, part)]
    assert said[0] == said[1]
    assert whole.written["intent_evaluation"].equals(part.written["intent_evaluation"])


def test_the_order_of_rows_and_threads_change_nothing(make_store, events):
    rows = events(400)
    settings = IntentSettings(most_rows=1000)
    one, other = make_store(events=rows, threads=1), make_store(events=rows[::-1], threads=2)
    assert run(one, settings, MOMENT) == run(other, settings, MOMENT)
    assert one.files == other.files


def test_reasons_name_what_raises_first_and_sum_up_to_log_odds(make_store, events, learnt):
    scorer = Scorer.read(results(make_store, events, learnt)["store"].files[MODEL_FILE])
    rows = [
        {"event_id": f"e{step}", "anonymous_id": "a", "type": kind, "occurred_at": np.datetime64(f"2026-01-01T00:0{step}:00").item(), "product_id": "p1"}
        for step, kind in enumerate(["Product Viewed", "Product Added", "Product Added"])
    ]  # fmt: skip
    visit = follow(by_visitor(Row(**row) for row in rows)["a:a"])
    reasons = scorer.reasons(visit)
    assert all(reason.feature in FEATURES for reason in reasons)
    assert [reason.adds > 0 for reason in reasons] == sorted(
        (reason.adds > 0 for reason in reasons), reverse=True
    )
    assert scorer.baseline(visit) > scorer.baseline(follow([]))
    assert scorer.as_of == "2026-03-02"
    assert scorer.baseline(follow([])) < scorer.usual < scorer.baseline(visit)
