"""Keys of the service, and one decision, from the command line."""

import json

import pytest


@pytest.fixture(autouse=True)
def shop(tmp_path):
    (tmp_path / "nextbest.toml").write_text('[shop]\ntime_zone = "UTC"\n')


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(nextbest):
    text = nextbest("keys", "create", "till").out.strip()
    listed = nextbest("keys", "list", "--json").out
    (key,) = json.loads(listed)
    assert (key["name"], key["scope"], key["revoked_at"]) == ("till", "server", None)
    assert text.startswith(f"nb_{key['key_id']}_")
    assert text.rpartition("_")[2] not in listed
    assert nextbest("keys", "revoke", key["key_id"]).code == 0
    assert json.loads(nextbest("keys", "list", "--json").out)[0]["revoked_at"]
    assert "There is no key nobody" in nextbest("keys", "revoke", "nobody").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--scope", "king"), "not king"),
        (("--scope", "browser"), "--origin"),
        (("--scope", "browser", "--origin", "shop.example"), "shop.example is no origin"),
        (("--scope", "browser", "--origin", "https://shop.example/cart"), "is no origin"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(nextbest, words, said):
    made = nextbest("keys", "create", "page", *words)
    assert made.code == 1
    assert said in made.err


def test_before_the_first_run_a_decision_is_the_fallback(nextbest):
    assert "run nextbest run" in nextbest("decide", "ann").out
    told = json.loads(nextbest("decide", "ann", "--json").out)
    assert [(one["outcome"], one["cause"]) for one in told["answers"]] == [("fallback", "snapshot_missing")]
