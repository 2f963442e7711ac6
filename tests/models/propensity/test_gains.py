"""Gain: laws of perfect and useless lists, ties, intervals, and the reference implementation of AUC."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss as reference_log_loss
from sklearn.metrics import roc_auc_score

from nextbest.models.propensity.core.gains import (
    DEPTHS,
    curve_of,
    gain_at,
    gain_difference,
    levels_of,
    wilson,
)
from nextbest.models.propensity.core.judging import auc_of, calibration_of, judge, log_loss

ANSWERS = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=60).filter(
    lambda rows: 0 < sum(yes for yes, _ in rows) < len(rows)
)


def columns(rows):
    target, score = zip(*rows, strict=True)
    return np.array(target), np.array(score, dtype=np.float64)


@given(ANSWERS)
def test_auc_is_that_of_scikit_learn(rows):
    target, score = columns(rows)
    auc = auc_of(levels_of(target, score))
    assert auc.value == pytest.approx(roc_auc_score(target, score))
    assert 0 <= auc.low <= auc.value <= auc.high <= 1


@settings(max_examples=25)
@given(ANSWERS)
def test_gain_rises_with_depth_and_ends_with_everybody(rows):
    target, score = columns(rows)
    curve = curve_of(levels_of(target, score), seed=0)
    assert (np.diff(curve.gain) >= -1e-12).all()
    assert curve.gain[-1] == curve.low[-1] == curve.high[-1] == 1
    assert (curve.low <= curve.gain).all()
    assert (curve.gain <= curve.high).all()
    assert (np.diff(curve.n_positive) >= 0).all()


@settings(max_examples=25)
@given(ANSWERS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)
    one, other = (curve_of(levels_of(*columns(some)), seed=3) for some in (rows, mixed))
    np.testing.assert_array_equal(one.gain, other.gain)
    np.testing.assert_array_equal(one.low, other.low)


def test_a_tie_gives_the_share_of_its_depth():
    target = np.array([True, False, True, False, False])
    assert gain_at(levels_of(target, np.zeros(5)), np.array(DEPTHS)) == pytest.approx(DEPTHS)


def test_a_perfect_list_holds_everyone_at_the_base_rate():
    target = np.arange(1000) < 150
    gain = gain_at(levels_of(target, target.astype(float)), np.array([0.075, 0.15, 0.2]))
    assert gain == pytest.approx([0.5, 1.0, 1.0])


def test_a_missing_score_comes_last():
    target = np.array([True, False])
    assert auc_of(levels_of(target, np.array([0.1, np.nan]))).value == 1


def test_a_list_by_chance_has_its_depth_within_the_interval_as_often_as_promised():
    depths = np.array(DEPTHS[2:-1])
    held = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        curve = curve_of(levels_of(rng.random(1500) < 0.1, rng.random(1500)), seed=seed)
        held += ((curve.low[2:-1] <= depths) & (depths <= curve.high[2:-1])).sum()
    assert 0.93 <= held / (30 * len(depths)) <= 0.99


def test_twelve_yes_in_front_are_not_certain():
    target = np.arange(1000) < 12
    curve = curve_of(levels_of(target, -np.arange(1000.0)), seed=0)
    assert curve.gain[2] == 1
    assert curve.low[2] < 0.95
    assert curve.high[2] == 1


def test_the_difference_of_a_list_to_itself_is_none():
    rng = np.random.default_rng(0)
    target, score = rng.random(500) < 0.2, rng.random(500)
    same = gain_difference(target, score, score, 0.2)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_the_difference_is_that_of_the_gains():
    rng = np.random.default_rng(1)
    target = rng.random(2000) < 0.1
    better, plain = target + rng.normal(size=2000), rng.integers(0, 3, 2000).astype(float)
    told = gain_difference(target, better, plain, 0.2)
    gains = [gain_at(levels_of(target, score), np.array([0.2]))[0] for score in (better, plain)]
    assert told.value == pytest.approx(gains[0] - gains[1])
    assert told.low < told.value < told.high


def test_wilson_is_that_of_the_paper():
    low, high = wilson(np.array([0.3]), np.array([10.0]))
    assert (low[0], high[0]) == pytest.approx((0.1078, 0.6032), abs=1e-4)


@given(ANSWERS)
def test_log_loss_is_that_of_scikit_learn(rows):
    target, score = columns(rows)
    probability = (score + 1) / 7
    assert log_loss(target, probability) == pytest.approx(
        reference_log_loss(target, np.column_stack([1 - probability, probability]), labels=[False, True])
    )


def test_true_probabilities_are_calibrated_and_halved_ones_are_not():
    rng = np.random.default_rng(2)
    probability = rng.beta(1, 9, 40_000)
    target = rng.random(40_000) < probability
    good, bad = calibration_of(target, probability), calibration_of(target, probability / 2)
    assert good.error < 0.005
    assert good.n_outside <= 2
    assert bad.error > 0.04
    assert bad.n_outside >= 8
    assert good.n.sum() == 40_000
    assert (np.diff(good.predicted) > 0).all()


def test_tied_probabilities_do_not_depend_on_the_order_of_rows():
    target = np.array([True] * 30 + [False] * 70)
    fit = calibration_of(target, np.full(100, 0.3))
    assert fit.observed == pytest.approx(np.full(10, 0.3))
    assert fit.error == pytest.approx(0)


def test_three_customers_make_three_groups():
    fit = calibration_of(np.array([True, False, True]), np.array([0.9, 0.1, 0.5]))
    assert fit.n.tolist() == [1, 1, 1]


@pytest.mark.parametrize("answers", [[True, True], [False, False], []])
def test_one_answer_cannot_be_judged(answers):
    assert judge(np.array(answers, dtype=bool), np.zeros(len(answers)), seed=0) is None


def test_a_score_that_is_no_probability_has_no_loss():
    judged = judge(np.array([True, False]), np.array([7.0, -3.0]), seed=0, is_probability=False)
    assert (judged.log_loss, judged.calibration) == (None, None)
    assert judged.auc.value == 1
