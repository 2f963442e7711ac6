"""Columns of strings -> typed columns, each distinct value read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.errors import SettingsError
from nextbest.sources.values.core import amounts, moments
from nextbest.sources.values.core.cells import cleaned
from nextbest.sources.values.spec import Parsed, Style

if TYPE_CHECKING:
    from collections.abc import Callable

    from nextbest.base.contract import Kind

    Cells: TypeAlias = pa.Array | pa.ChunkedArray

_TRUE: Final = pa.array(["true", "t", "yes", "y", "1", "1.0", "on", "是", "真", "对", "✓", "✔", "√"])
_ENOUGH: Final = 20_000
"""Distinct values that decide on a style."""
_FALSE: Final = pa.array(["false", "f", "no", "n", "0", "0.0", "off", "否", "假", "错", "✗", "×", "不"])


def style_of(sample: Cells, kind: Kind) -> Style:
    """Decide how a column is written.

    Parameters
    ----------
    sample
        Strings of the column, best spread over all of it.
    kind
        What the column is to become.

    Examples
    --------
    >>> style_of(pa.array(["31.12.2024", "1.1.2025"]), "date")
    Style(kind='date', formats=('dmy',), is_ambiguous=False, currency=None)
    """
    return _style(cleaned(_distinct(sample)[0]), kind)


def parse(column: Cells, kind: Kind, style: Style | None = None, *, time_zone: str = "UTC") -> Parsed:
    """Read a column of strings as a kind.

    Parameters
    ----------
    column
        Strings.
    kind
        Kind of the table contracts.
    style
        How it is written; without it, decided on this column.
    time_zone
        IANA name of the zone that times without offset are local in, and days are days of.

    Raises
    ------
    SettingsError
        There is no such time zone.

    Examples
    --------
    >>> parsed = parse(pa.array(["¥1,234.5", "", "abc"]), "money")
    >>> parsed.values.to_pylist(), parsed.failed.to_pylist()
    ([Decimal('1234.5000'), None, None], [False, False, True])
    """
    distinct, places = _distinct(column)
    cells = cleaned(distinct)
    style = style or _style(cells, kind)
    cells, values = _read(cells, style, time_zone)
    failed = pc.and_(cells.is_valid(), values.is_null())
    if places is None:
        return Parsed(values, failed, style)
    return Parsed(values.take(places), pc.fill_null(failed.take(places), False), style)


def money_signs(column: Cells) -> frozenset[str]:
    """List the currency signs and codes beside the amounts of a column, lower case.

    Examples
    --------
    >>> sorted(money_signs(pa.array(["€1,200", "5 USD", "7"])))
    ['usd', '€']
    """
    return amounts.money_signs(cleaned(_distinct(column)[0]))


def are_several(signs: frozenset[str]) -> bool:
    """Tell whether currency signs stand for more than one currency.

    Examples
    --------
    >>> are_several(frozenset({"$", "usd"})), are_several(frozenset({"$", "€"}))
    (False, True)
    """
    return amounts.are_several(signs)


def texts(column: Cells) -> Parsed:
    """Clean texts and ids; none can fail.

    Examples
    --------
    >>> texts(pa.array([" 0012 ", "N/A"])).values.to_pylist()
    ['0012', None]
    """
    return parse(column, "string")


def numbers(column: Cells, style: Style | None = None) -> Parsed:
    """Read numbers; 15 % is 0.15.

    Examples
    --------
    >>> numbers(pa.array(["1.234,5", "7,25"])).values.to_pylist()
    [1234.5, 7.25]
    """
    return parse(column, "float64", style)


def integers(column: Cells, style: Style | None = None) -> Parsed:
    """Read whole numbers.

    Examples
    --------
    >>> integers(pa.array(["3", "4.0", "4.5"])).values.to_pylist()
    [3, 4, None]
    """
    return parse(column, "int64", style)


def money(column: Cells, style: Style | None = None) -> Parsed:
    """Read money as decimal(18, 4).

    Examples
    --------
    >>> money(pa.array(["(12.30)", "€ 5"])).values.to_pylist()
    [Decimal('-12.3000'), Decimal('5.0000')]
    """
    return parse(column, "money", style)


def booleans(column: Cells) -> Parsed:
    """Read flags.

    Examples
    --------
    >>> booleans(pa.array(["Yes", "0", "否", "maybe"])).values.to_pylist()
    [True, False, False, None]
    """
    return parse(column, "boolean")


def days(column: Cells, time_zone: str = "UTC", style: Style | None = None) -> Parsed:
    """Read local days; an instant with an offset falls on the day it has in the time zone.

    Examples
    --------
    >>> days(pa.array(["2024-01-31T20:00:00Z", "2024-01-31 20:00"]), "Asia/Shanghai").values.to_pylist()
    [datetime.date(2024, 2, 1), datetime.date(2024, 1, 31)]
    """
    return parse(column, "date", style, time_zone=time_zone)


def instants(column: Cells, time_zone: str = "UTC", style: Style | None = None) -> Parsed:
    """Read instants in UTC; times without offset are local in the time zone.

    Examples
    --------
    >>> instants(pa.array(["2024/1/31 20:00"]), "Asia/Shanghai").values.cast("string").to_pylist()
    ['2024-01-31 12:00:00.000000Z']
    """
    return parse(column, "timestamp", style, time_zone=time_zone)


def share_readable(column: Cells, kind: Kind) -> float:
    """Share of the non-empty distinct cells that can be read as the kind; 0 where all are empty.

    Plain numbers do not count as days here, though ``days`` reads them as Excel's or as seconds since 1970: every id would be one.

    Examples
    --------
    >>> share_readable(pa.array(["1", "2", "x", ""]), "int64"), share_readable(pa.array(["17850"]), "date")
    (0.666..., 0.0)
    """
    cells = cleaned(_distinct(column)[0]).drop_null()
    style = _style(cells, kind)
    if kind in {"date", "timestamp"}:
        written = tuple(name for name in style.formats if not moments.is_counted((name,)))
        style = Style(kind, written)
    present, values = _read(cells, style, "UTC")
    n_present = len(present) - present.null_count
    return (len(values) - values.null_count) / n_present if n_present else 0.0


def _distinct(column: Cells) -> tuple[pa.Array, pa.Array | None]:
    """Give the distinct values and where each row's is, or the column itself where most values occur once."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    whole = pc.cast(whole, pa.string())
    encoded = whole.dictionary_encode()
    if 2 * len(encoded.dictionary) > len(whole):
        return whole, None
    return encoded.dictionary, encoded.indices


