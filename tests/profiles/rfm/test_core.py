import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nextbest.profiles.rfm.core import score_cuts, scores, segments
from nextbest.profiles.rfm.spec import SEGMENT_GRID, SEGMENTS

NUMBERS = st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=60)
BINS = st.integers(2, 10)


def test_ten_different_values_fall_two_by_two_into_five_scores():
    values = np.arange(10)
    assert scores(values, score_cuts(values, 5)).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


@given(NUMBERS, BINS)
def test_a_score_is_the_share_of_customers_who_have_less(values, bins):
    found = scores(values, score_cuts(values, bins))
    expected = [1 + bins * sum(other < value for other in values) // len(values) for value in values]
    assert found.tolist() == expected


@given(NUMBERS, BINS, st.randoms())
def test_the_order_of_rows_does_not_matter(values, bins, random):
    shuffled = random.sample(values, len(values))
    assert np.array_equal(score_cuts(values, bins), score_cuts(shuffled, bins))


@given(NUMBERS, BINS, st.floats(-100, 100))
def test_a_live_value_is_scored_like_its_neighbours(values, bins, live):
    cuts = score_cuts(values, bins)
    below = [score for value, score in zip(values, scores(values, cuts), strict=True) if value <= live]
    assert scores([live], cuts)[0] == max(below, default=1)


def test_unknown_values_do_not_count():
    assert np.array_equal(score_cuts([1, np.nan, 2], 2), score_cuts([1, 2], 2))


def test_nobody_to_score_gives_no_cuts_to_reach():
    assert np.isinf(score_cuts([], 5)).all()


def test_every_segment_of_the_grid_has_a_name_and_every_name_a_place():
    assert {name for row in SEGMENT_GRID for name in row} == set(SEGMENTS)


@given(BINS)
def test_any_number_of_bins_reaches_the_corners_of_the_grid(bins):
    assert segments([bins, bins, 1, 1], [bins, 1, bins, 1], bins).tolist() == [
        "champions",
        "new",
        "cannot_lose",
        "lost",
    ]
