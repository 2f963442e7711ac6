import numpy as np
import pytest

from nextbest.models.intent.core.coupon import pays_below
from nextbest.models.intent.core.judging import baseline_shares, evaluate, has_cart, is_better, measures
from nextbest.models.intent.core.steps import Steps
from nextbest.models.intent.core.visit import follow
from nextbest.models.intent.spec import FEATURES, Act


def steps(cart, target, n_events=None, visitor=None):
    rows = np.zeros((len(cart), len(FEATURES)))
    rows[:, FEATURES.index("cart_lines")] = cart
    rows[:, FEATURES.index("n_events")] = 1 if n_events is None else n_events
    names = range(len(cart)) if visitor is None else visitor
    return Steps(rows, np.array(target, np.bool_), np.array([f"v{one}" for one in names], object))


def test_the_baseline_sees_nothing_but_the_cart():
    assert baseline_shares(steps([0, 0, 0, 2], [0, 0, 1, 1])) == (1.5 / 4, 1.5 / 2)


def test_who_goes_to_the_checkout_has_a_cart():
    assert has_cart(steps([0, 1], [0, 0])).tolist() == [False, True]
    going = steps([0], [0])
    going.features[:, FEATURES.index("n_checkouts")] = 1
    assert has_cart(going).all()
    assert follow([Act(0, "a", "checkout")]).has_cart


def test_a_baseline_without_full_carts_is_the_overall_share():
    assert baseline_shares(steps([0, 0], [0, 1])) == (0.5, 0.5)


def test_steps_are_measured_by_the_number_of_events_seen_so_far():
    found = list(evaluate(steps([0] * 4, [0, 1, 0, 1], [1, 2, 4, 5]), np.array([0.1, 0.6, 0.2, 0.9])))
    assert [(row["events_from"], row["n"]) for row in found] == [(0, 4), (1, 1), (2, 1), (3, 2)]
    assert (found[0]["auc"], found[1]["auc"], found[3]["auc"]) == (1.0, None, 1.0)


def test_probabilities_that_are_right_have_no_calibration_error():
    target = np.arange(100) % 5 == 0
    assert measures(target, np.full(100, 0.2))["calibration_error"] == pytest.approx(0)


def test_many_steps_of_one_visitor_are_one_witness():
    cart, target = [0] * 400, [1] * 200 + [0] * 200
    told, usual = np.array([0.9] * 200 + [0.1] * 200), np.full(400, 0.5)
    assert is_better(steps(cart, target), told, usual)
    assert not is_better(steps(cart, target), usual, usual)
    wrong_once = np.where(np.arange(400) < 390, told, 0.9999)
    two = ["one"] * 390 + ["two"] * 10
    assert not is_better(steps(cart, target, visitor=two), wrong_once, usual)


@pytest.mark.parametrize("odds", [1.2, 1.5, 3.0])
@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_the_border_of_a_coupon_is_where_it_earns_as_much_as_none(odds, share):
    margin = 0.4
    border = pays_below(share, margin, odds)

    def gained(p):
        raised = odds * p / (1 - p + odds * p)
        return raised * (margin - share) - p * margin

    if border == 0:
        assert gained(0.01) < 0
    else:
        assert gained(border) == pytest.approx(0, abs=1e-12)
        assert gained(border * 0.9) > 0 > gained(border + (1 - border) * 0.1)
