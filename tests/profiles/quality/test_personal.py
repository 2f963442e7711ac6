"""What the quality report must not tell."""

from datetime import date

from nextbest.base.capability import Moment
from nextbest.profiles.quality import QualitySettings
from nextbest.profiles.quality.run import run


def test_birthdays_and_phones_are_counted_but_never_shown(make_store):
    store = make_store(
        customers=[
            {"customer_id": "ann", "birth_on": date(1980, 5, 17), "joined_on": date(2020, 1, 1)},
            {"customer_id": "bob", "birth_on": date(1991, 2, 3), "joined_on": date(2021, 1, 1)},
        ]
    )
    run(store, QualitySettings(), Moment(date(2024, 2, 1)))
    rows = {row["column"]: row for row in store.written["data_quality"].to_pylist()}
    assert rows["birth_on"]["n_distinct"] == 2
    assert rows["birth_on"]["low"] is None
    assert rows["birth_on"]["high"] is None
    assert rows["joined_on"]["low"] == "2020-01-01"
