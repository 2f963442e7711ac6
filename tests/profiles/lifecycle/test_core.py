import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.profiles.lifecycle.core import shop_rhythm, stage, usual_gap_days
from nextbest.profiles.lifecycle.spec import STAGES, LifecycleSettings, Rhythm

SETTINGS = LifecycleSettings()
GAPS = st.lists(st.lists(st.integers(1, 200), max_size=6), min_size=1, max_size=12)


def measured(customers):
    n_gaps = [len(gaps) for gaps in customers]
    squared = [sum(gap**2 for gap in gaps) for gaps in customers]
    first = [gaps[0] if gaps else np.nan for gaps in customers]
    return n_gaps, [sum(gaps) for gaps in customers], squared, first


def test_the_weight_is_the_variance_within_over_the_variance_between():
    # Bühlmann-Straub by hand: within (2 + 8) / 2 = 5; means 10 and 30, pooled 20, n = 2 each:
    # between (2*100 + 2*100 - 5) / (4 - 8/4) = 197.5.
    rhythm = shop_rhythm(*measured([[9, 11], [28, 32]]))
    assert rhythm == Rhythm(
        gap_days=20.0, second_order_days=pytest.approx(26.1), weight=pytest.approx(5 / 197.5)
    )


def test_where_customers_do_not_differ_everybody_has_the_shops_rhythm():
    rhythm = shop_rhythm(*measured([[1, 19], [19, 1], [8, 12]]))
    assert rhythm.weight == np.inf
    assert usual_gap_days([2, 40], [20, 4000], rhythm, LifecycleSettings()).tolist() == [10.0, 10.0]


def test_where_nobody_has_two_gaps_the_shop_weighs_as_one():
    assert shop_rhythm(*measured([[5], [9], []])).weight == 1.0


def test_where_nobody_came_back_there_is_no_rhythm():
    assert shop_rhythm(*measured([[], []])) is None


def test_the_rhythm_of_customers_is_recovered():
    rng = np.random.default_rng(7)
    means = 80 / rng.gamma(shape=8, scale=1, size=4000)
    customers = [
        rng.exponential(mean, size=n).tolist()
        for mean, n in zip(means, rng.integers(1, 9, 4000), strict=True)
    ]
    rhythm = shop_rhythm(*measured(customers))
    # inverse-gamma means with shape a: the exact Bayes weight is a - 1 = 7.
    assert rhythm.weight == pytest.approx(7, abs=1)
    n_gaps, spans, _, _ = measured(customers)
    drawn = usual_gap_days(n_gaps, spans, rhythm, LifecycleSettings())
    own = np.array(spans) / n_gaps
    assert np.mean(np.abs(drawn - means)) < 0.85 * np.mean(np.abs(own - means))


@given(GAPS)
def test_the_usual_gap_lies_between_the_customers_own_and_the_shops(customers):
    rhythm = shop_rhythm(*measured(customers))
    if rhythm is None:
        return
    for gaps, usual in zip(
        customers, usual_gap_days(*measured(customers)[:2], rhythm, SETTINGS), strict=True
    ):
        own, other = (np.mean(gaps), rhythm.gap_days) if gaps else (rhythm.second_order_days / 6,) * 2
        assert min(own, other) - 1e-9 <= usual <= max(own, other) + 1e-9


@given(GAPS, st.randoms())
def test_the_order_of_customers_does_not_matter(customers, random):
    shuffled = random.sample(customers, len(customers))
    one, other = shop_rhythm(*measured(customers)), shop_rhythm(*measured(shuffled))
    assert (one is None) == (other is None)
    if one and other and np.isfinite(one.weight) and one.weight < 1e6:
        assert one.weight == pytest.approx(other.weight, rel=1e-6)


@given(st.integers(1, 800), st.integers(0, 800), st.floats(1, 300))
def test_longer_silence_never_leads_to_an_earlier_stage(silent, longer, usual):
    settings = LifecycleSettings()
    stages = stage([2000, 2000], [silent, silent + longer], [usual, usual], settings)
    assert STAGES.index(stages[0]) <= STAGES.index(stages[1])


def test_nobody_is_gone_before_gone_days():
    settings = LifecycleSettings(gone_days=60)
    assert stage([400, 400], [59, 60], [3, 3], settings).tolist() == ["dormant", "gone"]
