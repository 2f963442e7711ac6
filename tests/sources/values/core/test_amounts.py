from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.sources.values.core.amounts import COMMA, POINT, decimal_style, exact, floats, take_apart, whole

AMOUNT = st.decimals(min_value=-(10**9), max_value=10**9, places=4)


def written(value, style):
    text = f"{value:,.4f}"
    return text if style == POINT else text.replace(",", "\0").replace(".", ",").replace("\0", ".")


@given(
    st.lists(AMOUNT, min_size=1),
    st.sampled_from([POINT, COMMA]),
    st.sampled_from(["{}", "{} €", "¥{}", "CHF {}"]),
)
def test_money_written_in_a_style_is_read_exactly(amounts, style, form):
    cells = pa.array([form.format(written(amount, style)) for amount in amounts])

    assert decimal_style(cells)[0] == style
    assert exact(cells, style).to_pylist() == amounts


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**13), max_value=10**13))
def test_money_is_rounded_half_away_from_zero(amount):
    assert exact(pa.array([str(amount)]), POINT).to_pylist() == [
        amount.quantize(Decimal("0.0001"), ROUND_HALF_UP)
    ]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_written_by_a_machine_are_read_exactly(numbers):
    assert floats(pa.array(map(repr, numbers), pa.string()), POINT).to_pylist() == numbers


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_whole_numbers_are_read_exactly(numbers):
    assert whole(pa.array(map(str, numbers), pa.string()), POINT).to_pylist() == numbers


@pytest.mark.parametrize(
    ("cells", "style", "is_ambiguous", "currency"),
    [
        (["1,234.50", "7"], POINT, False, None),
        (["1.234,50", "7,5"], COMMA, False, None),
        (["1.234.567"], COMMA, False, None),
        (["1,234,567"], POINT, False, None),
        (["0,125"], COMMA, False, None),
        (["1,234", "5,678"], POINT, True, None),
        (["1.234"], POINT, True, None),
        (["12", "7"], POINT, False, None),
        (["1 234,50 €", "2,00 €"], COMMA, False, "EUR"),
        (["12元", "￥5"], POINT, False, None),
        (["USD 5.10", "6.20 usd"], POINT, False, "USD"),
        (["$5.10"], POINT, False, None),
        (["12,34,567.00"], POINT, False, None),
        (["1'234.50"], POINT, False, None),
    ],
)
def test_the_style_is_decided_on_the_column(cells, style, is_ambiguous, currency):
    assert decimal_style(pa.array(cells)) == (style, is_ambiguous, currency)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("(3.00)", "-3"),
        ("-$2", "-2"),
        ("$-2", "-2"),
        ("2-", "-2"),
        ("−2", "-2"),
        ("+4", "4"),
        (".5", "0.5"),
        ("5.", "5"),
        ("US$5", "5"),
        ("￥１２．５", "12.5"),
        ("1.2万", "12000"),
        ("3e2", "300"),
        ("99999999999999.9999", "99999999999999.9999"),
        ("1e-30", "0"),
        ("0.30000000000000004", "0.3"),
        ("1e20", None),
        ("100000000000000", None),
        ("15%", None),
        ("(3", None),
        ("-(3)", None),
        ("--3", None),
        ("1,23", None),
        ("1.2.3", None),
        ("three", None),
        (".", None),
        ("5 EUR USD", None),
    ],
)
def test_money_in_many_dresses(cell, amount):
    assert exact(pa.array([cell]), POINT).to_pylist() == [None if amount is None else Decimal(amount)]


def test_percentages_are_shares_and_infinity_is_no_number():
    assert floats(pa.array(["50%", "inf", "1e999", "nan"]), POINT).to_pylist() == [0.5, None, None, None]


@pytest.mark.parametrize(
    ("cell", "number"),
    [("17850.0", 17850), ("00012", 12), ("1.5", None), ("9223372036854775808", None), ("1e400", None)],
)
def test_whole_numbers_are_whole(cell, number):
    assert whole(pa.array([cell]), POINT).to_pylist() == [number]


def test_what_is_no_number_is_not_taken_apart():
    assert take_apart(pa.array(["o1", "-", None])).body.to_pylist() == [None, None, None]
