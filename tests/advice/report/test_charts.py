"""The chart forms: bars from 0, intervals drawn, colours of the palette only."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.advice.report.core.charts import Bar, Interval, Point, bars, intervals, rule_map
from nextbest.advice.report.core.labels import Box, Place, Spot, place_labels
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


def test_six_points_at_most_are_labelled_those_with_most_at_stake_first():
    labels = set(re.findall(r'"label": "([^"]+)"', json.dumps(FORMS["rule_map"])))
    assert 1 <= len(labels) <= 6
    assert "rule 0" in labels


spots = st.lists(
    st.builds(Spot, st.floats(0, 500), st.floats(0, 300), st.floats(2, 14), st.floats(10, 200)), max_size=12
)


def box_of(spot, place):
    left = spot.x + place.dx - (spot.width if place.align == "right" else 0)
    return Box(left, spot.y + place.dy - 8, left + spot.width, spot.y + place.dy + 8)


@given(spots)
def test_labels_cover_neither_each_other_nor_other_points_and_stay_on_the_map(points):
    places = place_labels(points, width=500, height=300, at_most=6)
    boxes = {i: box_of(points[i], place) for i, place in places.items()}
    assert len(boxes) <= 6
    for i, box in boxes.items():
        assert -0.001 <= box.left < box.right <= 500.001
        assert not any(
            box.left < p.x < box.right and box.top < p.y < box.bottom for p in points if p is not points[i]
        )
        assert not any(box.meets(other) for j, other in boxes.items() if j != i)


def test_a_label_finds_room_above_where_there_is_none_beside():
    crowd = [Spot(250, 150, 10, 80), Spot(280, 150, 10, 80), Spot(220, 150, 10, 80)]
    assert place_labels(crowd, width=500, height=300, at_most=1) == {0: Place(0, -18, "left")}


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
