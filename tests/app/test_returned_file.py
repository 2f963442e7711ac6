from datetime import datetime

import pytest

from nextbest.app.returned_file import reports_of, rows_of
from nextbest.sources.files import open_source

NOW = datetime.fromisoformat("2026-07-09")


@pytest.fixture
def read(tmp_path):
    def write_and_read(text):
        file = tmp_path / "back.csv"
        file.write_text(text, encoding="utf-8")
        raw = open_source(str(file))
        return list(reports_of(raw, rows_of(raw), "UTC", NOW))

    return write_and_read


def test_a_time_that_cannot_be_read_is_not_taken_for_now(read):
    good, bad, none = read(
        "decision_id,status,occurred_at\nd1,sent,2026-07-01 10:00\nd2,sent,some day\nd3,sent,\n"
    )
    assert (good.fault, good.said) == (None, (("sent", datetime.fromisoformat("2026-07-01T10:00")),))
    assert bad.fault == "campaign.unreadable_time"
    assert (none.fault, none.said) == (None, (("sent", NOW),))


def test_a_column_of_one_thing_holds_yes_no_a_time_or_how_often(read):
    cells = ("yes", "no", "2026-07-02 08:00", "3", "0", "")
    rows = read("decision_id,sent,clicked\n" + "".join(f"d{n},yes,{cell}\n" for n, cell in enumerate(cells)))
    assert [dict(row.said).get("clicked") for row in rows] == [
        NOW,
        None,
        datetime.fromisoformat("2026-07-02T08:00"),
        NOW,
        None,
        None,
    ]
    assert all(row.fault is None and "sent" in dict(row.said) for row in rows)


def test_what_is_neither_yes_nor_a_time_is_refused(read):
    (row,) = read("decision_id,sent,clicked\nd1,yes,perhaps\n")
    assert row.fault == "campaign.unreadable_time"
