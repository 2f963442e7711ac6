from __future__ import annotations

import pytest

from nextbest.sources.files.core.dialect import duplicates, guess_delimiter, read_dialect, read_header


@pytest.mark.parametrize("sign", [",", ";", "\t", "|", "^", "~", "\x01"])
def test_the_delimiter_is_the_sign_that_cuts_most_lines_alike(sign):
    assert (
        guess_delimiter([sign.join(cells) for cells in (["id", "on"], ["o1", "2024"], ["o2", "2025"])])
        == sign
    )


def test_decimal_commas_are_no_delimiters():
    assert guess_delimiter(["id;price", "1;1,50", "2;2,50"]) == ";"


def test_commas_in_quotes_are_no_delimiters():
    assert guess_delimiter(['"a;b",x', '"c;d",y']) == ","


def test_a_list_of_times_is_one_column():
    assert read_dialect("at\n10:00:00\n11:00:00\n").header.columns == ("at",)


def test_excel_may_announce_the_delimiter():
    dialect = read_dialect("sep=;\nid;n\n1;2\n")

    assert (dialect.delimiter, dialect.header.columns, dialect.n_skipped) == (";", ("id", "n"), 2)


def test_titles_above_the_header_are_skipped():
    dialect = read_dialect("Sales of May\n\nid;n;on\n1;a;x\n2;b;y\n")

    assert (dialect.header.columns, dialect.n_skipped, dialect.n_above) == (("id", "n", "on"), 3, 1)


def test_titles_padded_by_a_spreadsheet_are_skipped():
    dialect = read_dialect("Sales of May,,\n,,\nid,n,on\n1,a,x\n2,b,y\n")

    assert (dialect.header.columns, dialect.n_skipped) == (("id", "n", "on"), 3)


def test_a_header_may_span_lines():
    dialect = read_dialect('id,"day\nof order"\n1,2\n3,4\n')

    assert (dialect.header.columns, dialect.n_skipped) == (("id", "day of order"), 2)


def test_a_delimiter_too_many_makes_no_column():
    assert read_header([["id", "n", ""], ["1", "a", ""]]).kept == (0, 1)
    assert read_header([["id", "n"], ["1", "a", ""], ["2", "b", ""]]).kept == (0, 1)


def test_the_row_names_of_r_are_a_column():
    header = read_header([["id", "n"], ["1", "ann", "3"], ["2", "bob", "4"]])

    assert header.columns == ("c1", "id", "n")


def test_cells_beyond_the_names_are_nameless_columns():
    header = read_header([["id", "n"], ["1", "a", "x", "3"], ["2", "b", "y", "4"]])

    assert (header.columns, header.n_above) == (("id", "n", "c3", "c4"), 0)


def test_a_first_line_of_data_is_no_header():
    header = read_header([["ann", "2024-01-31"], ["bob", "2024-02-01"]])

    assert (header.columns, header.has_header) == (("c1", "c2"), False)


@pytest.mark.parametrize("names", [["101", "102", "103"], ["2011-01", "2011-02", "2011-03"]])
def test_products_and_months_may_be_names(names):
    assert read_header([["customer", *names], ["ann", "0", "1", "0"], ["bob", "1", "0", "0"]]).has_header


def test_texts_only_are_taken_to_have_a_header():
    assert read_header([["name"], ["ann"], ["bob"]]).has_header


def test_a_first_line_of_data_may_have_gaps():
    assert not read_header([["ann", "", "3"], ["bob", "4", "5"], ["eve", "6", "7"]]).has_header
    assert read_header([["", "n"], ["0", "ann"], ["1", "bob"]]).columns == ("c1", "n")


def test_a_person_may_say_that_there_is_no_header():
    assert read_header([["name"], ["ann"]], has_header=False).columns == ("c1",)


def test_names_are_freed_of_marks_quotes_and_blanks():
    assert read_header([["\ufeffid", ' ="n" ', "_row"], ["a", "b", "c"]]).columns == ("id", "n", "_row_given")


def test_duplicates_are_named_once():
    assert duplicates(["id", "n", "id", "id"]) == ["id"]
