"""Which formats a column of days or instants has, and reading it in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.sources.values.core.cells import half_width
from nextbest.sources.values.core.formats import COUNTED, FORMATS, Instants, in_format

DAY: Final = 86_400_000_000
_QUARTER: Final = 900_000_000
_MAX_FORMATS: Final = 4
_WORTH: Final = 0.01
"""A further format must read at least this share of the cells that the others leave."""
_WORTH_SWAPPED: Final = 0.05
"""Day and month the other way round needs more proof: a few such cells are mistakes."""
_NO_DAY: Final = r"^(?:0000|9999)\D?\d\d\D?\d\d(?:[T ].*)?$"
"""Databases write these for "no date" and "no end"."""
_SWAPPED: Final = {"dmy": "mdy", "mdy": "dmy"}


def prepared(cells: pa.Array) -> pa.Array:
    """Bring cells into the form the formats expect; "no date" and "no end" become null.

    Examples
    --------
    >>> prepared(pa.array(["２０２４年1月2日", "0000-00-00", "2 Jan 2024"])).to_pylist()
    ['2024年1月2日', None, '2 JAN 2024']
    """
    upper = pc.utf8_upper(half_width(cells))
    none = pc.match_substring_regex(upper, _NO_DAY)
    return pc.if_else(none, pa.scalar(None, pa.string()), upper) if pc.any(none).as_py() else upper


def date_formats(cells: pa.Array) -> tuple[tuple[str, ...], bool]:
    """Find the formats of a column, the commonest first, and whether day and month could be the other way round.

    Examples
    --------
    >>> date_formats(pa.array(["13/01/2024", "02/01/2024"])), date_formats(pa.array(["1/2/2024"]))
    ((('dmy',), False), (('mdy',), True))
    """
    cells = prepared(cells).drop_null()
    reads = {name: in_format(cells, name).is_read for name in FORMATS}
    first, is_ambiguous = _day_first(cells, reads["dmy"], reads["mdy"])
    other = _SWAPPED[first]
    left, chosen = np.ones(len(cells), bool), list[str]()
    for _ in range(_MAX_FORMATS):
        gains = {name: int((read & left).sum()) for name, read in reads.items() if name not in chosen}
        if first not in chosen:
            gains[other] = 0
        best = max(gains, key=lambda name: gains[name])
        worth = _WORTH_SWAPPED if best == other else _WORTH
        if not gains[best] or gains[best] < worth * len(cells):
            break
        chosen.append(best)
        left &= ~reads[best]
    return tuple(chosen), first in chosen and (is_ambiguous or other in chosen)


def _day_first(cells: pa.Array, is_dmy: np.ndarray, is_mdy: np.ndarray) -> tuple[str, bool]:
    """Choose between day/month and month/day.

    Cells that fit only one of them decide. Without any, a first number that never leaves 1 while the second does is the day
    (reports of months); figures without leading zeros between slashes, or AM and PM, are American; all else is day first.
    """
    n_dmy, n_mdy = int((is_dmy & ~is_mdy).sum()), int((is_mdy & ~is_dmy).sum())
    if n_dmy != n_mdy:
        return ("dmy" if n_dmy > n_mdy else "mdy"), False
    both = cells.filter(pa.array(is_dmy & is_mdy))
    found = pc.extract_regex(both, r"^(?P<one>\d{1,2})[-/. ](?P<two>\d{1,2})")
    one, two = (set(pc.struct_field(found, name).to_pylist()) for name in ("one", "two"))
    if len(both) and one <= {"1", "01"} and len(two) > 1:
        return "dmy", True
    if len(both) and two <= {"1", "01"} and len(one) > 1:
        return "mdy", True
    american = pc.match_substring_regex(both, r"^\d/|^\d{1,2}/\d/|[AP]\.?M")
    return ("mdy" if pc.any(american).as_py() else "dmy"), len(both) > 0


def as_written(cells: pa.Array, formats: tuple[str, ...]) -> Instants:
    """Read each cell in the first of the formats that fits it.

    Examples
    --------
    >>> read = as_written(pa.array(["2024-01-31", "31.01.2024", "2024-02-30"]), ("ymd", "dmy"))
    >>> read.is_read.tolist()
    [True, True, False]
    """
    n = len(cells)
    micros, is_utc, is_read = np.zeros(n, np.int64), np.zeros(n, bool), np.zeros(n, bool)
    for name in formats:
        if is_read.all():
            break
        read = in_format(cells, name)
        new = read.is_read & ~is_read
        micros[new], is_utc[new] = read.micros[new], read.is_utc[new]
        is_read |= new
    return Instants(micros, is_utc, is_read)


def to_utc(micros: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """Turn local times into UTC.

    A local time in a gap of the clock is moved forward by the gap; one that occurs twice is the earlier instant.

    Parameters
    ----------
    micros
        Local microseconds since 1970.
    zone
        Where they are local.

    Examples
    --------
    >>> gap = np.array(["2024-03-31T02:30"], "datetime64[us]").astype(np.int64)
    >>> to_utc(gap, ZoneInfo("Europe/Paris")).view("datetime64[us]").tolist()
    [datetime.datetime(2024, 3, 31, 1, 30)]
    """
    utc: np.ndarray = micros - _shifts(micros, zone, is_local=True)
    return utc


def to_local(micros: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """Turn UTC into local times, both in microseconds since 1970."""
    local: np.ndarray = micros + _shifts(micros, zone, is_local=False)
    return local


def _shifts(micros: np.ndarray, zone: ZoneInfo, *, is_local: bool) -> np.ndarray:
    """Offsets from UTC: looked up by day where the day has one offset, else by quarter of an hour."""
    days, places = np.unique(micros // DAY, return_inverse=True)
    starts = np.array([_offset(day * DAY, zone, is_local=is_local) for day in days], np.int64)
    ends = np.array([_offset((day + 1) * DAY, zone, is_local=is_local) for day in days], np.int64)
    shifts: np.ndarray = starts[places]
    turning = (starts != ends)[places]
    if turning.any():
        quarters, at = np.unique(micros[turning] // _QUARTER, return_inverse=True)
        exact = np.array(
            [_offset(quarter * _QUARTER, zone, is_local=is_local) for quarter in quarters], np.int64
        )
        shifts[turning] = exact[at]
    return shifts


def _offset(micros: int, zone: ZoneInfo, *, is_local: bool) -> int:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(micros))
    local = moment.replace(tzinfo=zone) if is_local else moment.astimezone(zone)
    offset = local.utcoffset() or timedelta()
    return round(offset.total_seconds()) * 1_000_000


def is_counted(style: tuple[str, ...]) -> bool:
    """Tell whether a column would be read by counting: any number of five digits is a day in Excel."""
    return any(name in COUNTED for name in style)
