import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.assignment.control import (
    held_back,
    power_of_rates,
    sample_size_of_means,
    sample_size_of_rates,
    sized_share,
    smallest_share,
)


@given(st.lists(st.text(max_size=5), max_size=20), st.floats(0, 1))
def test_the_control_group_does_not_depend_on_the_order_of_rows(ids, share):
    assert held_back("spring", ids, share).tolist() == held_back("spring", ids[::-1], share)[::-1].tolist()


@given(st.lists(st.text(max_size=5), max_size=20), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_holds_back_all_of_a_smaller_one(ids, share, other):
    fewer, more = (held_back("spring", ids, s) for s in sorted((share, other)))
    assert not np.any(fewer & ~more)


def test_nobody_and_everybody_can_be_held_back():
    assert not held_back("spring", ["ann", "bob"], 0).any()
    assert held_back("spring", ["ann", "bob"], 1).all()


def test_the_published_sample_sizes_are_met():
    assert sample_size_of_rates(0.11, 0.10) == 14_745  # 14,744.1 by the arcsine
    assert sample_size_of_means(difference=0.5, sd=1) == 64  # Cohen (1988), table 2.4.1


@pytest.mark.parametrize(("rate", "n", "n_control"), [(0.05, 20_000, 2_000), (0.3, 5_000, 5_000)])
def test_the_smallest_visible_share_is_seen_with_eighty_percent_power(rate, n, n_control):
    share = smallest_share(rate, n, n_control)
    assert power_of_rates(rate, rate * (1 - share), n, n_control) == pytest.approx(0.8, abs=1e-3)


def test_the_control_is_as_large_as_needed_and_no_larger():
    share = sized_share(0.2, 0.1, 30_000, 0.5)
    power = [
        power_of_rates(0.2, 0.18, round(30_000 * (1 - s)), round(30_000 * s)) for s in (share - 0.01, share)
    ]
    assert power[0] < 0.8 <= power[1]


def test_nothing_is_seen_without_a_control():
    assert power_of_rates(0.2, 0.1, 1000, 0) == 0
    assert smallest_share(0.2, 1000, 0) is None
