"""Which rules the report shows, how sure they are, and what changed."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.advice.report.core.changes import changes_of, differs
from nextbest.advice.report.core.rules import lift_interval, one_direction, rule_lists, sure_rules


def table(*rules):
    return pa.Table.from_pylist(list(rules))


def ids(rules):
    return [each["rule_id"] for each in rules]


@given(st.integers(1, 100_000), st.floats(0.01, 100))
def test_the_interval_holds_the_lift(n_both, size_lift):
    low, high = lift_interval(n_both, size_lift)
    assert low < size_lift < high


@given(st.integers(1, 10_000), st.floats(0.1, 10))
def test_more_baskets_make_a_narrower_interval(n_both, size_lift):
    (low, high), (nearer_low, nearer_high) = (
        lift_interval(n_both, size_lift),
        lift_interval(2 * n_both, size_lift),
    )
    assert low < nearer_low < nearer_high < high


def test_the_interval_is_garwoods():
    # Garwood (1936): 10 events have the exact 95 % limits 4.795 and 18.390.
    assert lift_interval(10, 1.0) == (pytest.approx(0.4795, abs=1e-4), pytest.approx(1.8390, abs=1e-4))


def test_no_lift_has_no_interval():
    assert lift_interval(10, None) is None
    assert lift_interval(0, 0.0) is None


def test_rules_that_chance_explains_are_not_shown(rule):
    rules = table(rule("r1", "a", "b", size_q_value=0.2), rule("r2", "c", "d", size_q_value=0.01))
    assert ids(sure_rules(rules, 0.05)) == ["r2"]


def test_where_basket_size_says_nothing_the_plain_q_decides(rule):
    rules = table(
        rule("r1", "a", "b", size_q_value=None, q_value=0.01),
        rule("r2", "c", "d", size_q_value=None, q_value=None),
    )
    assert ids(sure_rules(rules, 0.05)) == ["r1"]


def test_people_have_the_last_word(rule):
    rules = table(
        rule("r1", "a", "b", review="rejected"),
        rule("r2", "c", "d", review="approved", size_q_value=0.9),
        rule("r3", "e", "f", origin="written", size_q_value=None, q_value=None),
        rule("r4", "g", "h", is_redundant=True),
    )
    assert ids(sure_rules(rules, 0.05)) == ["r2", "r3"]


def test_most_margin_comes_first_and_ties_go_to_the_higher_lift_then_the_smaller_id(rule):
    rules = table(
        rule("r3", "a", "b"), rule("r2", "c", "d"), rule("r4", "e", "f", size_lift=3.0),
        rule("r1", "g", "h", margin_at_stake=500.0, size_lift=1.1),
    )  # fmt: skip
    assert ids(sure_rules(rules, 0.05)) == ["r1", "r4", "r2", "r3"]


def test_a_pair_is_shown_in_one_direction_but_an_order_of_buying_in_both(rule):
    pair = [rule("r1", "tea", "milk"), rule("r2", "milk", "tea")]
    ordered = [rule("r3", "tea", "milk", is_ordered=True), rule("r4", "milk", "tea", is_ordered=True)]
    assert ids(one_direction([*pair, *ordered])) == ["r1", "r3", "r4"]


def test_each_kind_and_level_has_its_list(rule):
    rules = table(
        rule("r1", "a", "b"),
        rule("r2", "c", "d", level="category"),
        rule("r3", "e", "f", sign="-", relation="substitutes", size_lift=0.4),
        rule("r4", "g", "h", sign="-", relation="different_customers", size_lift=0.4),
        rule("r5", "i", "j", is_ordered=True, relation="follows"),
    )
    found = {
        kind: [
            (each.level, ids([line.rule for line in each.lines]))
            for each in rule_lists(sure_rules(rules, 0.05), kind, periods=None, at_most=9)
        ]
        for kind in ("together", "substitutes", "next")
    }
    assert found == {
        "together": [("product", ["r1"]), ("category", ["r2"])],
        "substitutes": [("product", ["r3"])],
        "next": [("product", ["r5"])],
    }


def test_a_quarter_points_the_way_of_the_rules_sign(rule):
    rules = table(rule("r1", "a", "b", sign="-", relation="substitutes", size_lift=0.5))
    quarters = pa.table({"rule_id": ["r1"] * 3, "period_on": [3, 1, 2], "rule_lift": [0.25, 4.0, None]})
    [listed] = rule_lists(sure_rules(rules, 0.05), "substitutes", periods=quarters, at_most=9)
    assert [(dot.period_on, dot.height, dot.holds) for dot in listed.lines[0].dots] == [
        (1, 1.0, False),
        (2, 0.5, None),
        (3, 0.0, True),
    ]


def test_rules_come_go_and_change_strength(rule):
    before = table(
        rule("r1", "a", "b", n_both=400, size_lift=2.0),
        rule("r2", "c", "d", n_both=400, size_lift=2.0),
        rule("r3", "e", "f"),
        rule("r5", "i", "j", n_both=400, size_lift=0.8, sign="-"),
    )
    now = table(
        rule("r1", "a", "b", n_both=400, size_lift=3.0),
        rule("r2", "c", "d", n_both=400, size_lift=2.05),
        rule("r4", "g", "h"),
        rule("r5", "i", "j", n_both=400, size_lift=0.4, sign="-"),
    )
    changes = changes_of({"rules": now}, {"rules": before}, 0.05)
    assert {kind: ids([change.rule for change in found]) for kind, found in changes.rules.items()} == {
        "new": ["r4"],
        "gone": ["r3"],
        "strengthened": ["r1", "r5"],
        "weakened": [],
    }


@given(st.floats(0.1, 10), st.integers(1, 1000))
def test_a_rule_does_not_differ_from_itself(size_lift, n_both):
    same = {"size_lift": size_lift, "n_both": n_both, "rule_lift": 1.0}
    assert not differs(same, same)


def test_customers_move_between_segments_and_come_and_go():
    before = pa.table({"customer_id": ["ann", "bob", "cid"], "segment": ["loyal", "lost", "lost"]})
    now = pa.table({"customer_id": ["ann", "bob", "dot"], "segment": ["loyal", "loyal", "new"]})
    changes = changes_of({"rfm": now}, {"rfm": before}, 0.05)
    assert changes.segments == [("", "new", 1), ("lost", "", 1), ("lost", "loyal", 1)]
