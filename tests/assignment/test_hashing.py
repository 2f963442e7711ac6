import json
import time

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.assignment.hashing import (
    bucket,
    bucket_ranges,
    bucket_sql,
    buckets,
    choose_variation,
    hash_share,
    in_namespace,
)

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@pytest.fixture
def cases(shared_data):
    return json.loads((shared_data("growthbook_spec") / "cases.json").read_text(encoding="utf-8"))


def test_every_hash_of_the_specification_is_the_same(cases):
    assert len(cases["hash"]) == 15
    for seed, value, version, share in cases["hash"]:
        assert hash_share(seed, value, version) == share


def test_every_bucket_range_of_the_specification_is_the_same(cases):
    assert len(cases["getBucketRange"]) == 13
    for name, (n_variants, coverage, weights), ranges in cases["getBucketRange"]:
        ours = bucket_ranges(n_variants, coverage, weights)
        assert [list(part) for part in ours] == [pytest.approx(part) for part in ranges], name


def test_every_choice_of_the_specification_is_the_same(cases):
    assert len(cases["chooseVariation"]) == 13
    for name, share, ranges, chosen in cases["chooseVariation"]:
        assert choose_variation(share, ranges) == chosen, name


def test_every_namespace_of_the_specification_is_the_same(cases):
    assert len(cases["inNamespace"]) == 16
    for name, value, namespace, inside in cases["inNamespace"]:
        assert in_namespace(value, *namespace) is inside, name


@pytest.mark.parametrize(
    ("value", "expected"), [("客户0", 2374), ("客户1", 7482), ("😀1", 1573), ("Zoë", 1884)]
)
def test_ids_beyond_ascii_are_hashed_as_javascript_does(value, expected):
    assert bucket("exp", value) == expected
    assert buckets("exp", [value]).tolist() == [expected]


@given(ANY_TEXT, st.lists(ANY_TEXT, max_size=8))
def test_many_at_once_are_the_same_as_one_by_one(seed, values):
    assert buckets(seed, values).tolist() == [bucket(seed, value) for value in values]


@given(ANY_TEXT, st.lists(ANY_TEXT.filter(lambda text: "\0" not in text), min_size=1, max_size=8))
def test_the_engine_gives_the_same_as_python(seed, values):
    with duckdb.connect() as connection:
        query = f"SELECT {bucket_sql(seed, 'id')} FROM (SELECT unnest(?) AS id)"  # noqa: S608
        found = [row[0] for row in connection.execute(query, [values]).fetchall()]
    assert found == [bucket(seed, value) for value in values]


def test_shares_are_even_and_two_seeds_have_nothing_to_do_with_each_other():
    ids = [f"客户{number}" for number in range(20_000)]
    one, other = buckets("one", ids) < 5000, buckets("other", ids) < 5000
    assert one.mean() == pytest.approx(0.5, abs=0.012)
    assert (one & other).mean() == pytest.approx(0.25, abs=0.012)


def test_a_million_ids_take_less_than_three_seconds():
    ids = [f"customer-{number}" for number in range(1_000_000)]
    before = time.process_time()
    buckets("spring", ids)
    assert time.process_time() - before < 3
