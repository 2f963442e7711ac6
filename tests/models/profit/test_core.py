"""Laws and golden numbers of the comparison, the placebos, the shares and the payback."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.models.profit.core.comparing import Buyers, buyers_since, compare
from nextbest.models.profit.core.counting import margins_by_month, wilson
from nextbest.models.profit.core.matching import find_neighbours, match
from nextbest.models.profit.core.panel import MONEY_UNIT, Panel, running_sums
from nextbest.models.profit.core.placebos import Lottery, check, judge
from nextbest.models.profit.core.scene import Shape, set_scene
from nextbest.models.profit.spec import Comparison, PlaceboCheck

DAYS = Shape(window=84, stretch=7)
NEVER = np.iinfo(np.int64).max


def panel(rows, n_periods=300):
    """Typed rows: customer, period, profit in whole money, products."""
    rows = np.array(sorted(rows), dtype=np.int64).reshape(-1, 4)
    return Panel(
        rows[:, 0],
        rows[:, 1],
        rows[:, 2] * MONEY_UNIT,
        rows[:, 3],
        int(rows[:, 0].max(initial=-1)) + 1,
        n_periods,
    )


def random_panel(seed, n_customers=300, n_periods=300):
    rng = np.random.default_rng(seed)
    rate = rng.gamma(4.0, 0.04, n_customers).clip(0.03, 0.5)
    rows = [
        (customer, day, rng.integers(1, 20), rng.integers(1, 9))
        for customer in range(n_customers)
        for day in np.flatnonzero(rng.random(n_periods) < rate[customer])
    ]
    return panel(rows, n_periods)


@pytest.fixture(scope="module")
def scene():
    return set_scene(random_panel(1), DAYS, 10**6)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30), st.integers(-50, 50)), max_size=60),
    st.integers(0, 4),
    st.integers(-3, 33),
    st.integers(-3, 33),
)
def test_a_window_sums_what_lies_in_it(rows, customer, start, end):
    start, end = min(start, end), max(start, end)
    table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 3)
    sums = running_sums(table[:, 0], table[:, 1], table[:, 2], n_periods=31)
    asked = sums.between(np.array([customer]), np.array([start]), np.array([end]))
    expected = sum(amount for who, period, amount in rows if who == customer and start <= period < end)
    assert asked.tolist() == [expected]


def test_neither_the_day_itself_nor_the_customers_first_day_counts():
    rows = [
        (0, 5, 1000, 1),
        (0, 60, 10, 1),
        (0, 90, 7000, 3),
        (0, 91, 20, 1),
        (0, 174, 40, 1),
        (0, 175, 99, 1),
    ]
    scene = set_scene(panel(rows), DAYS, 10**6)
    at = int(scene.row_of(np.array([0]), np.array([90]))[0])
    assert scene.before[at] == 10  # day 60 only: day 5 is the first of all, and before the window
    assert scene.after[at] == 60  # days 91 to 174
    assert scene.size[at] == 3
    assert scene.tenure[at] == 85


def test_the_trend_is_the_second_half_less_the_first():
    rows = [(0, 0, 1, 1), (0, 57, 10, 1), (0, 58, 30, 1), (0, 100, 5, 1)]
    scene = set_scene(panel(rows), DAYS, 10**6)
    assert scene.trend.tolist() == [20.0]  # day 57 is the last of days 16 to 57, day 58 the first of 58 to 99


def test_days_without_enough_history_on_both_sides_are_left_out():
    rows = [(0, day, 1, 1) for day in (0, 84, 85, 215, 216)]
    scene = set_scene(panel(rows), DAYS, 10**6)
    assert scene.period.tolist() == [85, 215]
    assert scene.row_of(np.array([0, 0, 7]), np.array([85, 84, -1])).tolist() == [0, -1, -1]


def test_controls_are_others_who_had_not_bought_it_by_then(scene):
    rng = np.random.default_rng(3)
    buyers = Lottery(scene).draw(rng.choice(len(scene), 80, replace=False), rng)
    had_since = np.where(rng.random(scene.n_customers) < 0.3, 120, NEVER)
    had_since[scene.customer[buyers]] = scene.period[buyers]
    near = find_neighbours(scene, buyers, 0.7)
    pairs = match(scene, near, buyers, had_since, 3)
    assert len(pairs.buyer) > 50
    assert (scene.customer[pairs.buyer] != scene.customer[pairs.control]).all()
    assert (had_since[scene.customer[pairs.control]] > scene.period[pairs.control]).all()
    assert (scene.date[pairs.buyer] == scene.date[pairs.control]).all()
    distance = np.linalg.norm(scene.features()[pairs.buyer] - scene.features()[pairs.control], axis=1)
    assert (distance <= 0.7).all()
    assert np.unique(pairs.buyer, return_counts=True)[1].max() <= 3


def test_a_constant_extra_after_is_the_difference(scene):
    """Whatever the noise, adding 5 to what every buyer earns after adds 5 to the difference."""
    rng = np.random.default_rng(4)
    rows = Lottery(scene).draw(rng.choice(len(scene), 100, replace=False), rng)
    buyers = buyers_since(scene, rows, scene.customer[rows], scene.period[rows])
    pairs = match(scene, find_neighbours(scene, rows, 0.7), rows, buyers.had_since, 3)
    plain = compare(scene, buyers, pairs)
    extra = np.zeros(len(scene))
    extra[rows] = 5.0
    without = compare(scene, buyers, pairs, -extra)
    assert without.difference_without_head == pytest.approx(plain.difference + 5)
    assert without.profit_after_without_head == pytest.approx(plain.profit_after + 5)
    assert plain.ci_low < plain.difference < plain.ci_high


def test_too_few_matched_buyers_give_no_comparison(scene):
    rows = np.arange(3)
    pairs = match(scene, find_neighbours(scene, rows, 0.7), rows, np.full(scene.n_customers, NEVER), 3)
    assert compare(scene, Buyers(rows, np.full(scene.n_customers, NEVER)), pairs) is None


def test_a_made_up_head_has_as_many_buyers_as_frequent_at_the_same_time(scene):
    rng = np.random.default_rng(5)
    like = Lottery(scene).draw(rng.choice(len(scene), 60, replace=False), rng)
    drawn = Lottery(scene).draw(like, np.random.default_rng(6))
    assert np.unique(scene.customer[drawn]).size == len(drawn)
    assert len(drawn) >= 0.9 * len(like)
    n = int(scene.stratum.max()) + 1
    assert (
        np.bincount(scene.stratum[drawn], minlength=n) <= np.bincount(scene.stratum[like], minlength=n)
    ).all()


def test_the_same_seed_draws_the_same_days(scene):
    like = np.arange(0, len(scene), 100)
    one, other = (Lottery(scene).draw(like, np.random.default_rng(9)) for _ in range(2))
    assert one.tolist() == other.tolist()


@pytest.mark.parametrize("seed", [11, 12])
def test_on_heads_that_nothing_follows_from_a_5_percent_test_rejects_about_5_percent(seed):
    scene = set_scene(random_panel(seed, n_customers=500), DAYS, 10**6)
    rng = np.random.default_rng(seed)
    lottery = Lottery(scene)
    like = lottery.draw(rng.choice(len(scene), 150, replace=False), rng)
    heads = [lottery.draw(like, rng) for _ in range(300)]
    near = find_neighbours(scene, np.concatenate(heads), 0.5)
    done = []
    for rows in heads:
        buyers = buyers_since(scene, rows, scene.customer[rows], scene.period[rows])
        done.append(compare(scene, buyers, match(scene, near, rows, buyers.had_since, 3)))
    null = check([comparison for comparison in done if comparison])
    assert null.is_calibrated, null
    assert abs(null.z_mean) < 0.4
    assert 0.85 < null.z_sd < 1.2


def comparison(difference, *, se=1.0, beyond=None, beyond_p=0.001):
    return Comparison(
        50, 50, 10.0, 10.0, None, 10.0, 10.0, difference, se, difference - 2 * se, difference + 2 * se,
        None, 0.5, 0.0, 1.0, difference if beyond is None else beyond, beyond_p,
    )  # fmt: skip


NULL = PlaceboCheck(200, 10, 0.05, 0.03, 0.09, 0.0, 1.0, is_calibrated=True)


def test_verdicts_follow_q_calibration_and_trend():
    found = [
        comparison(5.0),
        comparison(-5.0),
        comparison(1.0),
        comparison(5.0, beyond_p=0.3),
        comparison(5.0, beyond=-2.0),
    ]
    verdicts = [judgement.verdict for judgement in judge(found, NULL)]
    assert verdicts == ["more", "less", "no_evidence", "cannot_be_told", "cannot_be_told"]
    wrong = PlaceboCheck(200, 40, 0.2, 0.15, 0.26, 0.0, 1.0, is_calibrated=False)
    assert {judgement.verdict for judgement in judge(found, wrong)} == {"cannot_be_told"}


def test_a_wider_or_shifted_spread_of_the_placebos_weakens_a_head():
    (plain,) = judge([comparison(3.0)], NULL)
    (wide,) = judge([comparison(3.0)], PlaceboCheck(200, 10, 0.05, 0.03, 0.09, 0.0, 2.0, is_calibrated=True))
    (shifted,) = judge(
        [comparison(3.0)], PlaceboCheck(200, 10, 0.05, 0.03, 0.09, 2.0, 1.0, is_calibrated=True)
    )
    assert plain.placebo_p_value < wide.placebo_p_value
    assert plain.placebo_p_value < shifted.placebo_p_value
    assert judge([], NULL) == []


def test_wilson_agrees_with_newcombe():
    """Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263 gives .2553 to .3662."""
    share = wilson(81, 263)
    assert (round(share.low, 4), round(share.high, 4)) == (0.2553, 0.3662)


def test_margins_add_up_month_by_month_over_those_who_were_watched():
    rows = [
        (0, 0, 500, 1),  # seen from the first day: may be an old customer
        (1, 100, 30, 1), (1, 131, 10, 1),
        (2, 100, 10, 1), (2, 131, 30, 1),
        (3, 165, 80, 1),  # watched for one month only
    ]  # fmt: skip
    margins = margins_by_month(panel(rows, n_periods=200), new_from=84, month=30, fewest=2)
    assert margins.n_customers.tolist() == [3, 2, 2]
    assert margins.mean.tolist() == [40.0, 60.0, 60.0]
    # Month 1: deviations -10, -30, 40 of three customers.
    assert (margins.high - margins.mean)[0] == pytest.approx(1.959964 * np.sqrt(2600) / 3)


def test_without_new_customers_there_is_no_payback():
    margins = margins_by_month(panel([(0, 0, 5, 1)], n_periods=200), new_from=84, month=30, fewest=2)
    assert margins.mean.size == 0
