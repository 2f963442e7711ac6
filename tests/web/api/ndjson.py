"""Hooks of schemathesis: lines of JSON are sent and read, too."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(_, value):
    return "".join(json.dumps(one) + "\n" for one in (value, value)).encode()


@schemathesis.deserializer("application/x-ndjson")
def documents(_, response):
    return [json.loads(line) for line in response.content.splitlines()]
