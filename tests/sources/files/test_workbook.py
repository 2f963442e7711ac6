from __future__ import annotations

import zipfile
from datetime import datetime

import pytest

from nextbest.base.errors import DataError
from nextbest.sources.files import open_source

AT = datetime(2024, 1, 31, 8, 26)  # noqa: DTZ001


def test_a_sheet_becomes_strings(workbook):
    table = open_source(
        workbook({"Orders": [["id", "qty", "at", "new"], ["0012", 6.0, AT, True], ["o2", 2.5, None, False]]})
    )

    assert [row for batch in table.batches() for row in batch.to_pylist()] == [
        {"_row": 1, "id": "0012", "qty": "6", "at": "2024-01-31 08:26:00", "new": "true"},
        {"_row": 2, "id": "o2", "qty": "2.5", "at": None, "new": "false"},
    ]


def test_titles_blank_rows_and_nameless_columns_are_passed_over(workbook):
    rows = [["Orders of May"], [], ["id", "n", None, "on"], ["o1", 1, None, "x"], [], ["o2", 2, None, "y"]]
    table = open_source(workbook({"May": rows}))

    assert table.columns == ("id", "n", "on")
    assert table.head(9)["id"].to_pylist() == ["o1", "o2"]
    assert [notice.code for notice in table.notices] == ["files.lines_above"]


def test_the_only_sheet_with_a_table_or_the_named_one_is_read(workbook):
    orders, items = [["id", "n"], ["o1", "a"]], [["item", "n"], ["i1", "b"]]
    beside = workbook(
        {"Cover": [["Orders of May"], ["by Bob"]], "Empty": [], "Orders": orders}, "beside.xlsx"
    )
    path = workbook({"Orders": orders, "Items": items})

    assert open_source(beside).columns == ("id", "n")
    assert open_source(path, table="Items").columns == ("item", "n")
    assert open_source(path, table="Items").digest != open_source(path, table="Orders").digest
    with pytest.raises(DataError, match=r'no sheet "Customers". It has Orders, Items'):
        open_source(path, table="Customers")


def test_of_several_sheets_none_is_dropped_in_silence(workbook):
    path = workbook({"Jan": [["id", "n"], ["o1", "a"]], "Feb": [["id", "n"], ["o2", "b"]]})
    with pytest.raises(DataError, match=r'expected one: Jan, Feb. .* "orders.xlsx#Jan"'):
        open_source(path)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "files.empty"),
        ([["id", "n"]], "files.no_rows"),
        ([["id", "id"], ["a", "b"]], "files.duplicate_columns"),
    ],
)
def test_a_sheet_that_is_no_table_gets_a_sentence(workbook, rows, code):
    with pytest.raises(DataError) as caught:
        open_source(workbook({"Orders": rows}))
    assert caught.value.message.code == code


def test_a_damaged_workbook_gets_a_sentence(source):
    with pytest.raises(DataError, match="damaged"):
        open_source(source(b"\xd0\xcf\x11\xe0" + b"x" * 600, "orders.xls"))


def test_open_document_sheets_are_read(tmp_path):
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in [["id", "n"], ["0012", "a"]]
    )
    sheet = f'<table:table table:name="Orders">{rows}</table:table>'
    body = f"<office:body><office:spreadsheet>{sheet}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(tmp_path / "orders.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest:manifest/>")
        archive.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")

    assert open_source(str(tmp_path / "orders.ods")).head(9).to_pylist() == [{"id": "0012", "n": "a"}]
