import subprocess
import sys
import time

import numpy as np
import pytest

from nextbest.base.errors import ExpressionError
from nextbest.base.expressions import parse
from nextbest.base.messages import render

SCHEMA = {
    "n_orders": "int64",
    "rate": "float64",
    "price": "money",
    "cost": "money",
    "place": "string",
    "vip": "boolean",
    "joined_on": "date",
    "ordered_at": "timestamp",
    "客户等级": "string",
    "odd name": "string",
}
COLUMNS = {
    "n_orders": np.array([1, 2, 3]),
    "rate": np.array([0.1, np.nan, 0.3]),
    "price": np.array([1.2, 0.9, 2.0]),
    "cost": np.array([0.9, 0.6, 2.0]),
    "place": np.array(["York", None, "leeds"], dtype=object),
    "vip": np.ma.MaskedArray([True, False, True], [False, False, True]),
    "joined_on": np.array(["2024-02-29", "2026-01-31", "NaT"], dtype="datetime64[D]"),
    "ordered_at": np.array(["2026-01-31T23:30", "2026-02-01T00:00", "NaT"], dtype="datetime64[us]"),
    "客户等级": np.array(["金卡", "银卡", None], dtype=object),
    "odd name": np.array(["a'b", "50%", "c"], dtype=object),
}


def values(text):
    return parse(text).to_numpy(COLUMNS, SCHEMA).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n_orders >= 2", [False, True, True]),
        ("n_orders == 2 or n_orders != 2", [True, True, True]),
        ("1 + 2 * 3 = 7 and (1 + 2) * 3 = 9", [True, True, True]),
        ("not n_orders = 1 and n_orders < 3", [False, True, False]),
        ("true or false and false", [True, True, True]),
        ("- n_orders + -1", [-2.0, -3.0, -4.0]),
        ("8 / 4 / 2", [1.0, 1.0, 1.0]),
        ("n_orders BETWEEN 2 AND 3 AND n_orders < 3", [False, True, False]),
        ("n_orders not in (1, 2.5)", [False, True, True]),
        ("place like '%or%'", [True, None, False]),
        ("place ilike 'LE_DS'", [False, None, True]),
        ("lower(place) in ('york', 'leeds')", [True, None, True]),
        ("place is null", [False, True, False]),
        ("place is not null", [True, False, True]),
        ("vip or n_orders > 2", [True, False, True]),
        ("vip and n_orders > 2", [False, False, None]),
        ("not vip", [False, True, None]),
        ("vip = true", [True, False, None]),
        ("1 / (n_orders - 1)", [None, 1.0, 0.5]),
        ("1 / (1 / (n_orders - 1)) is null", [True, False, False]),
        ("rate > 0.2", [False, None, True]),
        ("price - cost >= 0.3", [True, True, False]),
        ("joined_on = '2024-02-29'", [True, False, None]),
        ("ordered_at = '2026-01-31'", [True, False, None]),
        ("ordered_at > '2026-01-31 23:45'", [False, True, None]),
        ("ordered_at > '2026-02-01T07:45+08:00'", [False, True, None]),
        ("ordered_at >= joined_on", [True, True, None]),
        ("ordered_at in ('2026-01-31', '2026-02-01 00:00')", [True, True, None]),
        ("year(joined_on) * 100 + month(joined_on)", [202402.0, 202601.0, None]),
        ("day(ordered_at)", [31, 1, None]),
        ("weekday(joined_on)", [4, 6, None]),
        ("days_between(joined_on, '2026-02-01')", [703, 1, None]),
        ("客户等级 = '金卡'", [True, False, None]),
        ("客户等级 ＝ '金卡' or （n_orders ＞ 2）", [True, False, True]),
        ("\"odd name\" = 'a''b' or `odd name` like '5%'", [True, True, False]),
        ("contains(\"odd name\", '%') or starts_with(\"odd name\", 'c')", [False, True, True]),
        ("length(客户等级)", [2, 2, None]),
        ("upper(place)", ["YORK", None, "LEEDS"]),
    ],
)
def test_an_expression_means_what_it_means_in_sql(text, expected):
    assert values(text) == expected


