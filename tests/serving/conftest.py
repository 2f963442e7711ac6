"""Short ways to make events, used by every test of the floor."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from nextbest.serving.events import Event

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture(scope="session")
def noon():
    return NOON


@pytest.fixture(scope="session")
def event():
    """Make an event: its id, its type, when (minutes after noon), whose (``a-...`` are devices), and what else."""

    def make(event_id, type_="product_viewed", minute=0, who="ann", device=None, **said):
        at = NOON + timedelta(minutes=minute)
        properties = said.pop("properties", None)
        text = None if properties is None else json.dumps(properties)
        return Event(event_id, type_, type_, at, at, who, device, properties=text, **said)

    return make
