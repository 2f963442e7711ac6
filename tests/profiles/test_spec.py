from datetime import date

import pytest

from nextbest.base.capability import Moment
from nextbest.base.errors import SettingsError
from nextbest.profiles.spec import AsOfSettings


def test_days_are_each_once_and_earliest_first():
    settings = AsOfSettings(as_of=(date(2017, 2, 1), date(2017, 1, 1), date(2017, 2, 1)))
    assert settings.days(Moment(as_of=None)) == (date(2017, 1, 1), date(2017, 2, 1))


def test_without_any_day_the_error_says_what_to_do():
    with pytest.raises(SettingsError, match="Set as_of to a day"):
        AsOfSettings().days(Moment(as_of=None))


@pytest.mark.parametrize("typed", ["2017-01-01, 2017-02-01", ["2017-01-01", "2017-02-01"]])
def test_days_may_be_typed_as_text(typed):
    settings = AsOfSettings.read({"as_of": typed}, "--set")
    assert settings.as_of == (date(2017, 1, 1), date(2017, 2, 1))


def test_one_day_stands_for_itself():
    assert AsOfSettings.read({"as_of": date(2017, 1, 1)}, "nextbest.toml").as_of == (date(2017, 1, 1),)


def test_what_is_no_day_is_refused():
    with pytest.raises(SettingsError, match="as_of"):
        AsOfSettings.read({"as_of": "yesterday"}, "--set")
