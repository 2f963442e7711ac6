"""The page about the API: every curl in it runs and answers what the page shows, key by key."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "api.md"
CALLS = re.findall(
    r"```bash\n(curl .*?)```\n\n```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
)
ROUTES = re.findall(r"\| `(?:GET|POST) (/[^`?]*)", PAGE.read_text(encoding="utf-8"))


def shape(value):
    """Reduce JSON to its keys, those of a list's items once."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


@pytest.mark.parametrize(("call", "shown"), CALLS, ids=[call.split("\n")[0][:60] for call, _ in CALLS])
def test_every_curl_answers_what_the_page_shows(service, call, shown):
    environment = os.environ | {"URL": service.url, "KEY": service.server_key, "no_proxy": "*"}
    ran = subprocess.run(["bash", "-c", call], env=environment, capture_output=True, text=True, check=True)
    assert shape(json.loads(ran.stdout)) == shape(json.loads(shown))


def test_every_route_is_on_the_page():
    from nextbest.web.api.server import routes

    assert set(ROUTES) == set(routes().openapi()["paths"])
