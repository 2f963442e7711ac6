from datetime import date

import pytest

from nextbest.base.capability import Moment
from nextbest.base.messages import render
from nextbest.decisions.campaigns import CampaignSettings
from nextbest.decisions.campaigns.run import run

OFFER = {
    "rank": 1, "offer_id": "discover:oat", "product_id": "oat", "kind": "discover", "probability": 0.2, "model_id": "m",
    "margin": 50.0, "margin_source": "given", "reason_code": "fresh", "placeholders": "{}", "reason": "New",
}  # fmt: skip
AGREED = {"purpose": "marketing", "status": "granted", "changed_at": "2026-01-01T00:00:00"}
NONE = {"control_share": 0, "no_control_because": "the law"}


def said(make_store, typed, *, n=2000, margin=50.0, consents=True):
    names = [f"c{number:04}" for number in range(n)]
    tables = {"consents": [AGREED | {"customer_id": name} for name in names]} if consents else {}
    store = make_store(
        next_best_offers=[OFFER | {"customer_id": name, "margin": margin} for name in names], **tables
    )
    found = run(store, CampaignSettings.read(typed, "[campaign]"), Moment(date(2026, 3, 1), 1))
    for finding in found:
        for language in ("en", "zh"):
            for message in (finding.sentence, finding.evidence, finding.action):
                assert "{" not in render(message, language, currency="GBP")
    return {
        finding.code.removeprefix("campaign."): render(finding.sentence, currency="GBP") for finding in found
    }


@pytest.mark.parametrize(
    ("typed", "more", "codes"),
    [
        ({}, {}, {"planned_expected", "untested_free", "control_weak"}),
        (
            {"contact_cost": 1, "budget": 100},
            {},
            {"planned_expected", "untested", "control_weak", "budget", "left_out"},
        ),
        (
            {"incremental_share": 0.1, "contact_cost": 0.5, "visible_share": 0.9},
            {},
            {"planned_incremental", "control"},
        ),
        (NONE, {"margin": None}, {"planned_purchases", "no_control"}),
        (
            {},
            {"n": 5, "consents": False},
            {"planned_expected", "untested_free", "control_too_small", "no_consents", "no_contacts"},
        ),
        ({"contact_cost": 99}, {"n": 5}, {"nobody"}),
    ],
)
def test_each_plan_says_what_there_is_to_say(make_store, typed, more, codes):
    assert set(said(make_store, typed, **more)) - {"no_contacts"} == codes - {"no_contacts"}


def test_an_untested_profit_is_never_called_a_gain(make_store):
    sentence = said(make_store, {})["planned_expected"]
    assert "with or without the contact" in sentence
    assert "add" not in sentence


def test_a_reason_is_read_in_words(make_store):
    sentence = said(make_store, {"contact_cost": 99}, n=5)["nobody"]
    assert sentence == (
        "campaign reaches nobody: most of the 5 customers with an offer are left out because the contact costs more "
        "than it brings."
    )
