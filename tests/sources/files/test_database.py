from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from nextbest.base.errors import DataError
from nextbest.sources.files import open_source


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table orders (id text, qty real, on_ text)")
        db.executemany(
            "insert into orders values (?, ?, ?)", [("0012", 6.0, "2024-01-31"), ("o2", None, "10:00")]
        )
        db.commit()
    return path


def also(path, *statements):
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def test_the_only_table_is_read(shop):
    table = open_source(f"sqlite:///{shop}")

    assert (table.name, table.columns) == ("shop.db/orders", ("id", "qty", "on_"))
    assert [row for batch in table.batches() for row in batch.to_pylist()] == [
        {"_row": 1, "id": "0012", "qty": "6", "on_": "2024-01-31"},
        {"_row": 2, "id": "o2", "qty": None, "on_": "10:00"},
    ]


def test_a_select_is_read(shop):
    table = open_source(f"sqlite:///{shop}", table="select id as order_id from orders where on_ = '10:00'")

    assert table.head(9).to_pylist() == [{"order_id": "o2"}]


def test_several_tables_want_a_name(shop):
    also(shop, "create table items (id text)", "insert into items values ('i1')")

    with pytest.raises(DataError, match="It has items, orders"):
        open_source(f"sqlite:///{shop}")
    with pytest.raises(DataError, match='no table "customers"'):
        open_source(f"sqlite:///{shop}", table="customers")
    assert open_source(f"sqlite:///{shop}", table="items").head(1)["id"].to_pylist() == ["i1"]


def test_the_digest_knows_the_rows_and_not_their_order(shop):
    straight = open_source(f"sqlite:///{shop}", table="select * from orders order by id").digest
    turned = open_source(f"sqlite:///{shop}", table="select * from orders order by id desc").digest
    also(shop, "update orders set qty = 7 where id = 'o2'")

    assert straight == turned != open_source(f"sqlite:///{shop}").digest


@pytest.mark.parametrize(
    ("url", "table", "code"),
    [
        ("sqlite:///{}/nowhere.db", None, "files.missing"),
        ("nosuch://ann:secret@host/shop", None, "files.not_a_database"),
        ("mysql://ann:secret@host/shop", None, "files.no_driver"),
        ("sqlite:///{}/shop.db", "select nothing from orders", "files.query_failed"),
        ("sqlite:///{}/shop.db", "select * from orders where 0", "files.no_rows"),
        ("sqlite:///{}/shop.db", "select id, qty as id from orders", "files.duplicate_columns"),
    ],
)
def test_what_cannot_be_read_gets_a_sentence_without_passwords(shop, url, table, code):
    with pytest.raises(DataError) as caught:
        open_source(url.format(shop.parent), table=table)
    assert caught.value.message.code == code
    assert "secret" not in str(caught.value)
