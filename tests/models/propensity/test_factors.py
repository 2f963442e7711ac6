"""What columns tell: leaks in any disguise are seen, ids and noise are not taken for leaks."""

import numpy as np
import pandas as pd
import pytest

from nextbest.models.propensity.core.factors import Weight, direction_of, separation, weights_of

N = 4000


@pytest.fixture
def target():
    return np.random.default_rng(0).random(N) < 0.1


def texts(values):
    return np.array([None if value is None else str(value) for value in values], dtype=object)


@pytest.mark.parametrize(
    "disguise",
    [
        lambda yes: yes.astype(float),
        lambda yes: 1 - yes.astype(float),
        lambda yes: np.where(yes, 3.0, np.nan),
        lambda yes: np.where(yes, np.nan, np.arange(N)),
        lambda yes: np.where(yes, 5.0, np.arange(N) % 2 * 10.0),
        lambda yes: np.where(yes, np.inf, 0.0),
        lambda yes: texts(np.where(yes, "closed", "open")),
        lambda yes: texts([f"branch {place % 7}" if answer else None for place, answer in enumerate(yes)]),
        lambda yes: texts([f"{'left' if answer else 'here'} {place % 300}" for place, answer in enumerate(yes)]),
    ],
    ids=["copy", "reverse", "missing is no", "missing is yes", "middle", "infinite", "words", "levels", "many levels"],
)  # fmt: skip
def test_a_copy_of_the_target_separates_perfectly_in_any_disguise(target, disguise):
    assert separation(disguise(target), target) > 0.99


def test_a_noisy_copy_is_near_enough(target):
    flipped = target ^ (np.random.default_rng(1).random(N) < 0.02)
    assert separation(flipped.astype(float), target) > 0.95


def test_ids_and_noise_tell_nothing(target):
    rng = np.random.default_rng(2)
    assert separation(texts(range(N)), target) == 0.5
    assert separation(texts(rng.integers(0, 1500, N)), target) < 0.56
    assert separation(rng.random(N), target) < 0.56
    assert separation(np.full(N, np.nan), target) == 0.5
    assert separation(np.ones(N), target) == 0.5


def test_many_rows_are_sampled_and_fast():
    rng = np.random.default_rng(3)
    target = rng.random(300_000) < 0.05
    values = target + rng.normal(size=300_000)
    assert separation(values, target) == pytest.approx(0.76, abs=0.01)


def test_page_values_alone_separates_online_shoppers(shared_data):
    sessions = pd.read_parquet(shared_data("online_shoppers_intention") / "sessions.parquet")
    target = sessions["Revenue"].astype(str).str.lower().eq("true").to_numpy()
    assert separation(sessions["PageValues"].to_numpy(float), target) == pytest.approx(0.86, abs=0.01)


def test_shares_sum_to_one_and_follow_what_separates():
    rng = np.random.default_rng(4)
    target = rng.random(N) < 0.3
    strong, weak, noise = rng.normal(size=(3, N)) * np.array([[1.0], [1.0], [0.1]]) + np.outer(
        [3, 1, 0], target
    )
    told = weights_of(np.column_stack([strong, weak, noise]), target, [strong, weak, noise])
    assert sum(one.strength for one in told) == pytest.approx(1)
    assert told[0].strength > 0.7
    assert told[1].strength > told[2].strength


def test_a_factor_that_nothing_replaces_is_suspect_earlier():
    assert Weight(0.51, "higher").is_suspect
    assert Weight(0.45, "higher", 0.25).is_suspect
    assert not Weight(0.45, "higher", 0.05).is_suspect
    assert not Weight(0.35, "higher", 0.3).is_suspect


def test_rows_drawn_by_their_answer_count_by_the_share_of_it():
    values = texts(["a", "a", "b", "b"])
    added = np.array([1.0, 0.0, 0.4, 0.4])
    target = np.array([True, False, True, False])
    assert direction_of(values, added, np.ones(4)) == "a"
    told = weights_of(added[:, None], target, [values], overall=0.1)
    assert told[0].direction == "b"


def test_a_factor_without_effect_is_mixed():
    assert direction_of(np.arange(5.0), np.zeros(5), np.ones(5)) == "mixed"
    assert direction_of(np.full(5, np.nan), np.arange(5.0), np.ones(5)) == "mixed"
    assert direction_of(texts([None, None]), np.zeros(2), np.ones(2)) == "mixed"


def test_a_rare_level_is_not_named():
    values = texts(["rare"] + ["often"] * 500 + ["usual"] * 500)
    added = np.array([9.0] + [0.2] * 500 + [-0.2] * 500)
    assert direction_of(values, added, np.ones(1001)) == "often"
