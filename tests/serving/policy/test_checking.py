import pytest

from nextbest.base.errors import SettingsError
from nextbest.base.messages import render
from nextbest.serving.decide import COLUMNS
from nextbest.serving.policy import Policy, check, read


def sentences(**values):
    return [render(problem) for problem in check(Policy.read(values, "policy"), COLUMNS)]


def test_the_policy_that_every_shop_has_is_sound():
    assert sentences() == []
    moments = {placement.moment for placement in Policy().placements}
    assert moments == {"before", "during", "after"}


def test_what_is_wrong_is_said_in_plain_sentences():
    told = sentences(
        placements=[
            {"id": "home", "sources": ["offers", "stars", "list:gifts"]},
            {"id": "home", "sources": []},
        ],
        rules=[
            {"name": "a", "stage": "eligibility", "where": "ages > 18", "placements": ["hom"]},
            {"name": "b", "stage": "eligibility", "where": "age >"},
            {"name": "c", "stage": "eligibility", "where": "age + 1"},
        ],
        caps=[
            {"per": "customer", "limit": 2},
            {"per": "customer", "limit": 2, "days": 7, "for_ever": True, "channels": []},
        ],
    )
    assert 'placements: the name "home" is given twice. Give each its own.' in told
    assert any(one.startswith('placements.home.sources: there is no source "stars"') for one in told)
    assert any('there is no list "gifts"' in one for one in told)
    assert any(
        'rules.a.where: Position 1: there is no column "ages". Did you mean "age"?' in one for one in told
    )
    assert any(one.startswith("rules.b.where: ") for one in told)
    assert any(one.startswith("rules.c.where: ") for one in told)
    assert any(one.startswith('rules.a: there is no placement "hom"') for one in told)
    assert "caps, number 1: a cap needs days, the length of its window, or for_ever = true." in told
    assert len([one for one in told if one.startswith("caps, number 2")]) == 2


def test_a_misspelt_channel_is_found_since_it_would_protect_nobody():
    told = sentences(
        caps=[{"per": "customer", "limit": 2, "days": 7, "channels": ["e-mail"]}],
        quiet_hours={"channels": ["text"]},
        placements=[{"id": "home", "sources": ["offers"], "channels": ["web", "kiosk", "fax"]}],
    )
    assert [one.split(" Known")[0] for one in told] == [
        'quiet_hours.channels: there is no channel "text".',
        'caps, number 1: there is no channel "e-mail".',
        'placements.home.channels: there is no channel "fax".',
    ]
    assert sentences(own_channels=["fax"], placements=[{"id": "a", "sources": [], "channels": ["fax"]}]) == []


@pytest.mark.parametrize("text", ["{", "a = ", '{"placements": 3}', '{"nonsense": 1}', "[" * 10_000])
def test_a_document_that_is_no_policy_is_refused_with_a_sentence(text):
    with pytest.raises(SettingsError, match="policy"):
        read(text)


def test_json_and_toml_say_the_same():
    assert read('{"holdout": {"share": 0.1}}') == read("[holdout]\nshare = 0.1")


@pytest.mark.parametrize(
    "values",
    [
        {"quiet_hours": {"start": "21:00Z"}},
        {"rest_days": 1e16},
        {"caps": [{"per": "customer", "limit": 1, "days": 1e300}]},
        {"suitability": {"max_assessment_days": 10**12}},
    ],
)
def test_times_have_no_zone_and_windows_end_within_a_century(values):
    with pytest.raises(SettingsError, match="policy"):
        Policy.read(values, "policy")
