"""One campaign from typed rows; customers are called by what should become of them."""

from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextbest.base.capability import Moment
from nextbest.base.errors import SettingsError
from nextbest.decisions.campaigns import CampaignSettings
from nextbest.decisions.campaigns.run import run
from nextbest.decisions.campaigns.run.sending import Mailing, outgoing

DAY = Moment(date(2026, 3, 1), seed=1)


def offer(customer, product="oat", probability=0.2, margin=50.0, **more):
    return {
        "customer_id": customer,
        "rank": 1,
        "offer_id": f"discover:{product}",
        "product_id": product,
        "kind": "discover",
        "probability": probability,
        "model_id": "recommend",
        "margin": margin,
        "margin_source": None if margin is None else "given",
        "reason_code": "fresh",
        "placeholders": "{}",
        "reason": "New",
    } | more


def granted(customer, channel=None, status="granted", at="2026-01-01T00:00:00", purpose="marketing"):
    return {
        "customer_id": customer,
        "purpose": purpose,
        "channel": channel,
        "status": status,
        "changed_at": at,
    }


def planned(make_store, offers, typed=None, moment=DAY, **tables):
    """Plan and give tables as lists of rows."""
    tables.setdefault("consents", [granted(row["customer_id"]) for row in offers] or [granted("nobody")])
    store = make_store(next_best_offers=offers, **tables)
    run(store, CampaignSettings.read(typed or {}, "[campaign]"), moment)
    return {name: rows.to_pylist() for name, rows in store.written.items()}


def reasons(made):
    return {row["reason"]: row["n_customers"] for row in made["campaign_exclusions"]}


def in_audience(made):
    return {row["customer_id"] for row in made["campaign_audience"]}


def test_everybody_with_an_offer_is_in_the_audience_or_counted_by_the_first_reason(make_store):
    names = ["ann", "young", "quiet", "lately", "denied", "silent", "unreachable", "poor", "elsewhere"]
    offers = [offer(name, probability=0.001 if name == "poor" else 0.3) for name in names]
    made = planned(
        make_store,
        offers,
        {
            "channels": "sms",
            "contact_cost": 1,
            "control_share": 0,
            "no_control_because": "a test",
            "where": "place = 'Leeds'",
        },
        customers=[
            {
                "customer_id": name,
                "birth_on": date(2013, 1, 1) if name == "young" else date(1990, 1, 1),
                "phone": None if name == "unreachable" else "1",
                "place": "York" if name == "elsewhere" else "Leeds",
            }
            for name in names
        ],
        consents=[granted(name) for name in names if name not in {"denied", "silent"}]
        + [granted("denied"), granted("denied", "SMS", "revoked", "2026-02-01T00:00:00")],
        tags=[
            {"customer_id": "quiet", "tag": "免打扰"},
            {"customer_id": "ann", "tag": "do_not_disturb", "until_on": date(2026, 2, 1)},
        ],
        exposures=[{"customer_id": "lately", "exposed_at": "2026-02-27T10:00:00"}],
    )
    assert in_audience(made) == {"ann"}
    assert reasons(made) == {
        "where": 1,
        "under_age": 1,
        "do_not_disturb": 1,
        "contacted_lately": 1,
        "no_contact": 1,
        "consent_denied": 1,
        "consent_unknown": 1,
        "not_worth_it": 1,
    }


@pytest.mark.parametrize(
    ("rows", "may"),
    [
        ([granted("ann")], True),
        ([granted("ann", "e-mail")], True),
        ([granted("ann", "邮件", "同意")], True),
        ([granted("ann", "sms")], False),
        ([granted("ann", purpose="analytics")], False),
        ([granted("ann", status="denied"), granted("ann", "email", at="2026-02-01T00:00:00")], True),
        ([granted("ann", "email"), granted("ann", status="revoked", at="2026-02-01T00:00:00")], False),
        ([granted("ann"), granted("ann", "email", "denied")], False),
        ([granted("ann", status="perhaps")], False),
        ([granted("ann"), granted("ann", purpose="personalisation", status="denied")], False),
        ([granted("ann"), granted("ann", purpose="个性化推荐", status="拒绝")], False),
        ([granted("ann"), granted("ann", purpose="personalisation")], True),
    ],
)
def test_the_latest_word_on_the_channel_or_on_all_counts_and_at_the_same_time_the_refusal(
    make_store, rows, may
):
    made = planned(make_store, [offer("ann")], consents=rows)
    assert bool(in_audience(made)) is may


