"""The Python client against the running service."""

import pytest

from nextbest.client import Client


def test_a_decision_is_asked_for_and_its_outcome_told(service):
    client = Client(service.url, service.server_key)
    offer = client.decide(["home"], customer_id="c8")["home"]["offers"][0]
    told = client.track("Decision Shown", customer_id="c8", decision_id=offer["decision_id"])
    assert told["accepted"] == 1


def test_a_client_speaks_http_only():
    with pytest.raises(ValueError, match="file"):
        Client("file:///etc/passwd", "key")
