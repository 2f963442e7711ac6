"""Curves: bands, names that do not cover each other, axes that do not cut."""

import json
import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nextbest.advice.report.core.curves import Axis, Line, Spot, against_diagonal, curves, label_shifts
from nextbest.advice.report.spec import PALETTE

X, Y = Axis("customers", ",.0f"), Axis("money", ",.0f")
GAIN = Line("the list", [Spot(0, 0, 0, 0), Spot(50, 40, 30, 50), Spot(100, 60, 40, 80)])
LOSS = Line("5%", [Spot(0, 0, 0, 0), Spot(100, -20, -45, 5)], "beside")
DRAWN = json.dumps(curves([GAIN, LOSS], x=X, y=Y, marks=[Spot(50, 40)], level=0.0))


def test_the_axis_reaches_as_far_as_the_intervals():
    assert '"domain": [-45, 80]' in DRAWN
    assert '"domain": [0, 100]' in DRAWN


def test_every_line_with_an_interval_has_a_band_and_a_name():
    assert DRAWN.count('"type": "area"') == 2
    assert '"the list"' in DRAWN
    assert '"5%"' in DRAWN


def test_only_colours_of_the_palette_are_used():
    calibrated = json.dumps(against_diagonal([Spot(0.1, 0.12, 0.05, 0.2)], x=X, y=Y, ideal="same"))
    used = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", DRAWN + calibrated))
    assert used <= {tone.light for tone in PALETTE.values()}


def test_both_axes_of_a_calibration_grow_by_the_same_step():
    drawn = json.dumps(against_diagonal([Spot(0.1, 0.12, 0.05, 0.2)], x=X, y=Y, ideal="same"))
    domains = set(re.findall(r'"domain": \[([^\]]+)\]', drawn))
    assert domains == {"0, 0.20800000000000002"}


@given(st.lists(st.floats(-50, 400), max_size=6))
def test_names_at_the_end_of_lines_never_cover_each_other(ends):
    heights = sorted(ends, reverse=True)
    places = [height - shift for height, shift in zip(heights, label_shifts(heights), strict=True)]
    assert all(above - here >= 16.99 for above, here in pairwise(places))
    assert all(shift >= 0 for shift in label_shifts(heights))
