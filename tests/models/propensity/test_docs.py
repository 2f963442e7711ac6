"""The worked example of the documentation is counted again."""

import re
from pathlib import Path

import numpy as np
import pytest

from nextbest.models.propensity.core.gains import gain_at, levels_of

PAGE = Path(__file__).parents[3] / "docs" / "capabilities" / "propensity.md"


def table(header):
    """Read the rows below a table's header."""
    text = PAGE.read_text(encoding="utf-8")
    body = text.split(header)[1].split("\n\n")[0]
    return [re.findall(r"[^|\s]+", line) for line in body.splitlines() if line.startswith("|")][1:]


def test_the_example_on_the_page_is_right():
    people = table("| rank | customer | propensity | bought |")
    probability = np.array([float(row[2]) for row in people])
    bought = np.array([row[3] == "yes" for row in people])
    assert (np.diff(probability) <= 0).all()
    depths = table("| depth | customers | buyers | gain | gain lift | profit |")
    for depth, customers, buyers, gain, gain_lift, profit in (map(float, row) for row in depths):
        assert customers == depth * 20
        assert buyers == bought[: int(customers)].sum()
        assert gain == pytest.approx(gain_at(levels_of(bought, -np.arange(20.0)), np.array([depth]))[0])
        assert gain_lift == pytest.approx(gain / depth)
        assert profit == 60 * buyers - 10 * customers
    assert (probability > 10 / 60).sum() == 10