def test_each_customer_gets_the_offer_worth_most_and_ties_go_to_the_smaller_id(make_store):
    offers = [
        offer("ann", "oat", 0.2, 10),
        offer("ann", "tea", 0.1, 30),
        offer("bob", "tea"),
        offer("bob", "oat"),
    ]
    made = planned(make_store, offers)
    assert {row["customer_id"]: row["product_id"] for row in made["campaign_audience"]} == {
        "ann": "tea",
        "bob": "oat",
    }


def test_the_control_group_is_drawn_by_chance_and_planned_by_the_same_rule(make_store):
    offers = [offer(f"c{number:04}", probability=0.05 + number % 50 / 100) for number in range(2000)]
    made = planned(make_store, offers, {"control_share": 0.25, "contact_cost": 1, "budget": 600})
    rows = made["campaign_audience"]
    treated = [row for row in rows if row["group"] == "treatment"]
    control = [row for row in rows if row["group"] == "control"]
    assert len(treated) == 600
    assert len(control) / len(rows) == pytest.approx(0.25, abs=0.02)
    means = [np.mean([row["probability"] for row in group]) for group in (treated, control)]
    assert means[0] == pytest.approx(means[1], abs=0.01)
    assert {row["assignment_probability"] for row in treated} == {0.75}
    assert {row["assignment_probability"] for row in control} == {0.25}


def test_budgets_from_half_to_double_bring_more_and_more_at_a_falling_rate(make_store):
    offers = [offer(f"c{number:03}", probability=0.01 + number / 500) for number in range(400)]
    made = planned(make_store, offers, {"contact_cost": 2, "budget": 200, "control_share": 0.1})
    levels = made["campaign_budgets"]
    assert [row["budget"] for row in levels] == [100, 150, 200, 300, 400]
    assert [row["n"] for row in levels] == [50, 75, 100, 150, 200]
    profits = [row["expected_profit"] for row in levels]
    assert profits == sorted(profits)
    worth = [row["worth_of_more"] for row in levels]
    assert worth == sorted(worth, reverse=True)


def test_a_tested_share_decides_and_gives_a_best_depth(make_store):
    offers = [offer(f"c{number:03}", probability=number / 400) for number in range(1, 200)]
    made = planned(make_store, offers, {"contact_cost": 1, "incremental_share": 0.1, "discount": 1})
    assert min(row["probability"] for row in made["campaign_audience"]) * (0.1 * 50 - 1) > 1
    (level,) = (row for row in made["campaign_budgets"] if row["budget_level"] == 1)
    assert level["objective"] == "incremental"
    assert level["incremental_profit"] > 0
    best = [row for row in made["profit_curve"] if row["is_best"]]
    assert len(best) == 1
    assert best[0]["incremental_profit"] == max(row["incremental_profit"] for row in made["profit_curve"])


def test_an_unknown_share_is_drawn_at_three_values_and_none_is_called_best(make_store):
    made = planned(make_store, [offer("ann"), offer("bob")])
    assert {row["incremental_share"] for row in made["profit_curve"]} == {0.05, 0.1, 0.2}
    assert {row["is_best"] for row in made["profit_curve"]} == {None}
    assert all(row["incremental_profit"] is None for row in made["campaign_audience"])


def test_without_margins_purchases_are_counted(make_store):
    made = planned(make_store, [offer("ann", margin=None), offer("bob", probability=0.5, margin=None)])
    assert [row["customer_id"] for row in made["campaign_audience"]] == ["bob", "ann"] or made[
        "campaign_audience"
    ]
    (level,) = (row for row in made["campaign_budgets"] if row["budget_level"] == 1)
    assert (level["objective"], level["expected_profit"]) == ("purchases", None)
    assert made["profit_curve"] == []


def test_a_margin_of_the_settings_comes_first(make_store):
    made = planned(make_store, [offer("ann", margin=None)], {"margin": "oat=8, tea=3"})
    (row,) = made["campaign_audience"]
    assert (row["margin"], row["margin_source"]) == (8, "given")
    assert row["expected_profit"] == pytest.approx(1.6)


