"""Both compilers give the same rows: typed expressions and rows are invented, DuckDB is asked, numpy is asked."""

import datetime as dt
from decimal import Decimal

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextbest.base.expressions import parse
from nextbest.base.expressions.patterns import lower, upper

TYPES = {
    "n": ("int64", pa.int64()),
    "m": ("int64", pa.int64()),
    "f": ("float64", pa.float64()),
    "g": ("float64", pa.float64()),
    "p": ("money", pa.decimal128(18, 4)),
    "q": ("money", pa.decimal128(18, 4)),
    "s": ("string", pa.string()),
    "客户": ("string", pa.string()),
    "b": ("boolean", pa.bool_()),
    "d": ("date", pa.date32()),
    "e": ("date", pa.date32()),
    "t": ("timestamp", pa.timestamp("us")),
    "u": ("timestamp", pa.timestamp("us", "UTC")),
}
SCHEMA = {name: kind for name, (kind, _) in TYPES.items()}
_text = st.text(st.sampled_from("aAbß%_'\"\\ é金\n😀İΣς."), max_size=6)
_float = st.one_of(st.sampled_from([0.0, -0.0, 0.1, 0.3, 1e300, -1e300, 5e-324]), st.floats(width=64))
_money = st.decimals(-10_000, 10_000, places=4)
_day = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))
_instant = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1))  # noqa: DTZ001 - stored without zone, in UTC
_VALUES = {
    "int64": st.one_of(st.integers(-5, 5), st.integers(-(2**63), 2**63 - 1)),
    "float64": _float,
    "money": _money,
    "string": _text,
    "boolean": st.booleans(),
    "date": st.one_of(st.dates(dt.date(2024, 1, 1), dt.date(2024, 3, 3)), _day),
    "timestamp": _instant,
}
rows = st.lists(
    st.fixed_dictionaries({name: st.none() | _VALUES[kind] for name, kind in SCHEMA.items()}),
    min_size=1,
    max_size=5,
)


def quoted(value):
    return "'" + str(value).replace("'", "''") + "'"


number_literal = st.one_of(
    st.integers(-5, 5).map(str),
    st.sampled_from(["0.1", "0.3", ".5", "1e3", "2.5e-2", "9223372036854775808", "0.30000000000000004"]),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
)
column = {kind: st.sampled_from([n for n, k in SCHEMA.items() if k == kind]) for kind in set(SCHEMA.values())}
text_literal = _text.map(quoted)
day_literal = _day.map(quoted)
compare = st.sampled_from(["=", "==", "!=", "<>", "<", "<=", ">", ">="])
day_like = st.one_of(column["date"], column["timestamp"])
texts = st.recursive(
    column["string"] | text_literal,
    lambda inner: st.builds("{}({})".format, st.sampled_from(["lower", "UPPER"]), inner),
)
whole = st.one_of(
    column["int64"],
    st.builds("length({})".format, texts),
    st.builds("{}({})".format, st.sampled_from(["year", "month", "day", "weekday"]), day_like),
    st.builds("days_between({}, {})".format, day_like, day_like | day_literal),
)
numbers = st.recursive(
    st.one_of(whole, column["float64"], column["money"], number_literal),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("-({})".format, inner),
    ),
    max_leaves=5,
)
negation = st.sampled_from(["", "not "])


def comparisons(side, other):
    return st.one_of(
        st.builds("{} {} {}".format, side, compare, other),
        st.builds("{} {}between {} and {}".format, side, negation, other, other),
        st.builds("{} is {}null".format, side, negation),
    )


def listed(literal):
    return st.lists(literal, min_size=1, max_size=3).map(", ".join)


