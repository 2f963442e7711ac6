"""The chart forms: bars from 0, intervals drawn, colours of the palette only."""

import json
import re

import pytest

from nextbest.advice.report.core.charts import Bar, Interval, Point, bars, intervals, rule_map
from nextbest.advice.report.spec import PALETTE

BARS = [Bar("Rye bread", 0.6, "60%", 0.2), Bar("牛奶", 0.1, "10%", 0.3)]
POINTS = [Point(f"rule {i}", 0.001 * (i + 1), 1.5 + i, 1.2 + i, 2 + i, 100.0 - i) for i in range(9)]
DAYS = [Interval("tea → milk", 3.0, 7.0, 14.0, "7 d")]
FORMS = {
    "bars": bars(BARS, axis="share", number=".0%"),
    "rule_map": rule_map(POINTS, {"support": "support", "size_lift": "size lift"}),
    "intervals": intervals(DAYS, axis="days", number=",.0f"),
}


@pytest.mark.parametrize("form", ["bars", "intervals"])
def test_axes_of_lengths_start_at_zero(form):
    domains = re.findall(r'"domain": \[([^,]+),', json.dumps(FORMS[form]["layer"]))
    assert domains
    assert {float(low) for low in domains} == {0.0}


@pytest.mark.parametrize("form", FORMS)
def test_only_colours_of_the_palette_are_used(form):
    used = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", json.dumps(FORMS[form])))
    assert used <= {tone.light for tone in PALETTE.values()}


@pytest.mark.parametrize("form", FORMS)
def test_a_chart_names_no_address_but_its_schema(form):
    assert re.findall(r"https?://[^\"]+", json.dumps(FORMS[form])) == [FORMS[form]["$schema"]]


def test_the_map_draws_every_interval():
    assert '"y2": {"field": "high"}' in json.dumps(FORMS["rule_map"])


def test_the_six_with_most_at_stake_are_labelled_where_labels_do_not_collide():
    labels = set(re.findall(r'"label": "([^"]+)"', json.dumps(FORMS["rule_map"])))
    # rule 5 lies too close to rule 4 on the logarithmic axis: ln(6.5 / 5.5) < 0.2
    assert labels == {"rule 0", "rule 1", "rule 2", "rule 3", "rule 4", "rule 6"}


def contrast(one, other):
    """WCAG 2.2, relative luminance."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["page", "panel"])
def test_text_and_marks_stand_out_in_both_schemes(scheme, ground):
    behind = getattr(PALETTE[ground], scheme)
    for name in ("ink", "muted", "accent", "negative", "warning", "info"):
        assert contrast(getattr(PALETTE[name], scheme), behind) >= 4.5
    assert contrast(getattr(PALETTE["reference"], scheme), behind) >= 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_on_the_darkest_cell_of_the_grid(scheme):
    ink, accent, panel = (getattr(PALETTE[name], scheme) for name in ("ink", "accent", "panel"))
    mixed = "#" + "".join(
        f"{round(0.45 * int(accent[i : i + 2], 16) + 0.55 * int(panel[i : i + 2], 16)):02x}"
        for i in (1, 3, 5)
    )
    assert contrast(ink, mixed) >= 4.5