def _style(cells: pa.Array, kind: Kind) -> Style:
    cells = cells.unique()
    if len(cells) > _ENOUGH:
        # Sorted first, so that the order of rows does not change what is looked at.
        cells = cells.sort().take(np.arange(0, len(cells), len(cells) // _ENOUGH + 1))
    if kind in {"int64", "float64", "money"}:
        name, is_ambiguous, currency = amounts.decimal_style(cells)
        return Style(kind, (name,), is_ambiguous, currency)
    if kind in {"date", "timestamp"}:
        return Style(kind, *moments.date_formats(cells))
    return Style(kind, ())


def _read(cells: pa.Array, style: Style, time_zone: str) -> tuple[pa.Array, pa.Array]:
    """Read clean cells; gives them back too, because some words for nothing are known only here."""
    if style.kind == "string":
        return cells, cells
    if style.kind == "boolean":
        lower = pc.utf8_lower(cells)
        is_true, is_false = pc.is_in(lower, _TRUE), pc.is_in(lower, _FALSE)
        return cells, pc.if_else(is_true, True, pc.if_else(is_false, False, pa.scalar(None, pa.bool_())))
    if style.kind in {"date", "timestamp"}:
        cells = moments.prepared(cells)
        return cells, _moments(cells, style, _zone(time_zone))
    return cells, _AMOUNTS[style.kind](cells, style.formats[0])


_AMOUNTS: Final[dict[str, Callable[[pa.Array, str], pa.Array]]] = {
    "int64": amounts.whole,
    "float64": amounts.floats,
    "money": amounts.exact,
}


def _moments(cells: pa.Array, style: Style, zone: ZoneInfo) -> pa.Array:
    read = moments.as_written(cells, style.formats)
    micros = read.micros.copy()
    if style.kind == "date":
        micros[read.is_utc] = moments.to_local(micros[read.is_utc], zone)
        local = (micros // moments.DAY).astype(np.int32)
        return pa.array(local, pa.int32(), mask=~read.is_read).cast(pa.date32())
    naive = read.is_read & ~read.is_utc
    micros[naive] = moments.to_utc(micros[naive], zone)
    return pa.array(micros, pa.int64(), mask=~read.is_read).cast(pa.timestamp("us", "UTC"))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError("values.time_zone", got=name) from error
