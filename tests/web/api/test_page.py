"""The page about the API: every curl in it runs and answers what the page shows, key by key; every route has one."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
CALLS = re.findall(
    r"```bash\n((?:printf[^\n]*\n  )?curl .*?)```\n\n```(json|text)\n(.*?)```", PAGE, re.DOTALL
)
ROUTES = re.findall(r"\| `(?:GET|POST|DELETE) (/[^`?]*)", PAGE)


def same(told, shown):
    """Compare keys: of what may be empty or absent, one side is enough; of lists, the first items."""
    if isinstance(told, dict) and isinstance(shown, dict):
        return told.keys() == shown.keys() and all(same(told[name], shown[name]) for name in told)
    if isinstance(told, list) and isinstance(shown, list):
        return not told or not shown or same(told[0], shown[0])
    return (
        told is None
        or shown is None
        or type(told) is type(shown)
        or {type(told), type(shown)} <= {int, float}
    )


def documents(text):
    """Read one JSON document after the other."""
    decoder, at, found = json.JSONDecoder(), 0, []
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found


@pytest.fixture(scope="session")
def decision(server):
    asked = {"subject": {"anonymous_id": "a-77"}, "placements": [{"id": "home", "limit": 1}]}
    offer = server.post("/v1/decide", json=asked).json()["placements"]["home"]["offers"][0]
    return offer["decision_id"]


@pytest.mark.parametrize(
    ("call", "kind", "shown"), CALLS, ids=[call.split("\n")[0][:60] for call, _, _ in CALLS]
)
def test_every_curl_answers_what_the_page_shows(service, decision, call, kind, shown):
    named = {"URL": service.url, "KEY": service.server_key, "DECISION": decision, "no_proxy": "*"}
    ran = subprocess.run(
        ["bash", "-c", call], env=os.environ | named, capture_output=True, text=True, check=True
    )
    if kind == "text":
        assert ran.stdout.split("{")[0] == shown.split("{")[0]
        return
    told, (expected,) = documents(ran.stdout), documents(shown)
    assert told
    for one in told:
        assert same(one, expected), one


def test_every_route_is_on_the_page():
    from nextbest.web.api.server import routes

    assert set(ROUTES) == set(routes().openapi()["paths"])


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_has_a_call(route):
    called = set(re.findall(r"\$URL(/[\w/.-]*(?:\$DECISION)?)", PAGE))
    path = re.sub(r"{\w+}", "[^/]+", route)
    assert any(re.fullmatch(path, one) for one in called), f"{route} has no curl"
