import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.base.errors import DataError
from nextbest.models.propensity.core.columns import Encoder
from nextbest.models.propensity.core.rows import Rows


def texts(*values):
    return np.array(values, dtype=object)


def what_is(values):
    (column,) = Encoder.learn({"x": values}).columns
    return column.left_out or column.kind


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (texts(*[None, " ", "NA", "?"] * 10), "empty"),
        (np.full(40, np.nan), "empty"),
        (texts(*["x"] * 40), "constant"),
        (np.full(40, 3.0), "constant"),
        (texts(*["x", None] * 20), "category"),
        (texts(*["yes", "no"] * 20), "category"),
        (texts(*["29.85", " ", "56.95", "108.15"] * 10), "number"),
        (texts(*["1,234.50", "12", "7"] * 10), "number"),
        (texts(*["1.234,50", "12,5"] * 10), "number"),
        (texts(*["12%", "7 %"] * 10), "number"),
        (texts(*["01234", "99999"] * 10), "category"),
        (texts(*["2026-01-31", "2025-12-01"] * 10), "date"),
        (texts(*["31/01/2026", "01/12/2025"] * 10), "date"),
        (texts(*["1/31/26", "12/1/25"] * 10), "date"),
        (texts(*["Dec-2015", "Jan-2016"] * 10), "date"),
        (texts(*["2026年1月31日", "2025年12月1日"] * 10), "date"),
        (texts(*[f"A-{n}" for n in range(40)]), "id"),
        (np.arange(40) + 7.0, "id"),
        (np.arange(300) ** 2 + 5e8, "id"),
        (np.arange(300) / 7, "number"),
        (np.arange(40) % 39 + 0.0, "number"),
        (texts(*[f"please call customer {n} back tomorrow" for n in range(40)]), "text"),
    ],
)
def test_what_a_column_is_needs_no_help(values, expected):
    assert what_is(values) == expected


def test_infinite_values_stand_at_the_end_of_what_was_seen():
    values = np.array([1.0, 2.0, 2.0, np.inf, -np.inf, np.nan] * 10)
    encoder = Encoder.learn({"ratio": values})
    assert encoder.matrix({"ratio": np.array([np.inf, -np.inf, np.nan])})[:2, 0].tolist() == [2.0, 1.0]
    assert np.isfinite(encoder.one_hot({"ratio": values}).toarray()).all()


def test_a_number_reads_the_same_as_text_and_as_number():
    encoder = Encoder.learn({"fee": np.array([1.0, 2.5, 3.0] * 10)})
    assert encoder.matrix({"fee": texts("2.5", " 3 ", None)})[:2, 0].tolist() == [2.5, 3.0]


def test_a_category_of_figures_reads_the_same_as_text_and_as_number():
    encoder = Encoder.learn({"zone": texts(*["01", "2", "2"] * 20)})
    assert encoder.matrix({"zone": texts("2", "01")})[:, 0].tolist() == [0.0, 1.0]
    assert encoder.matrix({"zone": np.array([2.0, 9.0])})[:, 0].tolist() == [0.0, 2.0]


def test_a_level_never_seen_is_other_and_case_does_not_matter():
    encoder = Encoder.learn({"plan": texts(*["Gold", "gold ", "basic", "basic", "basic"] * 10)})
    assert encoder.matrix({"plan": texts("GOLD", "platinum", None)})[:2, 0].tolist() == [1.0, 2.0]


def test_thousands_of_levels_are_kept_as_far_as_they_have_rows():
    city = texts(*[f"city {n % 3000}" for n in range(40_000)])
    (column,) = Encoder.learn({"city": city}).columns
    assert column.kind == "category"
    assert len(column.levels) == 2000


def test_days_count_back_from_the_newest_of_the_training_rows():
    encoder = Encoder.learn({"since": texts(*["2026-01-31", "2026-01-30"] * 10)})
    assert encoder.matrix({"since": texts("2026-01-21", "2026-02-01")})[:, 0].tolist() == [10.0, -1.0]


def test_a_missing_column_is_named_and_others_are_ignored():
    encoder = Encoder.learn({"fee": np.array([1.0, 2.0] * 10)})
    assert len(encoder.matrix({"fee": np.array([1.0]), "more": np.array([5.0])})) == 1
    with pytest.raises(DataError, match="fee"):
        encoder.matrix({"more": np.array([5.0])})


def test_excluded_columns_are_not_needed():
    encoder = Encoder.learn({"fee": np.array([1.0, 2.0] * 10), "age": np.array([1.0, 2.0] * 10)}, ("age",))
    assert encoder.factors == ("fee",)
    assert encoder.columns[1].left_out == "excluded"


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=5, max_size=60))
def test_every_row_of_numbers_has_one_bin_or_is_missing(values):
    encoder = Encoder.learn(
        {"x": np.array(values, dtype=np.float64), "y": np.array([0.0, 1.0] * 60)[: len(values)]}
    )
    columns = {"x": np.array(values, dtype=np.float64), "y": np.array([0.0, 1.0] * 60)[: len(values)]}
    rows = Rows.of(encoder, columns)
    flags = rows.flags.toarray()
    assert np.isfinite(flags).all()
    start = 0
    for column in encoder.used:
        own = flags[:, start : start + column.width]
        assert (own[:, 1:].sum(axis=1) == 1).all(), column
        start += column.width


@given(st.permutations(range(30)))
def test_what_is_learnt_does_not_depend_on_the_order_of_the_rows(order):
    order = np.array(order)
    columns = {
        "fee": np.array([1.5, 2.5, np.nan, 4.0, 5.0] * 6),
        "plan": texts(*["a", "b", "b", None, "c"] * 6),
        "since": texts(*["2026-01-31", "2026-01-30", None, "2025-01-01", "2024-01-01"] * 6),
    }
    shuffled = {name: values[order] for name, values in columns.items()}
    assert Encoder.learn(columns) == Encoder.learn(shuffled)
