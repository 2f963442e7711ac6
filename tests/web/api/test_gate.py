"""Who gets in, and how a refusal reads."""

import httpx
import pytest

VIEW = {"type": "track", "event": "Product Viewed", "userId": "ann", "properties": {"product_id": "tea"}}


def problem(answer, status, code):
    """Check that an answer is a problem of RFC 9457 and give it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["code"]) == (status, code)
    assert told["request_id"] == answer.headers["x-request-id"]
    assert told["type"] == f"urn:nextbest:{code}"
    return told


def test_health_needs_no_key(service):
    assert httpx.get(f"{service.url}/health/live").json() == {"status": "live"}
    assert httpx.get(f"{service.url}/health/ready").json()["snapshot"] == "r1"


def test_without_a_key_nothing_is_done(service):
    problem(httpx.post(f"{service.url}/v1/events", json=VIEW), 401, "api.no_key")


@pytest.mark.parametrize("key", ["nb_0_0", "' or 1=1 --", "nb_000000000000_x", "x" * 5000])
def test_a_key_that_is_none_opens_nothing(service, key):
    with service.client(key) as client:
        problem(client.post("/v1/events", json=VIEW), 401, "api.bad_key")


def test_segments_libraries_send_the_key_as_a_users_name(service):
    answer = httpx.post(f"{service.url}/v1/track", json=VIEW, auth=(service.server_key, ""))
    assert answer.status_code == 202


def test_a_browsers_key_opens_no_route_of_servers(browser):
    problem(browser.get("/metrics"), 403, "api.not_for_browsers")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_a_browsers_key_is_for_its_own_pages(service, origin):
    with service.client(service.browser_key, origin=origin) as client:
        problem(client.post("/v1/events", json=VIEW), 403, "api.origin")


def test_a_browser_may_ask_before_it_sends(service):
    asking = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    answer = httpx.options(f"{service.url}/v1/decide", headers=asking)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert "authorization" in answer.headers["access-control-allow-headers"]
    other = httpx.options(f"{service.url}/v1/decide", headers=asking | {"origin": "https://evil.example"})
    problem(other, 403, "api.origin")
    assert "access-control-allow-origin" not in other.headers


def test_a_request_keeps_the_id_that_it_came_with(server):
    assert (
        server.post("/v1/events", json=VIEW, headers={"x-request-id": "a-1"}).headers["x-request-id"] == "a-1"
    )
    assert (
        server.post("/v1/events", json=VIEW, headers={"x-request-id": "a b"}).headers["x-request-id"] != "a b"
    )


def test_what_is_not_there_is_a_problem(server):
    problem(server.get("/v1/nothing"), 404, "api.no_route")
    problem(server.get("/v1/decide"), 405, "api.method")
    assert server.post("/v1/customers/ann").headers["allow"] == "DELETE, GET"


def test_a_refusal_reads_in_the_callers_language(server):
    told = problem(server.get("/v1/nothing", headers={"accept-language": "zh-CN"}), 404, "api.no_route")
    assert told["detail"] == "没有这个接口。"


def test_too_much_at_once_is_refused_unread(server):
    problem(server.post("/v1/events", content=b"[" + b" " * 10_000_000 + b"]"), 413, "api.too_large")


def test_other_media_are_refused(server):
    answer = server.post("/v1/events", content=b"<a/>", headers={"content-type": "application/xml"})
    problem(answer, 415, "api.media")


def test_the_log_tells_of_requests_but_not_of_people(service, server):
    server.post("/v1/track", json=VIEW | {"userId": "secret-ann"}, headers={"x-request-id": "seen-1"})
    server.get("/v1/customers/secret-ann")
    log = (service.folder / "log").read_text()
    assert "POST /v1/track 202" in log
    assert "seen-1" in log
    assert "secret-ann" not in log
    assert service.server_key not in log
