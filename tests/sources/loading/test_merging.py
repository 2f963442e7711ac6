"""Exports that overlap, are split, or change: nothing doubles and nothing is lost."""

from collections import Counter

import ibis
from hypothesis import given, settings
from hypothesis import strategies as st

from nextbest.sources.loading import merge_new

ROWS = ibis.duckdb.connect(threads=1)


def lines(*rows):
    """Type lines as (order, product, quantity[, line_id])."""
    counts = Counter()
    made = []
    for order, product, quantity, *given_id in sorted(rows):
        counts[order] += 1
        made.append(
            {
                "line_id": given_id[0] if given_id else f"{order}-{counts[order]}",
                "order_id": order,
                "product_id": product,
                "quantity": float(quantity),
            }
        )
    schema = {"line_id": "string", "order_id": "string", "product_id": "string", "quantity": "float64"}
    return ibis.memtable(made, schema=schema)


def content(table):
    rows = ROWS.to_pyarrow(table.select("order_id", "product_id", "quantity")).to_pylist()
    return sorted(tuple(row.values()) for row in rows)


def ids(table):
    return sorted(ROWS.to_pyarrow(table.select("line_id"))["line_id"].to_pylist())


def test_lines_that_are_there_are_merged_and_the_rest_is_added():
    merged = merge_new(
        "order_lines", lines(("o1", "a", 1), ("o1", "b", 1)), lines(("o1", "b", 1), ("o2", "a", 1)), "append"
    )
    assert content(merged.added) == [("o2", "a", 1.0)]
    assert content(merged.merged) == [("o1", "b", 1.0)]
    assert len(content(merged.rows)) == 3


def test_an_order_split_over_two_files_keeps_all_its_lines():
    merged = merge_new("order_lines", lines(("o1", "a", 1), ("o1", "b", 1)), lines(("o1", "c", 1)), "append")
    assert ids(merged.rows) == ["o1-1", "o1-2", "o1-3"]
    assert content(merged.merged) == []


def test_equal_lines_are_the_same_as_often_as_they_are_there():
    merged = merge_new("order_lines", lines(("o1", "a", 1)), lines(("o1", "a", 1), ("o1", "a", 1)), "append")
    assert content(merged.rows) == [("o1", "a", 1.0), ("o1", "a", 1.0)]
    assert ids(merged.rows) == ["o1-1", "o1-2"]


def test_lines_with_ids_of_their_own_go_by_their_ids():
    merged = merge_new(
        "order_lines",
        lines(("o1", "a", 1, "L1")),
        lines(("o1", "a", 5, "L1"), ("o1", "a", 1, "L2")),
        "append",
    )
    assert content(merged.rows) == [("o1", "a", 1.0), ("o1", "a", 1.0)]


def test_an_upsert_replaces_whole_orders_and_given_lines():
    merged = merge_new(
        "order_lines",
        lines(("o1", "a", 1), ("o1", "b", 1), ("o2", "a", 1), ("o3", "a", 1, "L1")),
        lines(("o1", "a", 2), ("o3", "a", 7, "L1")),
        "upsert",
    )
    assert content(merged.rows) == [("o1", "a", 2.0), ("o2", "a", 1.0), ("o3", "a", 7.0)]
    assert len(content(merged.merged)) == 2


def test_replace_keeps_nothing():
    merged = merge_new("order_lines", lines(("o1", "a", 1)), lines(("o2", "a", 1)), "replace")
    assert content(merged.rows) == [("o2", "a", 1.0)]


def test_customers_go_by_their_key_and_columns_of_both_stay():
    known = ibis.memtable({"customer_id": ["ann", "bob"], "place": ["Bonn", "Ulm"]})
    new = ibis.memtable({"customer_id": ["bob", "cat"], "gender": ["m", "f"]})
    appended, upserted = (merge_new("customers", known, new, mode) for mode in ("append", "upsert"))
    assert sorted(ROWS.to_pyarrow(appended.rows)["customer_id"].to_pylist()) == ["ann", "bob", "cat"]
    bob = ROWS.to_pyarrow(upserted.rows.filter(lambda t: t.customer_id == "bob")).to_pylist()
    assert bob == [{"customer_id": "bob", "gender": "m", "place": None}]


LINE = st.tuples(st.sampled_from(["o1", "o2"]), st.sampled_from(["a", "b"]), st.sampled_from([1, 2]))


@settings(max_examples=15, deadline=None)
@given(old=st.lists(LINE, max_size=6), new=st.lists(LINE, max_size=6))
def test_appending_is_the_union_that_counts_each_line_as_often_as_the_fuller_file(old, new):
    merged = merge_new("order_lines", lines(*old), lines(*new), "append")
    assert Counter(content(merged.rows)) == Counter(content(lines(*old))) | Counter(content(lines(*new)))
    assert len(content(merged.added)) + len(content(merged.merged)) == len(new)
    assert len(set(ids(merged.rows))) == len(ids(merged.rows))
    again = merge_new("order_lines", merged.rows, lines(*new), "append")
    assert content(again.added) == []
