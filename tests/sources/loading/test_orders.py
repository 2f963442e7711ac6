"""Amounts stated for whole orders reach the lines, to the last cent, and nothing is taken off twice."""

from decimal import Decimal

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextbest.sources.loading.query.orders import spread

MONEY = pa.decimal128(18, 4)
STATED = ("order_revenue", "order_discount", "order_postage", "order_refund")


@pytest.fixture(scope="module")
def spread_lines():
    engine = ibis.duckdb.connect(threads=1)

    def run(lines, **stated):
        columns = {
            "_row": pa.array(range(len(lines)), pa.int64()),
            "order_id": pa.array(["o1"] * len(lines), pa.string()),
            "product_id": pa.array([f"p{n}" for n in range(len(lines))], pa.string()),
            "quantity": pa.array([1.0] * len(lines), pa.float64()),
            "net_revenue": pa.array([Decimal(str(line[0])) for line in lines], MONEY),
            "discount": pa.array([Decimal(str(line[1])) for line in lines], MONEY),
        }
        for name, amount in stated.items():
            amounts = [Decimal(str(amount))] + [None] * (len(lines) - 1)
            columns[name] = pa.array(amounts, MONEY)
        rows = engine.to_pyarrow(spread(ibis.memtable(pa.table(columns))).order_by("_row"))
        return [float(paid) for paid in rows["net_revenue"].to_pylist()]

    return run


@pytest.mark.parametrize(
    ("lines", "stated", "paid"),
    [
        ([(20, 0), (10, 0)], {"order_revenue": 30}, [20, 10]),
        ([(20, 0), (10, 0)], {"order_revenue": 27, "order_discount": 3}, [18, 9]),
        ([(20, 0), (10, 0)], {"order_revenue": 30, "order_discount": 3}, [18, 9]),
        ([(18, 2), (10, 0)], {"order_revenue": 28, "order_discount": 2}, [18, 10]),
        ([(18, 2), (10, 0)], {"order_revenue": 30, "order_discount": 2}, [18, 10]),
        ([(18, 0), (9, 0)], {"order_revenue": 30, "order_discount": 3}, [18, 9]),
        ([(20, 0), (10, 0)], {"order_revenue": 34.9, "order_postage": 4.9}, [20, 10]),
        ([(20, 0), (10, 0)], {"order_discount": 1}, [19.33, 9.67]),
        ([(20, 0), (10, 0)], {"order_revenue": 30, "order_refund": 34.9}, [0, 0]),
        ([(20, 0), (10, 0)], {"order_revenue": 30, "order_refund": 10}, [13.33, 6.67]),
        ([(0, 0), (0, 0)], {"order_revenue": 5}, [2.5, 2.5]),
    ],
)
def test_lines_are_worth_what_was_paid_for_them(spread_lines, lines, stated, paid):
    assert spread_lines(lines, **stated) == pytest.approx(paid, abs=1e-9)


cents = st.integers(0, 100_000).map(lambda n: n / 100)


@settings(max_examples=40, deadline=None)
@given(prices=st.lists(cents, min_size=1, max_size=6), stated=cents)
def test_the_lines_together_are_what_was_stated(spread_lines, prices, stated):
    paid = spread_lines([(price, 0) for price in prices], order_revenue=stated)
    assert sum(paid) == pytest.approx(stated, abs=0.011 if abs(sum(prices) - stated) < 0.02 else 1e-6)
    assert all(-1e-9 <= part <= stated + 0.02 for part in paid)


@settings(max_examples=40, deadline=None)
@given(prices=st.lists(cents, min_size=1, max_size=6), share=st.floats(0, 1))
def test_a_discount_is_taken_off_once(spread_lines, prices, share):
    off = round(sum(prices) * share, 2)
    paid = spread_lines([(price, 0) for price in prices], order_discount=off)
    assert sum(paid) == pytest.approx(sum(prices) - off, abs=0.011)
