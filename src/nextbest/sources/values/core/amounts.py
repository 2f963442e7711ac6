"""Numbers and money as people write them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.sources.values.core.cells import half_width

POINT: Final = "1,234.56"
COMMA: Final = "1.234,56"
MONEY: Final = pa.decimal128(18, 4)
_WIDE: Final = pa.decimal128(38, 16)

CURRENCIES: Final = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "元": "CNY", "圆": "CNY", "人民币": "CNY", "rmb": "CNY",
    "円": "JPY", "us$": "USD", "hk$": "HKD", "nt$": "TWD", "r$": "BRL", "zł": "PLN", "$": None, "¥": None, "块": "CNY",
}  # fmt: skip
"""Signs and their ISO 4217 codes; a bare $ or ¥ is several countries' money and tells nothing."""
_BARE: Final = {"$": {"USD", "HKD", "TWD", "AUD", "CAD", "SGD", "NZD", "MXN", "BRL"}, "¥": {"CNY", "JPY"}}
"""Currencies that a sign of several countries may stand for."""
_CODES: Final = "usd eur gbp cny jpy hkd twd aud cad chf inr krw sgd nzd sek nok dkk pln czk brl mxn thb myr"
_MONEY: Final = "|".join(
    [*(sign.replace("$", r"\$") for sign in sorted(CURRENCIES, key=len, reverse=True)), *_CODES.split()]
)
_CELL: Final = (
    r"(?i)^(?P<open>\()?\s*(?P<before>[-+])?\s*(?P<prefix>" + _MONEY + r")?\s*(?P<after>[-+])?\s*"
    r"(?P<body>[\d.,](?:[\d.,' ]*[\d.,])?)(?P<power>e[-+]?\d{1,3})?\s*(?P<scale>[万亿])?\s*"
    r"(?P<suffix>%|" + _MONEY + r")?\s*(?P<behind>-)?(?P<close>\))?$"
)
_GROUPED: Final = {
    POINT: r"^(?:[1-9]\d{0,2}(?:[,' ]\d{2,3})*[,' ]\d{3}|\d+|)(?:\.\d+|\.)?$",
    COMMA: r"^(?:[1-9]\d{0,2}(?:[.' ]\d{3})+|\d+|)(?:,\d+|,)?$",
}
_PLAIN: Final = r"^-?\d{1,14}(?:\.\d{1,16})?$"


class Amounts(NamedTuple):
    """Cells taken apart, before the style of the decimal sign is known."""

    body: pa.Array
    """Digits and separators; null where the cell is no number."""
    is_negative: pa.BooleanArray
    power: pa.Array
    """``e3`` or nothing."""
    suffix: pa.Array
    money: pa.Array
    """Currency sign or code, lower case, or nothing."""


def take_apart(cells: pa.Array) -> Amounts:
    """Separate digits from signs, brackets, currencies and percent.

    Examples
    --------
    >>> parts = take_apart(pa.array(["(1,234.50)", "￥12", "five"]))
    >>> parts.body.to_pylist(), parts.is_negative.to_pylist(), parts.money.to_pylist()
    (['1,234.50', '12', None], [True, False, None], ['', '¥', None])
    """
    found = pc.extract_regex(half_width(cells), _CELL)
    part = {field.name: pc.struct_field(found, field.name) for field in found.type}
    negative = pc.or_(
        pc.equal(part["open"], "("),
        pc.equal(pc.binary_join_element_wise(part["before"], part["after"], part["behind"], ""), "-"),
    )
    is_sound = pc.equal(pc.equal(part["open"], "("), pc.equal(part["close"], ")"))
    signs = pc.binary_length(
        pc.binary_join_element_wise(part["before"], part["after"], part["behind"], part["open"], "")
    )
    body = pc.if_else(pc.and_(is_sound, pc.less_equal(signs, 1)), part["body"], pa.scalar(None, pa.string()))
    scale = pc.replace_substring(pc.replace_substring(part["scale"], "万", "e4"), "亿", "e8")
    both = pc.and_(pc.not_equal(part["power"], ""), pc.not_equal(scale, ""))
    power = pc.if_else(both, "e999", pc.binary_join_element_wise(part["power"], scale, ""))
    money = pc.if_else(pc.equal(part["prefix"], ""), part["suffix"], part["prefix"])
    return Amounts(body, negative, power, part["suffix"], pc.utf8_lower(money))


def decimal_style(cells: pa.Array) -> tuple[str, bool, str | None]:
    """Decide between decimal point and comma on all values; also whether they fit both, and their currency.

    Examples
    --------
    >>> decimal_style(pa.array(["1.234,50", "7,5", "12"])), decimal_style(pa.array(["1,234", "12 USD"]))
    (('1.234,56', False, None), ('1,234.56', True, 'USD'))
    """
    parts = take_apart(cells.drop_null())
    fits = {
        name: pc.fill_null(pc.match_substring_regex(parts.body, pattern), False)
        for name, pattern in _GROUPED.items()
    }
    n_point = pc.and_not(fits[POINT], fits[COMMA]).true_count
    n_comma = pc.and_not(fits[COMMA], fits[POINT]).true_count
    is_marked = pc.fill_null(pc.match_substring_regex(parts.body, "[.,]"), False)
    unclear = n_point == n_comma and pc.and_(is_marked, pc.or_(fits[POINT], fits[COMMA])).true_count > 0
    seen = [sign for sign in parts.money.unique().to_pylist() if sign and sign != "%"]
    codes = {CURRENCIES.get(sign, sign.upper()) for sign in seen}
    return COMMA if n_comma > n_point else POINT, unclear, codes.pop() if len(codes) == 1 else None


