from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.sources.values.core.formats import FORMATS, in_format
from nextbest.sources.values.core.moments import prepared

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def one(cell, name):
    read = in_format(prepared(pa.array([cell])), name)
    if not read.is_read[0]:
        return None
    moment = (EPOCH + timedelta(microseconds=int(read.micros[0]))).isoformat(" ").removesuffix("+00:00")
    return moment + "Z" * int(read.is_utc[0])


@pytest.mark.parametrize(
    ("name", "cell", "moment"),
    [
        ("ymd", "2024-01-31", "2024-01-31 00:00:00"),
        ("ymd", "2024/1/31 8:26", "2024-01-31 08:26:00"),
        ("ymd", "2024-01-31T10:00:00Z", "2024-01-31 10:00:00Z"),
        ("ymd", "2024-01-31T10:00:00.25+08:00", "2024-01-31 02:00:00.250000Z"),
        ("ymd", "2024-01-31 10:00:00 -0500", "2024-01-31 15:00:00Z"),
        ("ymd", "2024-01-31 10:00:00 UTC", "2024-01-31 10:00:00Z"),
        ("ymd", "2024年1月31日 下午3:04", "2024-01-31 15:04:00"),
        ("ymd", "2024年1月31日 15时04分05秒", "2024-01-31 15:04:05"),
        ("ymd_compact", "20240131", "2024-01-31 00:00:00"),
        ("ymd_compact", "20240131T101112Z", "2024-01-31 10:11:12Z"),
        ("ymd_compact", "20240131101112", "2024-01-31 10:11:12"),
        ("dmy", "31.12.2023", "2023-12-31 00:00:00"),
        ("dmy", "31/12/69 1:05 pm", "1969-12-31 13:05:00"),
        ("dmy", "31/12/68", "2068-12-31 00:00:00"),
        ("mdy", "12/31/2023 12:00 AM", "2023-12-31 00:00:00"),
        ("mdy", "12/31/2023 12:00 p.m.", "2023-12-31 12:00:00"),
        ("mdy", "1/2/2024, 3:04:05 PM", "2024-01-02 15:04:05"),
        ("yymd", "97-01-15", "1997-01-15 00:00:00"),
        ("dmy_name", "12-Jan-24", "2024-01-12 00:00:00"),
        ("dmy_name", "Tue, 02 Jan 2024 10:00:00 GMT", "2024-01-02 10:00:00Z"),
        ("dmy_name", "2nd September 2024", "2024-09-02 00:00:00"),
        ("mdy_name", "Jan 2, 2024 3:04 PM", "2024-01-02 15:04:00"),
        ("mdy_name", "Mon Jan 01 2024 10:00:00 GMT+0100 (CET)", "2024-01-01 09:00:00Z"),
        ("ym", "2024-02", "2024-02-01 00:00:00"),
        ("ym", "202402", "2024-02-01 00:00:00"),
        ("ym", "2024年2月", "2024-02-01 00:00:00"),
        ("epoch_s", "1706695200", "2024-01-31 10:00:00Z"),
        ("epoch_ms", "1706695200123", "2024-01-31 10:00:00.123000Z"),
        ("epoch_us", "1706695200123456", "2024-01-31 10:00:00.123456Z"),
        ("excel", "45322", "2024-01-31 00:00:00"),
        ("excel", "45322.5", "2024-01-31 12:00:00"),
        ("ymd", "2024-02-30", None),
        ("ymd", "2024-13-01", None),
        ("ymd", "2023-02-29", None),
        ("ymd", "1066-10-14", None),
        ("ymd", "2024-01-31 25:00", None),
        ("ymd_compact", "20240230", None),
        ("dmy", "00/01/2024", None),
        ("dmy_name", "12-Foo-24", None),
        ("excel", "12345", None),
        ("epoch_s", "9999999999", None),
    ],
)
def test_each_format_reads_its_own(name, cell, moment):
    assert one(cell, name) == moment


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_what_python_writes_is_read(moment):
    whole = moment.replace(microsecond=0)

    assert one(moment.isoformat(), "ymd") == moment.isoformat(" ")
    assert one(f"{whole:%Y%m%d%H%M%S}", "ymd_compact") == str(whole)
    assert one(f"{whole:%d.%m.%Y %H:%M:%S}", "dmy") == str(whole)
    assert one(f"{whole:%m/%d/%Y %I:%M:%S %p}", "mdy") == str(whole)
    assert one(f"{whole:%d %B %Y %H:%M:%S}", "dmy_name") == str(whole)


@given(st.lists(st.text("0123456789-/:. TZ年月日ap", max_size=20) | st.none()))
def test_no_text_breaks_a_format(cells):
    for name in FORMATS:
        read = in_format(pa.array(cells, pa.string()), name)
        assert len(read.micros) == len(cells)
        assert not read.is_utc[~read.is_read].any()
        assert not read.micros[~read.is_read].any()
