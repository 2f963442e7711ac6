from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.sources.values.core.moments import date_formats, to_local, to_utc

ZONES = st.sampled_from(
    ["UTC", "Europe/London", "America/New_York", "Asia/Shanghai", "Asia/Kolkata", "Australia/Lord_Howe"]
)
DAYS = st.dates(date(2000, 1, 1), date(2030, 12, 31))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(*moments):
    return np.array(moments, "datetime64[us]").astype(np.int64)


@pytest.mark.parametrize(
    ("cells", "formats", "is_ambiguous"),
    [
        (["13/01/2024", "02/03/2024"], ("dmy",), False),
        (["12/1/2010 8:26", "12/13/2010 9:00"], ("mdy",), False),
        (["12/1/2010 8:26"], ("mdy",), True),
        (["01.02.2024"], ("dmy",), True),
        (["01/01/2024", "01/02/2024", "01/03/2024"], ("dmy",), True),
        (["2024-01-31", "31.12.2023", "Jan 5, 2024"], ("ymd", "dmy", "mdy_name"), False),
        (["13/01/2024", "14/01/2024", "01/13/2024"], ("dmy", "mdy"), True),
        (["97-01-15", "98-02-16"], ("yymd",), False),
        (["19970101"], ("ymd_compact",), False),
        (["ann", "bob"], (), False),
        ([], (), False),
    ],
)
def test_formats_are_decided_on_the_column(cells, formats, is_ambiguous):
    assert date_formats(pa.array(cells, pa.string())) == (formats, is_ambiguous)


def test_one_cell_the_other_way_round_among_many_is_a_mistake():
    cells = pa.array([f"{day}/1/2024" for day in range(1, 32)] * 2 + ["1/13/2024"])

    assert date_formats(cells) == (("dmy",), False)


@given(
    st.lists(DAYS, min_size=40, unique=True),
    st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d %b %Y"]),
)
def test_forty_days_are_enough_to_tell_the_format(days, form):
    known = {"%d/%m/%Y": "dmy", "%m/%d/%Y": "mdy", "%Y-%m-%d": "ymd", "%d %b %Y": "dmy_name"}
    if any(day.day > 12 for day in days):
        assert date_formats(pa.array([day.strftime(form) for day in days])) == ((known[form],), False)


@given(st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)), min_size=1), ZONES)  # noqa: DTZ001
def test_utc_is_what_the_standard_library_says(moments, zone):
    expected = [
        round((moment.replace(tzinfo=ZoneInfo(zone)) - EPOCH) / timedelta(microseconds=1))
        for moment in moments
    ]

    assert to_utc(micros(*moments), ZoneInfo(zone)).tolist() == expected


@given(st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)), min_size=1), ZONES)  # noqa: DTZ001
def test_local_times_of_instants_are_what_the_standard_library_says(moments, zone):
    expected = [
        moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat()
        for moment in moments
    ]
    found = to_local(micros(*moments), ZoneInfo(zone)).view("datetime64[us]").tolist()

    assert [moment.isoformat() for moment in found] == expected


def test_gaps_move_forward_and_doubled_hours_are_the_earlier():
    gap, doubled = to_utc(micros("2024-03-31T01:30", "2024-10-27T01:30"), ZoneInfo("Europe/London")).tolist()

    assert EPOCH + timedelta(microseconds=gap) == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)
    assert EPOCH + timedelta(microseconds=doubled) == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
