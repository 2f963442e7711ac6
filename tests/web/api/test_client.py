"""The Python client against the running service, and against one that stumbles."""

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.error import HTTPError

import pytest

from nextbest.client import Client


@pytest.fixture
def client(service):
    return Client(service.url, service.server_key)


def test_a_decision_is_asked_for_and_its_outcome_told(client):
    offer = client.decide(["home"], customer_id="c8")["home"]["offers"][0]
    told = client.track("Decision Shown", customer_id="c8", decision_id=offer["decision_id"])
    assert told["accepted"] == 1


def test_the_same_key_is_the_same_decision(client):
    key = uuid.uuid4().hex
    first, again = (client.decide(["home"], anonymous_id="a", idempotency_key=key) for _ in range(2))
    assert first == again


def test_lists_and_customers_are_looked_up(client):
    assert client.recommendations("related", product_id="tea", limit=1)[0]["product_ids"] == ["pot"]
    assert client.customer("ann")["facts"] == {"place": "Oslo"}
    with pytest.raises(HTTPError, match="404") as told:
        client.customer("nobody/at all")
    told.value.close()


def test_a_client_speaks_http_only():
    with pytest.raises(ValueError, match="file"):
        Client("file:///etc/passwd", "key")


@pytest.fixture
def stumbling():
    """Serve a service that hangs up, then asks to come later, then answers; it remembers what it was told."""
    seen = []

    class Stumbling(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            if len(seen) == 1:
                self.close_connection = True
                return
            self.send_response(503 if len(seen) == 2 else 200)
            self.send_header("retry-after", "0")
            self.end_headers()
            self.wfile.write(b'{"accepted": 1, "placements": {}}')

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Stumbling) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()


def test_an_event_without_an_answer_is_sent_again_under_the_same_id(stumbling):
    url, seen = stumbling
    assert Client(url, "key").track("Cart Viewed", customer_id="ann")["accepted"] == 1
    assert len({one["messageId"] for one in seen}) == 1
    assert len(seen) == 3


def test_a_decision_is_asked_for_again_only_under_a_key(stumbling):
    url, seen = stumbling
    with pytest.raises(ConnectionError):
        Client(url, "key").decide(["home"])
    assert len(seen) == 1
    assert Client(url, "key").decide(["home"], idempotency_key="k") == {}
    assert len(seen) == 3