def test_columns_come_in_the_order_they_first_appear():
    assert parse("b > 1 and (a = b or \"客户 等级\" = 'x')").columns == ("b", "a", "客户 等级")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("n_orders", "int64"),
        ("n_orders + 1", "float64"),
        ("price * n_orders - cost", "money"),
        ("price / cost", "float64"),
        ("price * cost", "float64"),
        ("-price", "money"),
        ("place", "string"),
        ("ordered_at", "timestamp"),
        ("vip", "boolean"),
    ],
)
def test_the_kind_of_a_result_is_known_before_it_runs(text, kind):
    assert parse(text).check(SCHEMA) == kind


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The expression is empty: write a condition such as n_orders >= 3 and place = 'York'."),
        ("n_orders >", "The expression ends too early: expected a column, a number, a 'text', a function or (."),
        ("n_orders > 1 2", "Position 14: expected an operator such as and, = or +, or the end, got 2."),
        ("n_orders > 1)", "Position 13: expected an operator such as and, = or +, or the end, got )."),
        ("(n_orders > 1", "The expression ends too early: expected the closing )."),
        ("1 < n_orders < 5", ("Position 14: expected and, or, or the end (comparisons do not chain: "
                             "write 1 < x and x < 5), got <.")),
        ("n_orders between 1 or 2", 'Position 20: expected and, as in "between 1 and 5", got or.'),
        ("n_orders in 5", "Position 13: expected ( and a list, such as ('a', 'b'), got 5."),
        ("n_orders not 5", "Position 14: expected in, between or like after not, got 5."),
        ("place is 5", 'Position 10: expected null, as in "is null" or "is not null", got 5.'),
        ("place = 'York", ("Position 9: the quote ' is never closed. "
                          "Close it, and double it where it is part of the text.")),
        ("n_orders ; 1", ("Position 10: unexpected character ;. "
                         "Text stands in 'single quotes', unusual column names in \"double quotes\".")),
        ("place = 'a\x00'", ("Position 11: unexpected character \\x00. "
                            "Text stands in 'single quotes', unusual column names in \"double quotes\".")),
        ("n_orders > 1e999", "Position 12: the number 1e999 is too large. Use one below 1e308."),
        ("n_order > 1", 'Position 1: there is no column "n_order". Did you mean "n_orders"?'),
        ("N_ORDERS > 1", 'Position 1: there is no column "N_ORDERS". Did you mean "n_orders"?'),
        ("lowr(place) = 'york'", "Position 1: there is no function lowr. Did you mean lower?"),
        ("month(joined_on, 1) = 1", "Position 1: month takes 1 value(s), got 2."),
        ("month(place) = 1", "Position 7: month expects a day here, got a text."),
        ("place < 5", "Position 7: < cannot compare a text with a whole number. Compare values of one kind."),
        ("vip < true", "Position 5: true and false have no order, so < cannot compare them. Use = or <>."),
        ("place + 1 = 2", ("Position 7: + computes with numbers, got a text and a whole number. "
                          "For days use days_between.")),
        ("place and vip", "Position 1: and joins conditions, got a text. Compare it with something first."),
        ("place = null", ('Position 9: nothing equals null, so this would never be true. '
                         'Write "is null" or "is not null".')),
        ("n_orders like '1%'", "Position 10: like compares texts, got a whole number and a text."),
        ('place like "odd name"', ("Position 12: like expects a value written out here, such as 'York' or 5, "
                                    "not a column or a calculation.")),
        ("joined_on > '31.1.2026'", "Position 11: expected a day such as '2026-01-31', got '31.1.2026'."),
        ("joined_on = '2026-02-30'", "Position 11: expected a day such as '2026-01-31', got '2026-02-30'."),
        ("ordered_at = 'noon'", ("Position 12: expected a day or an instant such as '2026-01-31' "
                                "or '2026-01-31 18:30' (UTC), got 'noon'.")),
    ],
)  # fmt: skip
def test_a_wrong_expression_gets_one_sentence_with_its_place(text, sentence):
    with pytest.raises(ExpressionError) as caught:
        parse(text).check(SCHEMA)
    assert str(caught.value) == sentence
    assert render(caught.value.message, "zh") != sentence


def test_a_text_in_double_quotes_is_explained():
    with pytest.raises(ExpressionError, match="if it is a text, put it in 'single quotes'"):
        parse('place = "Zürich"').check({"place": "string"})


def test_a_filter_must_be_a_condition():
    with pytest.raises(ExpressionError, match="gives a whole number: expected true or false"):
        parse("n_orders").check(SCHEMA, "boolean")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "1" + ")" * 10_000,
        "not " * 10_000 + "vip",
        "- " * 10_000 + "1",
        " + ".join(["n_orders"] * 10_000),
        "lower(" * 10_000,
        "1/(" * 10 + "1" + ")" * 10,
        "vip or " * 20_000 + "vip",
    ],
)
def test_monstrous_expressions_are_refused_quickly(text):
    start = time.process_time()
    with pytest.raises(ExpressionError, match=r"inside one another|characters"):
        parse(text).check(SCHEMA)
    assert time.process_time() - start < 1


def test_a_like_pattern_cannot_be_made_slow():
    schema, columns = {"t": "string"}, {"t": np.array(["a" * 5000], dtype=object)}
    start = time.process_time()
    assert parse(f"t like '{'%a' * 30}%b'").to_numpy(columns, schema).tolist() == [False]
    assert time.process_time() - start < 1


def test_a_result_without_columns_is_repeated_for_every_row():
    assert values("1 = 1") == [True, True, True]
    assert parse("n > 1").to_numpy({"n": []}, {"n": "int64"}).tolist() == []


def test_parsing_loads_no_engine():
    code = "import sys, nextbest.base.expressions as e; e.parse('a > 1').check({'a': 'int64'}); "
    check = "print(sorted({'ibis', 'pandas', 'numpy', 'sqlglot'} & set(sys.modules)))"
    assert (
        subprocess.run(
            [sys.executable, "-c", code + check], check=True, capture_output=True, text=True
        ).stdout
        == "[]\n"
    )
