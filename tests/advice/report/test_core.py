"""What the report counts: the shop, the rows that were read, the customers."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextbest.advice.report.core.audiences import audiences_of
from nextbest.advice.report.core.customers import grid_of, segments_of, stages_of
from nextbest.advice.report.core.shop import limits_of, loading_of, quality_of, shop_of

scored = st.lists(
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(0, 10_000), st.sampled_from("abc")),
    min_size=1,
)


def rfm(rows):
    r, f, revenue, segment = zip(*rows, strict=True)
    money = pa.array([Decimal(cents) / 100 for cents in revenue], pa.decimal128(18, 4))
    return pa.table({"r_score": r, "f_score": f, "revenue_total": money, "segment": segment})


@settings(deadline=None)  # the first call loads Arrow's kernels
@given(scored)
def test_every_customer_is_in_one_cell_of_the_grid_and_in_one_segment(rows):
    grid, groups = grid_of(rfm(rows)), segments_of(rfm(rows))
    assert sum(cell.n_customers for row in grid.rows for cell in row) == len(rows)
    assert sum(group.n_customers for group in groups) == len(rows)
    assert sum(group.customers_share for group in groups) == pytest.approx(1)


@settings(deadline=None)
@given(scored, st.randoms(use_true_random=False))
def test_the_order_of_customers_does_not_matter(rows, chance):
    mixed = list(rows)
    chance.shuffle(mixed)
    assert segments_of(rfm(mixed)) == segments_of(rfm(rows))
    assert grid_of(rfm(mixed)) == grid_of(rfm(rows))


def test_the_top_cell_is_the_one_that_brings_most():
    grid = grid_of(rfm([(5, 5, 9000, "a"), (1, 1, 1000, "b"), (5, 1, 0, "b")]))
    assert (grid.top.r_score, grid.top.f_score, grid.top.revenue_share, grid.top.shade) == (5, 5, 0.9, 1)


def test_without_money_the_grid_is_shaded_by_customers():
    grid = grid_of(pa.table({"r_score": [2, 2, 1], "f_score": [2, 2, 1]}))
    assert grid.top.revenue_share is None
    assert [cell.shade for row in grid.rows for cell in row] == [0, 1, 0.5, 0]


def test_nobody_bought_means_no_grid():
    assert (
        grid_of(pa.table({"r_score": pa.array([], pa.int64()), "f_score": pa.array([], pa.int64())})) is None
    )


def test_a_profile_of_several_days_is_read_at_its_last_day():
    days = [date(2024, 1, 1), date(2024, 2, 1), date(2024, 2, 1)]
    stages = pa.table(
        {"customer_id": ["ann", "ann", "bob"], "as_of": days, "stage": ["new", "active", "gone"]}
    )
    assert [(group.name, group.n_customers) for group in stages_of(stages, None)] == [
        ("active", 1),
        ("gone", 1),
    ]


def test_stages_carry_the_revenue_of_their_customers():
    stages = pa.table({"customer_id": ["ann", "bob"], "stage": ["gone", "active"]})
    money = pa.table({"customer_id": ["bob", "ann"], "revenue_total": [30.0, 10.0]})
    assert [(group.name, group.revenue_share) for group in stages_of(stages, money)] == [
        ("active", 0.75),
        ("gone", 0.25),
    ]


def test_reasons_of_several_files_are_added_up_most_rows_first():
    reasons = pa.table(
        {
            "file": ["a.csv", "b.csv", "b.csv"],
            "rule": ["cleaning.tests", "cleaning.tests", "cleaning.bots"],
            "effect": ["quarantined", "quarantined", "quarantined"],
            "n_rows": [2, 3, 4],
            "example": ["o2", "o1", None],
        }
    )
    counts = {"n_read": [20], "n_kept": [11], "n_merged": [0], "n_quarantined": [9]}
    loading = loading_of({"load_report": pa.table({"file": ["a.csv"], **counts}), "load_reasons": reasons})
    assert [(row["rule"], row["n_rows"], row["example"]) for row in loading.reasons] == [
        ("cleaning.tests", 5, "o1"),
        ("cleaning.bots", 4, None),
    ]


def test_a_snapshot_without_tables_is_a_shop_without_numbers():
    assert shop_of({}).n_customers is None
    assert loading_of({}) is None


def test_what_the_totals_lack_comes_from_the_profiles():
    totals = pa.table({"n_orders": [7], "n_customers": pa.array([None], pa.int64())})
    shop = shop_of({"shop_totals": totals, "rfm": pa.table({"customer_id": ["ann"]})})
    assert (shop.n_orders, shop.n_customers, shop.n_products) == (7, 1, None)


def test_audiences_are_ranked_by_what_is_at_stake(rule):
    rules = pa.Table.from_pylist([rule("r1", "tea", "milk"), rule("r2", "milk", "tea")])
    members = pa.table(
        {"rule_id": ["r1", "r1", "r2", "r0"], "customer_id": list("abac"), "margin_at_stake": [1.0, 1, 5, 9]}
    )
    shown, n_all = audiences_of({"rules": rules, "audiences": members}, 1)
    assert (shown[0].rule["rule_id"], shown[0].n_customers, shown[0].margin_at_stake, n_all) == (
        "r2",
        1,
        5.0,
        2,
    )


def test_limits_that_cut_nothing_are_left_out_and_each_search_has_its_column():
    rows = [
        {"level": "product", "is_ordered": True, "limit": "min_count", "value": 20.0, "n_left_out": 7},
        {"level": "product", "is_ordered": False, "limit": "min_count", "value": 20.0, "n_left_out": 5},
        {"level": "product", "is_ordered": False, "limit": "max_rules", "value": 9.0, "n_left_out": 0},
        {"level": "product", "is_ordered": False, "limit": "n_baskets", "value": 90.0, "n_left_out": None},
    ]
    limits = limits_of({"rule_limits": pa.Table.from_pylist(rows)})
    assert limits.searches == [("product", False), ("product", True)]
    assert limits.lines == {"n_baskets": [rows[3], None], "min_count": [rows[1], rows[0]]}


def test_columns_without_a_value_are_named_apart_from_those_with_gaps():
    rows = [
        {
            "table": "order_lines",
            "column": name,
            "n_rows": 10,
            "n_missing": n,
            "n_distinct": 1,
            "low": low,
            "high": low,
        }
        for name, n, low in (("quantity", 0, "2.0"), ("coupon_id", 10, None), ("discount", 4, "0.5000"))
    ]
    [filled] = quality_of({"data_quality": pa.Table.from_pylist(rows)})
    assert [(row["column"], row["low"]) for row in filled.columns] == [("discount", "0.5"), ("quantity", "2")]
    assert filled.not_given == ["coupon_id"]
