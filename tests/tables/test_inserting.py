from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from nextbest.tables.inserting import insert

NOON = datetime(2026, 1, 31, 12)  # noqa: DTZ001
TEAS = sa.Table(
    "teas",
    sa.MetaData(),
    sa.Column("name", sa.Text),
    sa.Column("picked_at", sa.DateTime),
    sa.Column("grams", sa.Float),
    sa.Column("is_green", sa.Boolean),
)
ROWS = st.tuples(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    st.none() | st.datetimes(NOON, NOON + timedelta(days=9)),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)


@pytest.fixture(scope="module")
def engine():
    made = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    yield made
    made.dispose()


@given(rows=st.lists(ROWS, max_size=250))
def test_rows_are_read_as_they_were_given(engine, rows):
    with engine.begin() as connection:
        TEAS.create(connection)
        insert(connection, TEAS, ("name", "picked_at", "grams", "is_green"), rows)
        found = connection.execute(sa.select(TEAS).order_by(sa.literal_column("rowid"))).all()
        TEAS.drop(connection)
    assert [tuple(row) for row in found] == rows


def test_columns_may_come_in_any_order_and_be_left_out(engine):
    with engine.begin() as connection:
        TEAS.create(connection)
        insert(connection, TEAS, ("grams", "name"), [(1.5, "oolong")] * 201)
        found = connection.execute(sa.select(TEAS)).all()
        TEAS.drop(connection)
    assert [tuple(row) for row in found] == [("oolong", None, 1.5, None)] * 201
