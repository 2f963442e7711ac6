from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nextbest.sources.files.core import records
from nextbest.sources.files.core.records import blocks_of_lines, count_if_simple, split_records


@given(st.lists(st.binary(max_size=5)))
def test_cutting_at_line_ends_loses_nothing(chunks):
    whole = b"".join(chunks)
    expected = records._plain_line_ends(whole + (b"" if whole.endswith(b"\n") or not whole else b"\n"))

    assert b"".join(block for block, _ in blocks_of_lines(chunks)) == expected


def test_a_line_beyond_the_limit_is_named_and_left_out(monkeypatch):
    monkeypatch.setattr(records, "MAX_LINE", 10)

    blocks = list(blocks_of_lines([b"a\nbbbbbbb", b"bbbbbbbbbb", b"bb\nc\n"]))

    assert blocks == [(b"a\n", False), (b"bbbbbbbbbbbbbbbbb", True), (b"c\n", False)]


def test_blank_lines_are_no_records():
    assert count_if_simple(b"\n\na\n\nb\n\n") == 2


def test_a_quoted_cell_may_span_lines():
    assert split_records(b'1,"a\n\nb",2\n3,c,4\n', ",", is_last=True).good == [b'1,"a\n\nb",2', b"3,c,4"]


def test_a_stray_quote_inside_a_cell_is_a_letter():
    assert split_records(b'1,5" pipe\n2,"6"" pipe"\n3,"7" pipe"\n', ",", is_last=True).bad == []


def test_a_quote_that_never_closes_spoils_its_own_line_only():
    found = split_records(b'1,"a\n2,b\n3,"c"\n4,d\n', ",", is_last=True)

    assert found.good == [b"2,b", b'3,"c"', b"4,d"]
    assert found.bad == [(0, "quotes", b'1,"a')]


def test_a_record_that_goes_on_waits_for_the_next_block():
    found = split_records(b'1,a\n2,"b\n', ",", is_last=False)

    assert (found.good, found.rest) == ([b"1,a"], b'2,"b\n')


def test_an_open_quote_is_given_up_after_two_hundred_lines():
    found = split_records(b'1,"a\n' + b"2,b\n" * 300, ",", is_last=False)

    assert (len(found.good), found.bad, found.rest) == (300, [(0, "quotes", b'1,"a')], b"")
