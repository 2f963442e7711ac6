from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from nextbest.sources.files.core.cells import as_strings, finished, plain

CASES = [
    ([17850.0, 0.5, float("nan"), None, -2.0], ["17850", "0.5", None, None, "-2"]),
    ([10000000000.5, 1e-7, 1e22], ["10000000000.5", "0.0000001", "10000000000000000000000"]),
    ([1e15, 12345678901234567.0], ["1000000000000000", "12345678901234568"]),
    ([True, False, None], ["true", "false", None]),
    ([date(2024, 1, 31)], ["2024-01-31"]),
    ([datetime(2024, 1, 31, 10, 0, 5)], ["2024-01-31 10:00:05"]),  # noqa: DTZ001
    ([datetime(2024, 1, 31, 10, 0, 5, 250000)], ["2024-01-31 10:00:05.250000"]),  # noqa: DTZ001
    ([datetime(2024, 1, 31, 10, tzinfo=UTC)], ["2024-01-31 10:00:00Z"]),
    ([Decimal("1.50"), Decimal("0.0000001")], ["1.5000000", "0.0000001"]),
    (["café".encode()], ["café"]),
    ([{"a": 1}], ['{"a": 1}']),
    ([7, None], ["7", None]),
]


@pytest.mark.parametrize(("values", "strings"), CASES)
def test_typed_values_become_plain_strings(values, strings):
    assert as_strings(pa.array(values)).to_pylist() == strings


@pytest.mark.parametrize(
    ("values", "strings"), [case for case in CASES if not isinstance(case[0][0], Decimal)]
)
def test_python_values_become_the_same_strings(values, strings):
    assert [plain(value) for value in values] == strings


def test_dictionaries_and_zones_do_not_matter():
    paris = pa.array([datetime(2024, 1, 31, 10, tzinfo=UTC)], pa.timestamp("us", "Europe/Paris"))

    assert as_strings(paris).to_pylist() == ["2024-01-31 10:00:00Z"]
    assert as_strings(pa.array([1.0, 1.0, None]).dictionary_encode()).to_pylist() == ["1", "1", None]


def test_cells_that_excel_keeps_as_text_lose_their_wrapping():
    batch, _ = finished([pa.array(['="0012"', "=1+1", "0012"])], ("id",), pa.array([1, 2, 3]))

    assert batch["id"].to_pylist() == ["0012", "=1+1", "0012"]


def test_rows_without_content_are_set_aside_by_number():
    batch, empty = finished(
        [pa.array(["a", "", None]), pa.array([None, "", None])], ("x", "y"), pa.array([1, 2, 3])
    )

    assert (batch["_row"].to_pylist(), empty) == ([1], [2, 3])