def test_named_campaigns_stand_side_by_side(make_store):
    offers = [offer("ann", "oat"), offer("bob", "tea")]
    made = planned(make_store, offers, {"spring": {"offers": ["oat"]}, "tea": {"offers": ["discover:tea"]}})
    assert {(row["campaign_id"], row["customer_id"]) for row in made["campaign_audience"]} == {
        ("spring", "ann"),
        ("tea", "bob"),
    }


def test_an_offer_that_nobody_knows_is_named(make_store):
    with pytest.raises(SettingsError, match='nothing is called "beer"'):
        planned(make_store, [offer("ann")], {"offers": "beer"})


def test_models_of_propensity_are_offers_too(make_store):
    scores = [
        {
            "model_id": model,
            "target": target,
            "customer_id": name,
            "propensity": p,
            "rank": 1,
            "decile": 1,
            "reasons": "r",
            "because": "[]",
            "row": row,
        }
        for row, (model, target, name, p) in enumerate(
            [("card", "card", "ann", 0.3), ("loan", "loan", "ann", 0.1), ("card", "card", "bob", 0.2)]
        )
    ]
    store = make_store(propensity_scores=scores)
    run(store, CampaignSettings.read({"margin": {"card": 10, "loan": 100}}, "[campaign]"), DAY)
    rows = store.written["campaign_audience"].to_pylist()
    assert {row["customer_id"]: row["offer_id"] for row in rows} == {"ann": "loan", "bob": "card"}
    assert {row["consent"] for row in rows} == {"assumed"}


def test_no_probability_is_said(make_store):
    store = make_store(next_best_offers=[offer("ann", probability=None)])
    (finding,) = run(store, CampaignSettings(), DAY)
    assert finding.code == "campaign.no_probability"


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_laws_hold_on_any_data(make_store, data):
    """One offer each, limits kept, consent respected, control never exported, the order of rows without effect."""
    names = data.draw(
        st.lists(st.text("abc😀客", min_size=1, max_size=3), unique=True, min_size=1, max_size=12)
    )
    probability = st.sampled_from([0.01, 0.1, 0.1, 0.5, 0.9])
    offers = [
        offer(name, product, data.draw(probability), data.draw(st.sampled_from([5.0, 20.0])))
        for name in names
        for product in data.draw(st.lists(st.sampled_from(["oat", "tea"]), unique=True, min_size=1))
    ]
    agreed = {name: data.draw(st.sampled_from(["granted", "denied", None])) for name in names}
    consents = [granted(name, status=status) for name, status in agreed.items() if status] or [
        granted("else")
    ]
    typed = {
        "channels": ["email", "sms"],
        "contact_cost": {"email": 0.2, "sms": 0.5},
        "capacity": {"sms": data.draw(st.integers(0, 4))},
        "budget": data.draw(st.sampled_from([0.5, 1.3, 4.0])),
        "control_share": data.draw(st.sampled_from([0.05, 0.3])),
    }
    made = planned(make_store, offers, typed, consents=consents)
    again = planned(make_store, offers[::-1], typed, consents=consents[::-1])
    assert made == again
    rows = made["campaign_audience"]
    assert len(in_audience(made)) == len(rows)
    assert len(rows) + sum(reasons(made).values()) == len(names)
    assert all(agreed[row["customer_id"]] == "granted" for row in rows)
    treated = [row for row in rows if row["group"] == "treatment"]
    assert sum({"email": 0.2, "sms": 0.5}[row["channel"]] for row in treated) <= typed["budget"] + 1e-9
    assert sum(row["channel"] == "sms" for row in treated) <= typed["capacity"]["sms"]
    if rows:
        store = make_store(
            campaign_audience=rows, consents=consents, customers=[{"customer_id": name} for name in names]
        )
        own = CampaignSettings.read(typed, "[campaign]")
        out = outgoing(store, Mailing("campaign", own, DAY.as_of, "crm", "en"))
        assert set(out.rows["customer_id"].to_pylist()) == {row["customer_id"] for row in treated}
        assert out.enrolled.num_rows == len(rows)
