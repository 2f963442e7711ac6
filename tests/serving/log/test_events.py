import sqlalchemy as sa

from nextbest.serving.log import Appended, append
from nextbest.tables.operational import CHANGES, EVENTS


def put(operations, *events):
    with operations.writing() as connection:
        return append(connection, events)


def test_an_event_is_kept_once(operations, event):
    assert put(operations, event("e1"), event("e2"), event("e1")) == Appended(2, 1, 0)
    assert put(operations, event("e2"), event("e3")) == Appended(1, 1, 0)
    assert put(operations) == Appended(0, 0, 0)
    assert put(operations, event("e3")) == Appended(0, 1, 0)
    with operations.reading() as connection:
        found = connection.execute(
            sa.select(EVENTS.c.event_id, EVENTS.c.sequence).order_by(EVENTS.c.event_id)
        )
        assert [tuple(row) for row in found] == [("e1", 1), ("e2", 1), ("e3", 2)]
        assert connection.scalar(sa.select(sa.func.count()).select_from(CHANGES)) == 2
    assert operations.sequence() == 2


def test_every_column_comes_back_as_it_went(operations, event):
    sent = event(
        "e1",
        "加入购物车",
        3,
        "o'hara",
        "a-1",
        page="/茶",
        dwell_seconds=1.5,
        properties={"x": "'; drop table"},
    )
    put(operations, sent)
    with operations.reading() as connection:
        row = connection.execute(sa.select(EVENTS)).mappings().one()
    assert {name: value for name, value in row.items() if name != "sequence"} == sent._asdict()
