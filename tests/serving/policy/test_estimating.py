import numpy as np
import pytest

from nextbest.serving.policy import estimate


def test_the_estimate_finds_the_truth_about_as_often_as_its_interval_says():
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(200):
        second = rng.random(2000) < 0.2
        reward = (rng.random(2000) < np.where(second, 0.3, 0.1)).astype(float)
        found = estimate(reward, np.where(second, 0.2, 0.8), np.where(second, 0.8, 0.2))
        inside += found.ci_low <= 0.26 - 0.14 <= found.ci_high
    assert 180 <= inside <= 199


def test_the_same_policy_changes_nothing():
    found = estimate([0.0, 1.0] * 200, [0.5] * 400, [0.5] * 400)
    assert (found.change, found.ci_low, found.ci_high) == (0, 0, 0)
    assert found.effective_size == pytest.approx(400)
