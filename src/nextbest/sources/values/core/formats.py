"""The formats in which people and machines write days and instants, and reading cells in one of them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_TIME: Final = (
    r"(?:(?:[T ]|, )\s*(?P<before>[AP]M|上午|下午)?\s*(?P<hour>\d{1,2})[:时點点](?P<minute>\d{1,2})"
    r"(?:[:分](?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,9}))?秒?|分)?"
    r"\s*(?P<after>[AP]\.?M\.?)?\s*(?P<zone>Z|(?:UTC|GMT)?[+-]\d{2}:?\d{2}|[+-]\d{2}|UTC|GMT)?(?:\s*\([^)]*\))?)?"
)
_SHORT_TIME: Final = (
    r"(?:[T ]?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_YEAR: Final = r"(?P<year>\d{4}|\d{2})"
_NAME: Final = (
    r"(?P<name>JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEPT?|OCT|NOV|DEC|JANUARY|FEBRUARY|MARCH|APRIL|JUNE|JULY|AUGUST"
    r"|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER)\.?"
)
_ORDINAL: Final = r"(?:ST|[NR]D|TH)?"
_WEEKDAY: Final = r"(?:(?:MON|TUE|WED|THU|FRI|SAT|SUN)[A-Z]*,?\s+)?"
_MONTHS: Final = pa.array(
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
)

WRITTEN: Final = {
    "ymd": r"(?P<year>\d{4})[-/.年 ]\s*(?P<month>\d{1,2})[-/.月 ]\s*(?P<day>\d{1,2})日?\s*" + _TIME,
    "ymd_compact": r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})" + _SHORT_TIME,
    "dmy": r"(?P<day>\d{1,2})[-/. ](?P<month>\d{1,2})[-/. ]" + _YEAR + _TIME,
    "mdy": r"(?P<month>\d{1,2})[-/. ](?P<day>\d{1,2})[-/. ]" + _YEAR + _TIME,
    "yymd": r"(?P<year>\d{2})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + _TIME,
    "dmy_name": _WEEKDAY
    + r"(?P<day>\d{1,2})"
    + _ORDINAL
    + r"[-/. ]\s*"
    + _NAME
    + r"[-/., ]\s*"
    + _YEAR
    + _TIME,
    "mdy_name": _WEEKDAY + _NAME + r"[- ]\s*(?P<day>\d{1,2})" + _ORDINAL + r",?[- ]\s*" + _YEAR + _TIME,
    "ym": r"(?P<year>\d{4})(?:[-/.年]\s*(?P<month>\d{1,2})月?|(?P<short>\d{2}))",
}
"""Regular expressions (RE2) over upper-case cells of half width."""

_SECOND: Final = 1_000_000
COUNTED: Final = {
    "epoch_s": (r"\d{9,10}(?:\.\d+)?", _SECOND, 0),
    "epoch_ms": (r"\d{12,13}(?:\.\d+)?", 1_000, 0),
    "epoch_us": (r"\d{15,16}", 1, 0),
    "excel": (r"\d{5}(?:\.\d+)?", 86_400 * _SECOND, -25_569 * 86_400 * _SECOND),
}
"""Expression, microseconds per unit, microseconds from 1970 to the start. Excel counts days from 30 December 1899."""
FORMATS: Final = (*WRITTEN, *COUNTED)

_FIRST, _LAST = (np.datetime64(day, "us").astype(np.int64) for day in ("1800-01-01", "2200-01-01"))
_FIRST_COUNTED, _LAST_COUNTED = (
    np.datetime64(d, "us").astype(np.int64) for d in ("1954-01-01", "2120-01-01")
)
_PIVOT: Final = 69
"""Two-digit years from here on are of the last century (POSIX)."""


class Instants(NamedTuple):
    """Cells read in one format."""

    micros: np.ndarray
    """Microseconds since 1970, local or UTC; 0 where not read."""
    is_utc: np.ndarray
    """The cell told its offset, or counts from 1970."""
    is_read: np.ndarray


def in_format(cells: pa.Array, name: str) -> Instants:
    """Read upper-case cells of half width in one format.

    Examples
    --------
    >>> read = in_format(pa.array(["31/01/2024 1:05 PM", "30/02/2024"]), "dmy")
    >>> read.micros.astype("datetime64[us]")[0], read.is_read.tolist()
    (np.datetime64('2024-01-31T13:05:00.000000'), [True, False])
    """
    return _counted(cells, name) if name in COUNTED else _written(cells, name)


def _counted(cells: pa.Array, name: str) -> Instants:
    pattern, unit, start = COUNTED[name]
    found = pc.match_substring_regex(cells, f"^(?:{pattern})$")
    numbers = _filled(pc.cast(pc.if_else(found, cells, "0"), pa.float64()), 0.0)
    micros = np.rint(numbers * unit).astype(np.int64) + start
    if name == "excel":
        micros = np.rint(micros / _SECOND).astype(np.int64) * _SECOND
    is_read = _filled(found, fill=False) & (micros >= _FIRST_COUNTED) & (micros < _LAST_COUNTED)
    return Instants(np.where(is_read, micros, 0), is_read & (name != "excel"), is_read)


def _written(cells: pa.Array, name: str) -> Instants:
    if name == "ymd" and (clean := _clean_iso(cells)) is not None:
        return clean
    found = pc.extract_regex(cells, f"^(?:{WRITTEN[name]})$")
    part = {field.name: pc.struct_field(found, field.name) for field in found.type}
    is_read = found.is_valid().to_numpy(zero_copy_only=False)
    days, is_day = _days(part)
    micros, is_time = _time_of_day(part) if "hour" in part else (np.int64(0), np.bool_(True))
    offset = _offsets(part["zone"]) if "zone" in part else np.full(len(cells), np.nan)
    is_utc = ~np.isnan(offset)
    micros = days * 86_400 * _SECOND + micros - (np.where(is_utc, offset, 0) * 60 * _SECOND).astype(np.int64)
    is_read = is_read & is_day & is_time & (micros >= _FIRST) & (micros < _LAST)
    return Instants(np.where(is_read, micros, 0), is_utc & is_read, is_read)


def _clean_iso(cells: pa.Array) -> Instants | None:
    """Let Arrow read a column in which every cell is ISO 8601; it is ten times as fast."""
    for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC")):
        try:
            read = pc.cast(cells, kind)
        except pa.ArrowInvalid:
            continue
        micros = _filled(pc.cast(read, pa.int64()), 0)
        sound = read.is_valid().to_numpy(zero_copy_only=False) & (micros >= _FIRST) & (micros < _LAST)
        return Instants(np.where(sound, micros, 0), sound & (kind.tz is not None), sound)
    return None


def _days(part: dict[str, pa.Array]) -> tuple[np.ndarray, np.ndarray]:
    year = _integers(part["year"])
    year = np.where(year >= 100, year, np.where(year >= _PIVOT, 1900 + year, 2000 + year))  # noqa: PLR2004
    if "name" in part:
        month = (
            _filled(pc.index_in(pc.utf8_slice_codeunits(part["name"], 0, 3), _MONTHS), -1).astype(np.int64)
            + 1
        )
    elif "short" in part:
        month = np.maximum(_integers(part["month"]), _integers(part["short"]))
    else:
        month = _integers(part["month"])
    day = _integers(part["day"]) if "day" in part else np.ones(len(year), np.int64)
    is_month = (month >= 1) & (month <= 12)  # noqa: PLR2004
    start = ((year - 1970) * 12 + np.where(is_month, month, 1) - 1).astype("datetime64[M]")
    length = ((start + 1).astype("datetime64[D]") - start.astype("datetime64[D]")).astype(np.int64)
    return start.astype("datetime64[D]").astype(np.int64) + day - 1, is_month & (day >= 1) & (day <= length)


def _time_of_day(part: dict[str, pa.Array]) -> tuple[np.ndarray, np.ndarray]:
    hour, minute, second = (_integers(part[name]) for name in ("hour", "minute", "second"))
    half = pc.replace_substring(part["after"], ".", "") if "after" in part else None
    sound = (hour <= 23) & (minute <= 59) & (second <= 59)  # noqa: PLR2004
    if half is not None:
        half = pc.if_else(pc.equal(half, ""), part["before"], half)
        is_morning = _filled(pc.is_in(half, pa.array(["AM", "上午"])), fill=False)
        is_afternoon = _filled(pc.is_in(half, pa.array(["PM", "下午"])), fill=False)
        hour = np.where(is_afternoon & (hour < 12), hour + 12, np.where(is_morning & (hour == 12), 0, hour))  # noqa: PLR2004
    digits = pc.utf8_slice_codeunits(pc.utf8_rpad(pc.fill_null(part["fraction"], ""), 6, "0"), 0, 6)
    micros = _filled(pc.cast(digits, pa.int64()), 0)
    return ((hour * 60 + minute) * 60 + second) * _SECOND + micros, sound


def _offsets(zone: pa.Array) -> np.ndarray:
    """Minutes east of UTC; not a number where the cell does not say."""
    bare = pc.replace_substring_regex(pc.fill_null(zone, ""), "UTC|GMT|Z|:", "")
    sign = np.where(_filled(pc.starts_with(bare, "-"), fill=False), -1, 1)
    hours = _integers(pc.utf8_slice_codeunits(bare, 1, 3))
    minutes = _integers(pc.utf8_slice_codeunits(bare, 3, 5))
    is_told = _filled(pc.not_equal(pc.fill_null(zone, ""), ""), fill=False)
    return np.where(is_told, sign * (hours * 60 + minutes), np.nan)


def _integers(digits: pa.Array) -> np.ndarray:
    filled = pc.if_else(pc.equal(pc.fill_null(digits, ""), ""), "0", digits)
    return _filled(pc.cast(filled, pa.int64()), 0)


def _filled(values: pa.Array, fill: float) -> np.ndarray:
    array: np.ndarray = pc.fill_null(values, fill).to_numpy(zero_copy_only=False)
    return array