atoms = st.one_of(
    column["boolean"],
    st.sampled_from(["true", "false", "b = true", "b <> false"]),
    comparisons(numbers, numbers),
    comparisons(texts, texts),
    comparisons(day_like, day_like),
    comparisons(day_like, day_literal),
    comparisons(column["timestamp"], _instant.map(quoted)),
    st.builds("{} {}in ({})".format, numbers, negation, listed(number_literal)),
    st.builds("{} {}in ({})".format, texts, negation, listed(text_literal)),
    st.builds("{} {}in ({})".format, day_like, negation, listed(day_literal)),
    st.builds("{} {}{} {}".format, texts, negation, st.sampled_from(["like", "ilike"]), text_literal),
    st.builds("{}({}, {})".format, st.sampled_from(["contains", "starts_with"]), texts, texts),
)
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + " and ".join(parts) + ")"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + " OR ".join(parts) + ")"),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def duck():
    return ibis.duckdb.connect()


def by_engine(duck, text, data):
    arrow = pa.table({n: pa.array([r[n] for r in data], t) for n, (_, t) in TYPES.items()})
    arrow = arrow.append_column("row", pa.array(range(len(data))))
    table = ibis.memtable(arrow)
    asked = table.select("row", out=parse(text).to_ibis(table)).order_by("row")
    return duck.to_pyarrow(asked)["out"].to_pylist()


def by_numpy(text, data):
    columns = {name: np.array([row[name] for row in data], dtype=object) for name in SCHEMA}
    return parse(text).to_numpy(columns, SCHEMA).tolist()


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=400)
@given(text=conditions, data=rows)
def test_duckdb_and_numpy_keep_the_same_rows(duck, text, data):
    assert by_numpy(text, data) == by_engine(duck, text, data), text


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=150)
@given(text=numbers | texts, data=rows)
def test_duckdb_and_numpy_compute_the_same_values(duck, text, data):
    assert by_numpy(text, data) == by_engine(duck, text, data), text


@pytest.mark.parametrize(
    "text",
    ["p - q", "p + 0.1", "p * 0.3", "p / 3", "p * n / 7 - q", "p * q", "p / q", "-p", "p - q >= 0.3", "f / n", "1 / (1 / n)",
     "1 / (f / n)", "n / m / f", "p between q and f"],
)  # fmt: skip
@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=5)
@given(seed=st.integers(0, 2**32))
def test_a_thousand_amounts_agree_to_the_last_digit(duck, text, seed):
    rng = np.random.default_rng(seed)
    data = [
        dict.fromkeys(TYPES)
        | {"n": int(n), "m": int(m), "f": f, "p": Decimal(int(p)) / 10_000, "q": Decimal(int(q)) / 10_000}
        for n, m, p, q, f in zip(
            *rng.integers(-3, 4, (2, 1000)),
            *rng.integers(-10_000_000, 10_000_000, (2, 1000)) // rng.choice([1, 100, 1000], 1000) * 100,
            rng.normal(size=1000).tolist(),
            strict=True,
        )
    ]
    assert by_numpy(text, data) == by_engine(duck, text, data)


def test_every_character_has_the_same_case_in_duckdb_and_here(duck):
    characters = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code <= 0xDFFF]
    table = ibis.memtable(pa.table({"c": characters}))
    found = duck.to_pyarrow(table.select("c", low=table.c.lower(), up=table.c.upper()))
    different = [
        c for c, low, up in zip(*(found[n].to_pylist() for n in ("c", "low", "up")), strict=True)
        if (lower(c), upper(c)) != (low, up)
    ]  # fmt: skip
    assert different == []


@pytest.mark.parametrize(
    "text",
    [
        "+".join(["f"] * 49) + " > 1",
        "/".join(["f"] * 49) + " > 1",
        "not " * 48 + "b",
        "n in (" + ", ".join(map(str, range(15_000))) + ")",
        " or ".join(f"n = {i}" for i in range(2000)),
        "1/(1/(1/(1/f))) > 1",
    ],
)
def test_the_largest_expressions_still_run(duck, text):
    data = [{"n": 1, "m": 2, "f": 1.5, "g": None, "p": Decimal("1.5"), "q": None, "s": "a", "客户": None, "b": True,
             "d": dt.date(2026, 1, 31), "e": None, "t": None, "u": None}]  # fmt: skip
    assert by_numpy(text, data) == by_engine(duck, text, data)
