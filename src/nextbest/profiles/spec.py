"""What all profiles share: the days they are drawn up."""

from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator

from nextbest.base.capability import Moment
from nextbest.base.contract import Column
from nextbest.base.errors import SettingsError
from nextbest.base.settings import Settings

AS_OF = Column("as_of", "date", "day the profile is drawn up; nothing on or after it is seen", required=True)


def _several(value: Any) -> Any:
    """Let ``2017-04-01,2017-07-01`` stand for a list of days, and a day for itself."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [value] if isinstance(value, date) else value


class AsOfSettings(Settings):
    """Days at which a profile is drawn up."""

    as_of: Annotated[tuple[date, ...], BeforeValidator(_several)] = ()
    """Days at which the profile is drawn up; empty: the run's own day."""

    def days(self, moment: Moment) -> tuple[date, ...]:
        """List the days at which the profile is drawn up, earliest first.

        Examples
        --------
        >>> AsOfSettings().days(Moment(as_of=date(2017, 7, 1)))
        (datetime.date(2017, 7, 1),)
        """
        if self.as_of:
            return tuple(sorted(set(self.as_of)))
        if moment.as_of is None:
            raise SettingsError("profiles.no_day")
        return (moment.as_of,)
