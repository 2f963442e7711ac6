from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.base.errors import DataError
from nextbest.sources.files import content, open_source

OBJECTS = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.text(min_size=1) | st.integers(), min_size=1), min_size=1
)


def rows_of(path):
    table = open_source(path)
    return table, [row for batch in table.batches() for row in batch.to_pylist()]


def test_lines_of_objects_become_rows(source):
    path = source('{"id":"0012","user":{"name":"ann"},"items":[1,2]}\n{"id":7,"new":true}\n\n', "e.jsonl")
    table, rows = rows_of(path)

    assert table.columns == ("id", "user.name", "items", "new")
    assert rows == [
        {"_row": 1, "id": "0012", "user.name": "ann", "items": "[1, 2]", "new": None},
        {"_row": 2, "id": "7", "user.name": None, "items": None, "new": "true"},
    ]


def test_lines_that_are_no_objects_are_counted(source):
    table, rows = rows_of(source('{"id":1}\n{"id":\n3\n{"id":4}\n', "e.jsonl"))

    assert [row["_row"] for row in rows] == [1, 4]
    assert [(line.row, line.reason, line.text) for line in table.rejected] == [
        (2, "not_json", '{"id":'),
        (3, "not_json", "3"),
    ]


@given(OBJECTS, st.sampled_from([None, 2]), st.sampled_from([3, 1 << 20]))
def test_a_list_is_read_like_lines_in_any_blocks(objects, indent, size):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        listed, lines = Path(folder, "list.json"), Path(folder, "lines.json")
        listed.write_text(json.dumps(objects, indent=indent))
        lines.write_text("".join(json.dumps(row) + "\n" for row in objects))
        patch.setattr(content, "_CHUNK", size)

        assert rows_of(str(listed))[1] == rows_of(str(lines))[1]


def test_an_answer_that_wraps_its_list_is_unwrapped(source):
    answer = {"orders": [{"id": 1}, {"id": 2}]}

    for indent in (None, 2):
        assert [row["id"] for row in rows_of(source(json.dumps(answer, indent=indent), "a.json"))[1]] == [
            "1",
            "2",
        ]


@pytest.mark.parametrize(
    ("text", "code"),
    [("[]", "files.no_rows"), ("[1, 2]", "files.no_objects"), ('[{"a": 1}, {"a"', "files.damaged")],
)
def test_json_without_objects_gets_a_sentence(source, text, code):
    with pytest.raises(DataError) as caught:
        open_source(source(text, "a.json"))
    assert caught.value.message.code == code