def money_signs(cells: pa.Array) -> frozenset[str]:
    """List the currency signs and codes beside the amounts, lower case.

    Examples
    --------
    >>> sorted(money_signs(pa.array(["€1,200", "5 USD", "7", None, "tea"])))
    ['usd', '€']
    """
    odd = pc.and_not(cells.is_valid(), pc.match_substring_regex(cells, _PLAIN))
    signs = take_apart(cells.filter(odd).unique()).money.unique().to_pylist()
    return frozenset(sign for sign in signs if sign and sign != "%")


def are_several(signs: frozenset[str]) -> bool:
    """Tell whether signs stand for more than one currency; a bare $ or ¥ may be that of any country that writes it.

    Examples
    --------
    >>> are_several(frozenset({"$", "usd"})), are_several(frozenset({"$", "€"})), are_several(frozenset({"¥", "元"}))
    (False, True, False)
    """
    codes = {CURRENCIES.get(sign, sign.upper()) for sign in signs} - {None}
    bare = signs & set(_BARE)
    return len(codes) > 1 or len(bare) > 1 or any(codes - _BARE[sign] for sign in bare)


def plain_decimals(cells: pa.Array, style: str) -> tuple[pa.Array, pa.BooleanArray]:
    """Write numbers as ``-1234.5`` or ``1.2e5``; the second array tells which were percentages.

    Examples
    --------
    >>> plain_decimals(pa.array(["1.234,50 €", "-7,5", "15 %", "x"]), COMMA)[0].to_pylist()
    ['1234.50', '-7.5', '15', None]
    """
    if pc.all(pc.match_substring_regex(cells, _PLAIN)).as_py() and style == POINT:
        return cells, pa.array(np.zeros(len(cells), bool))
    parts = take_apart(cells)
    body = pc.if_else(
        pc.match_substring_regex(parts.body, _GROUPED[style]), parts.body, pa.scalar(None, pa.string())
    )
    mark, others = (".", "[,' ]") if style == POINT else (",", "[.' ]")
    digits = pc.replace_substring(pc.replace_substring_regex(body, others, ""), mark, ".")
    digits = pc.if_else(pc.match_substring_regex(digits, r"\d"), digits, pa.scalar(None, pa.string()))
    digits = pc.utf8_rtrim(digits, ".")
    sign = pc.if_else(parts.is_negative, "-", "")
    leading = pc.if_else(pc.starts_with(digits, "."), "0", "")
    written = pc.binary_join_element_wise(sign, leading, digits, parts.power, "")
    return written, pc.fill_null(pc.equal(parts.suffix, "%"), False)


def floats(cells: pa.Array, style: str) -> pa.Array:
    """Read numbers as floats; null where a cell is none. 15 % is 0.15.

    Examples
    --------
    >>> floats(pa.array(["1,234.5", "15%", "1E3", "1,5", "inf"]), POINT).to_pylist()
    [1234.5, 0.15, 1000.0, None, None]
    """
    written, is_percent = plain_decimals(cells, style)
    values = pc.cast(written, pa.float64())
    if pc.any(is_percent).as_py():
        values = pc.if_else(is_percent, pc.divide(values, 100.0), values)
    return pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))


def exact(cells: pa.Array, style: str) -> pa.Array:
    """Read money to four decimals, half away from zero and never through a float; percentages are not money.

    Examples
    --------
    >>> exact(pa.array(["0.1", "1.00005", "-1.00005", "1e2", "15%"]), POINT).to_pylist()
    [Decimal('0.1000'), Decimal('1.0001'), Decimal('-1.0001'), Decimal('100.0000'), None]
    """
    written, is_percent = plain_decimals(cells, style)
    written = pc.if_else(is_percent, pa.scalar(None, pa.string()), written)
    if not pc.all(pc.match_substring_regex(written, _PLAIN)).as_py():
        written = _shortened(written)
    rounded = pc.round(pc.cast(written, _WIDE), 4, round_mode="half_towards_infinity")
    fits = pc.less(pc.abs(rounded), pa.scalar(Decimal(10) ** 14, _WIDE))
    return pc.cast(pc.if_else(fits, rounded, pa.scalar(None, _WIDE)), MONEY)


def whole(cells: pa.Array, style: str) -> pa.Array:
    """Read whole numbers; 17850.0 is one, 1.5 is not.

    Examples
    --------
    >>> whole(pa.array(["17850.0", "1,000", "1.5", "1e3"]), POINT).to_pylist()
    [17850, 1000, None, 1000]
    """
    written, is_percent = plain_decimals(cells, style)
    written = pc.if_else(is_percent, pa.scalar(None, pa.string()), written)
    if pc.all(pc.match_substring_regex(written, r"^-?\d{1,18}$")).as_py():
        return pc.cast(written, pa.int64())
    return pa.array([_whole(cell) for cell in written.to_pylist()], pa.int64())


def _whole(cell: str | None) -> int | None:
    value = Decimal(cell) if cell is not None else None
    if value is None or abs(value.adjusted()) > 18 or value != value.to_integral_value():  # noqa: PLR2004
        return None
    return int(value) if -(2**63) <= value < 2**63 else None


def _shortened(written: pa.Array) -> pa.Array:
    """Write powers of ten out and cut what no money needs; too much money becomes null."""
    return pa.array([_money_digits(cell) for cell in written.to_pylist()], pa.string())


def _money_digits(cell: str | None) -> str | None:
    value = Decimal(cell) if cell is not None else None
    if value is None or value.adjusted() >= 14:  # noqa: PLR2004
        return None
    if value.adjusted() < -5:  # noqa: PLR2004
        return "0"
    return format(value.quantize(Decimal("0.0001"), ROUND_HALF_UP), "f")
