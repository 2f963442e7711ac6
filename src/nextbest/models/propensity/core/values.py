"""Reading raw texts as numbers and dates, whatever way a file writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nextbest.models.propensity.core.examples import Floats, Ints

_MISSING: Final = frozenset(
    {"", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "?", "-", "--", ".", "\\n", "缺失", "空"}
)
_ENOUGH: Final = 0.98
"""Share of the values that must read as a number or a date; the rest counts as missing."""
_UNITS: Final = re.compile(r"[\s\u00a0%$€£¥￥]")
_CODE: Final = re.compile(r"[+-]?0\d+(\.0*)?")
_THOUSANDS: Final = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+")
_FORMATS: Final = (
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y年%m月%d日",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d%b%Y",
    "%b-%Y",
    "%Y-%m",
    "%b-%y",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
)
_N_LOOKED_AT: Final = 200
_DAY_SECONDS: Final = 86_400


class Levels:
    """The distinct values of a text column, and which of them each row has.

    Examples
    --------
    >>> levels = Levels(np.array(["b", " a", None, "B", "NA"], dtype=object))
    >>> levels.names, levels.of_row.tolist(), levels.counts.tolist()
    (['b', 'a', 'B'], [0, 1, -1, 2, -1], [1, 1, 1])
    """

    def __init__(self, values: NDArray[Any]) -> None:
        coded = _arrow(values).dictionary_encode()
        raw = [str(name).strip() for name in coded.dictionary.to_pylist()]
        kept = [name for name in dict.fromkeys(raw) if name.lower() not in _MISSING]
        place = {name: at for at, name in enumerate(kept)}
        new = np.array([place.get(name, -1) for name in raw] + [-1], dtype=np.int64)
        index = pc.fill_null(coded.indices, len(raw)).to_numpy(zero_copy_only=False).astype(np.int64)
        self.names: list[str] = kept
        """Without the missing ones, trimmed, in order of appearance."""
        self.of_row: Ints = new[index]
        """Shape (n,); -1: missing."""

    @property
    def counts(self) -> Ints:
        """Rows of each level."""
        return np.bincount(self.of_row[self.of_row >= 0], minlength=len(self.names)).astype(np.int64)

    def spread(self, values: Floats) -> Floats:
        """Give each row the value of its level, NaN where missing."""
        return np.append(values, np.nan)[self.of_row]


def _arrow(values: NDArray[Any]) -> Any:
    """Make an Arrow column of texts; whole numbers read without a point, so that 1.0 and "1" are the same."""
    if values.dtype.kind == "f":
        return pa.array([number_text(value) for value in values.tolist()], pa.string())
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def number_text(value: float) -> str | None:
    """Write a number as a file would.

    Examples
    --------
    >>> number_text(1.0), number_text(0.25), number_text(float("nan"))
    ('1', '0.25', None)
    """
    if np.isnan(value):
        return None
    return str(int(value)) if value.is_integer() else repr(value)


def plain_numbers(texts: Any) -> Floats | None:
    """Read an Arrow column of texts as numbers where every one is written plainly; else ``None``.

    Codes such as ``01234`` are no numbers.

    Examples
    --------
    >>> plain_numbers(pa.array(["1", "2.5", None]))
    array([1. , 2.5, nan])
    >>> plain_numbers(pa.array(["1", "two"])), plain_numbers(pa.array(["01234", "12"]))
    (None, None)
    """
    trimmed = pc.utf8_trim_whitespace(texts)
    if pc.any(pc.match_substring_regex(trimmed, r"^[+-]?0\d|^$")).as_py():
        return None
    try:
        numbers = pc.cast(trimmed, pa.float64())
    except pa.ArrowInvalid:
        return None
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)


def read_numbers(names: Sequence[str], counts: Ints, style: str | None = None) -> tuple[str, Floats] | None:
    """Read levels as numbers: plain, with thousands separators, or with a decimal comma.

    Parameters
    ----------
    names, counts
        Levels and their rows.
    style
        The way that was found in training; ``None``: find it, and refuse when it does not suit nearly all rows.

    Returns
    -------
    tuple of str and array, or None
        Style and one number a level, NaN where it does not read; ``None``: these are no numbers.

    Examples
    --------
    >>> ones = np.ones(2, dtype=np.int64)
    >>> read_numbers(["1.234,5", "7,25"], ones)
    ('comma', array([1234.5 ,    7.25]))
    >>> read_numbers(["$1,234", "85"], ones)
    ('plain', array([1234.,   85.]))
    >>> read_numbers(["01234", "85"], ones) is None
    True
    """
    texts = [_UNITS.sub("", name) for name in names]
    if style is None:
        if any(_CODE.fullmatch(text) for text in texts):
            return None
        style = _style(texts)
    numbers = np.array([_number(text, style) for text in texts], dtype=np.float64)
    return (style, numbers) if counts[~np.isnan(numbers)].sum() >= _ENOUGH * counts.sum() else None


def numbers_as(names: Sequence[str], style: str) -> Floats:
    """Read levels as numbers in a known style, NaN where one does not read."""
    return np.array([_number(_UNITS.sub("", name), style) for name in names], dtype=np.float64)


def _style(texts: Sequence[str]) -> str:
    with_comma = [text for text in texts if "," in text]
    thousands = sum(_THOUSANDS.fullmatch(text) is not None for text in with_comma)
    decimal = sum(_DECIMAL_COMMA.fullmatch(text) is not None for text in with_comma)
    return "comma" if decimal > thousands else "plain"


def _number(text: str, style: str) -> float:
    if style == "comma":
        text = text.replace(".", "").replace(",", ".")
    elif "," in text:
        text = text.replace(",", "") if _THOUSANDS.fullmatch(text) else ""
    try:
        return float(text) if "_" not in text else np.nan
    except ValueError:
        return np.nan


def read_dates(names: Sequence[str], counts: Ints) -> tuple[str, Floats] | None:
    """Read levels as days since 1970-01-01; ``None``: these are no dates.

    Examples
    --------
    >>> read_dates(["1970-01-02", "1970-01-03 12:00"], np.ones(2, dtype=np.int64))
    ('iso', array([1. , 2.5]))
    >>> read_dates(["31/01/1970", "01/02/1970"], np.ones(2, dtype=np.int64))
    ('%d/%m/%Y', array([30., 31.]))
    """
    some = names[:: max(1, len(names) // _N_LOOKED_AT)]
    best = max(("iso", *_FORMATS), key=lambda form: float(np.isfinite(dates_as(some, form)).sum()))
    if not np.isfinite(dates_as(some, best)).mean() >= _ENOUGH / 2:
        return None
    days = dates_as(names, best)
    return (best, days) if counts[np.isfinite(days)].sum() >= _ENOUGH * counts.sum() else None


def dates_as(names: Sequence[str], form: str) -> Floats:
    """Read levels as days since 1970-01-01 in a known form, NaN where one does not read."""
    parse = _iso if form == "iso" else (lambda text: datetime.strptime(text, form))  # noqa: DTZ007 - made UTC below
    return np.array([_days(text, parse) for text in names], dtype=np.float64)


def _iso(text: str) -> datetime:
    if text[4:5] != "-":
        raise ValueError
    return datetime.fromisoformat(text)


def _days(text: str, parse: Callable[[str], datetime]) -> float:
    try:
        moment = parse(text)
    except ValueError:
        return np.nan
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() / _DAY_SECONDS
