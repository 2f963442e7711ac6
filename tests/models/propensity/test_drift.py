"""Drift: no alarm among the same customers, alarm where they changed."""

import numpy as np
import pytest

from nextbest.models.propensity.core.drift import (
    DRIFTED,
    Order,
    interval_of,
    order_of,
    stability_index,
)
from nextbest.models.propensity.core.judging import Auc


def test_samples_of_the_same_customers_do_not_drift():
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert stability_index(rng.normal(size=200), rng.normal(size=150)) < DRIFTED
        some, others = (rng.choice(list("abcdefgh"), size).astype(object) for size in (200, 150))
        assert stability_index(some, others) < DRIFTED


def test_other_customers_have_drifted():
    rng = np.random.default_rng(1)
    before = rng.normal(size=1000)
    assert stability_index(before, rng.normal(1, 1, 1000)) > DRIFTED
    assert stability_index(before, np.where(rng.random(1000) < 0.4, np.nan, before)) > DRIFTED
    level = np.array(["a", "b"] * 500, dtype=object)
    assert stability_index(level, np.array(["c"] * 1000, dtype=object)) > 1


def test_few_customers_are_not_compared():
    assert stability_index(np.arange(49.0), np.arange(1000.0)) is None


def test_a_constant_column_is_stable():
    assert stability_index(np.ones(100), np.ones(100)) == 0
    assert stability_index(np.full(100, np.nan), np.full(100, np.nan)) == 0


def by_rate_of_group(target, group):
    """Fit a model that knows the share of yes per group."""

    def fit_predict(learnt, asked):
        rates = [
            target[learnt][group[learnt] == one].mean() if (group[learnt] == one).any() else 0
            for one in (0, 1)
        ]
        return np.array(rates)[group[asked]]

    return fit_predict


def test_a_rule_that_turns_round_along_the_file_is_drift():
    rng = np.random.default_rng(2)
    n = 6000
    group = rng.integers(0, 2, n)
    is_late = np.arange(n) >= 4000
    for turns, expected in ((True, True), (False, False)):
        chance = np.where(is_late & turns, np.where(group, 0.6, 0.1), np.where(group ^ turns, 0.25, 0.2))
        target = rng.random(n) < chance
        assert order_of(target, by_rate_of_group(target, group)).has_drifted == expected


def test_a_file_sorted_by_the_answer_has_no_order_to_judge():
    assert order_of(np.arange(300) < 100, lambda _, asked: np.zeros(len(asked))) is None


def test_drift_needs_more_than_the_interval():
    assert Order(Auc(0.73, 0.72, 0.74), Auc(0.78, 0.77, 0.79)).has_drifted
    assert not Order(Auc(0.77, 0.75, 0.79), Auc(0.78, 0.76, 0.80)).has_drifted
    assert not Order(Auc(0.80, 0.79, 0.81), Auc(0.78, 0.77, 0.79)).has_drifted


def test_more_customers_make_a_narrower_interval():
    wide, narrow = interval_of(0.8, 200, 20), interval_of(0.8, 20_000, 2000)
    assert wide.low < narrow.low < 0.8 < narrow.high < wide.high
    assert (
        interval_of(1.0, 200, 20) == pytest.approx(Auc(1.0, 1.0, 1.0)) or interval_of(1.0, 200, 20).low == 1
    )
