from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.base.errors import DataError
from nextbest.sources.files import ROW, content, open_source
from nextbest.sources.files.core import records

CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=4)
ROWS = st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8)


def read(path, **options):
    table = open_source(path, **options)
    rows = [row for batch in table.batches() for row in batch.to_pylist()]
    return table, rows


def cells(path, **options):
    table, rows = read(path, **options)
    return [[row[name] for name in table.columns] for row in rows]


@given(
    ROWS, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"])
)
def test_what_was_written_is_read(rows, delimiter, encoding):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows([["o1", "ann", "文 é"], *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "orders.csv")
        path.write_bytes(text.getvalue().encode(encoding))
        found = cells(str(path), delimiter=delimiter, encoding=encoding, has_header=False)

    filled = [[cell or None for cell in row] for row in rows if any(row) and '="' not in "".join(row)]
    assert [row for row in found[1:] if '="' not in "".join(filter(None, row))] == filled


@given(
    st.lists(
        st.sampled_from([b"1,a\n", b'2,"b\nc"\n', b'3,"d\n', b"\n", b",\n", b"4\n", b'5,e" f\n', b"6,\xe9\n"])
    )
)
def test_every_row_is_kept_or_set_aside_and_block_sizes_do_not_matter(lines):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder, "orders.csv")
        path.write_bytes(b"id,n\n7,x\n" + b"".join(lines))
        results = []
        for size in (1 << 20, 7):
            patch.setattr(content, "_CHUNK", size)
            table, rows = read(str(path), encoding="utf-8", delimiter=",", has_header=True)
            results.append((rows, table.rejected))

    (rows, rejected), (rows_of_blocks, rejected_of_blocks) = results
    numbers = [row[ROW] for row in rows] + [line.row for line in rejected]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert (rows, rejected) == (rows_of_blocks, rejected_of_blocks)


def test_ids_keep_their_zeros(source):
    assert cells(source('id,n\n0012,1\n="007",2\n')) == [["0012", "1"], ["007", "2"]]


def test_rows_with_other_cells_are_counted(source):
    table, rows = read(source("id,n\n1,a\n2\n3,b,c\nTotal: 3\n4,d\n"))

    assert [row[ROW] for row in rows] == [1, 5]
    assert [(line.row, line.reason, line.text) for line in table.rejected] == [
        (2, "cells", "2"),
        (3, "cells", "3,b,c"),
        (4, "cells", "Total: 3"),
    ]


def test_lines_in_another_encoding_are_counted_and_the_rest_is_kept(source):
    table, rows = read(source("id,n\n1,ä\n".encode() + b"2,\xe4\n3,\xc3\xb6\n"))

    assert [row["n"] for row in rows] == ["ä", "ö"]
    assert [(line.row, line.reason) for line in table.rejected] == [(2, "encoding")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gbk", "gb18030"])
def test_chinese_files_are_read_whatever_their_encoding(source, encoding):
    path = source("订单编号,买家会员名,宝贝标题\n0012,张三,女装连衣裙\n", encoding=encoding)

    assert read(path)[1] == [{ROW: 1, "订单编号": "0012", "买家会员名": "张三", "宝贝标题": "女装连衣裙"}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_matter(source, end):
    assert cells(source(end.join(["id,n", "1,a", "2,b", ""]))) == [["1", "a"], ["2", "b"]]


def test_nul_bytes_are_left_out_and_said(source):
    table, rows = read(source(b"id,n\n1,\x00a\n"))

    assert rows[0]["n"] == "a"
    assert [notice.code for notice in table.notices] == ["files.nul_bytes"]


def test_a_missing_header_is_said(source):
    table, rows = read(source("1,2024-01-02,ann\n2,2024-01-03,bob\n"))

    assert (table.columns, len(rows)) == (("c1", "c2", "c3"), 2)
    assert [notice.code for notice in table.notices] == ["files.no_header"]


def test_a_line_of_seventeen_megabytes_is_set_aside(source):
    table, rows = read(source(b"id,n\n1,a\n2," + b"x" * (17 << 20) + b"\n3,b\n"))

    assert [row["n"] for row in rows] == ["a", "b"]
    assert [(line.row, line.reason, len(line.text)) for line in table.rejected] == [(2, "too_long", 200)]


def test_head_and_sample_leave_the_row_number_out(source, monkeypatch):
    monkeypatch.setattr(content, "_CHUNK", 64)
    table = open_source(source("id,n\n" + "".join(f"{i},a\n" for i in range(100)) + "x\n"))
    list(table.batches())

    assert table.head(3).to_pylist() == [{"id": str(i), "n": "a"} for i in range(3)]
    assert [(line.row, line.reason) for line in table.rejected] == [(101, "cells")]
    assert table.sample(10)["id"].to_pylist() == [str(i) for i in range(0, 100, 8)]
    assert table.sample(1000).num_rows == 100
    assert table.head(1000).num_rows == 100


@pytest.mark.parametrize(
    ("content_", "code"),
    [
        (b"", "files.empty"),
        (b"\n\n", "files.empty"),
        (b"id,n\n", "files.no_rows"),
        (b"id\n", "files.no_rows"),
        (b"id,n,id\n1,2,3\n", "files.duplicate_columns"),
        (b"<html><table>", "files.markup"),
        (b"%PDF-1.7\n1 0 obj\n", "files.not_a_table"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10, "files.not_a_table"),
        (b"\0" * 5000, "files.not_a_table"),
        (b"x" * (17 << 20), "files.line_too_long"),
    ],
)
def test_what_is_no_table_gets_a_sentence(source, content_, code):
    with pytest.raises(DataError) as caught:
        read(source(content_))
    assert caught.value.message.code == code
    assert "orders.csv" in str(caught.value)


def test_a_wrong_delimiter_is_answered_with_the_right_one(source):
    with pytest.raises(DataError, match=r'";" does not occur .* but "," does'):
        open_source(source("id,n\n1,a\n"), delimiter=";")
    with pytest.raises(DataError, match="one sign"):
        open_source(source("id,n\n1,a\n"), delimiter="::")


def test_an_unknown_encoding_is_named(source):
    with pytest.raises(DataError, match='no encoding "latin-99"'):
        open_source(source("id,n\n1,a\n"), encoding="latin-99")


def test_the_digest_is_of_the_content(source):
    one, same, other = (
        source(text, name) for text, name in (("id\n1\n", "a"), ("id\n1\n", "b"), ("id\n2\n", "c"))
    )

    assert open_source(one).digest == open_source(same).digest != open_source(other).digest


def test_long_lines_cost_no_memory_beyond_the_limit(monkeypatch):
    monkeypatch.setattr(records, "MAX_LINE", 100)
    blocks = records.blocks_of_lines(b"x" * 50 for _ in range(1000))

    assert [len(block) for block, _ in blocks] == [150]
