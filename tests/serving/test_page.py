"""The page about the service shows what really comes out, and names every reason for a refusal."""

import doctest
from pathlib import Path

import pytest

from nextbest.base.messages import codes

PAGE = Path(__file__).parents[2] / "docs" / "service.md"
OF_BODIES = {
    "events.body_too_large",
    "events.body_no_json",
    "events.body_no_items",
    "events.too_many",
    "events.received_without_zone",
}


def test_the_example_runs():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 8
    assert result.failed == 0


@pytest.mark.parametrize("code", sorted(code for code in codes("en") if code.startswith("events.")))
def test_every_reason_for_a_refusal_is_named(code):
    assert code in OF_BODIES or f"`{code}`" in PAGE.read_text(encoding="utf-8")
