"""What all profiles share: the days they are drawn up."""

from datetime import date

from nextbest.base.contract import Column
from nextbest.base.settings import Settings

AS_OF = Column("as_of", "date", "day the profile is drawn up; nothing on or after it is seen", required=True)


class AsOfSettings(Settings):
    """Days at which a profile is drawn up."""

    as_of: tuple[date, ...] = ()
    """Days at which the profile is drawn up; empty: the run's own day."""
