"""The committed OpenAPI document is what the routes are."""

import json
from pathlib import Path

import httpx
import jsonschema

from nextbest.web.api.describing import document
from nextbest.web.api.server import routes

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"


def references(value):
    """Find every reference in a document."""
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [one for inner in value.values() for one in references(inner)]
    return [one for inner in value for one in references(inner)] if isinstance(value, list) else []


def test_the_committed_document_is_up_to_date():
    written = json.dumps(document(routes()), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert COMMITTED.read_text(encoding="utf-8") == written, "run: python -m tools.openapi"


def test_every_reference_leads_somewhere():
    whole = json.loads(COMMITTED.read_text(encoding="utf-8"))
    assert whole["openapi"].startswith("3.1")
    for reference in references(whole):
        _, _, kind, name = reference.split("/")
        assert name in whole["components"][kind], reference


def test_every_operation_has_a_name_of_its_own():
    whole = json.loads(COMMITTED.read_text(encoding="utf-8"))
    names = [route["operationId"] for methods in whole["paths"].values() for route in methods.values()]
    assert len(names) == len(set(names))
    assert {"post_decide", "get_customers", "post_policies_replay"} <= set(names)


def test_every_body_has_an_example_that_its_schema_allows():
    whole = json.loads(COMMITTED.read_text(encoding="utf-8"))
    bodies = [
        content
        for methods in whole["paths"].values()
        for route in methods.values()
        for content in route.get("requestBody", {}).get("content", {}).values()
    ]
    assert bodies
    for content in bodies:
        jsonschema.validate(content["example"], content["schema"] | {"components": whole["components"]})


def test_the_service_gives_the_same_document(service):
    told = httpx.get(f"{service.url}/openapi.json").json()
    assert told == json.loads(COMMITTED.read_text(encoding="utf-8"))
